#!/usr/bin/env python3
"""Feature x router: vipd beside each router in network namespaces of their own, judged by what the router says.

  matrix_test.py [-v] [Bird|Frr|GoBgp|OpenBgpd|ExaBgp ...]

A router that lacks a feature is skipped there by name ("N/A"). Graceful restart needs a kernel table to keep: test/lab.
"""

import dataclasses
import itertools
import json
import os
import subprocess
import unittest

import processes
import speakers
from speakers import OURS, THEIRS, Peering

VIP4, VIP6 = "203.0.113.10/32", "2001:db8:f::10/128"
GSHUT = "65535:0"
numbers = itertools.count()


class Site:
    """Two namespaces joined by a link: vipd in one, the router in the other. Both go when the test is over."""

    def __init__(self, speaker, peering):
        self.workshop = processes.Workshop("interop")
        tag = f"v{os.getpid()}n{next(numbers)}"
        self.ours, self.theirs = tag + "a", tag + "b"
        self._made = []
        try:
            self._link()
            self.peering = peering
            self.router = speaker(self.workshop, self.theirs, peering)
        except BaseException:
            self.close()
            raise

    def _link(self):
        for namespace in (self.ours, self.theirs):
            ip("netns", "add", namespace)
            self._made.append(namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", self.ours, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.theirs)
        for namespace, host in ((self.ours, OURS), (self.theirs, THEIRS)):
            ip("-n", namespace, "addr", "add", f"{host}/24", "dev", "eth0")
            ip("-n", namespace, "addr", "add", f"2001:db8::{host.rsplit('.', 1)[1]}/64", "dev", "eth0", "nodad")
            ip("-n", namespace, "link", "set", "eth0", "up")

    def close(self):
        self.workshop.__exit__()
        for namespace in self._made:
            ip("netns", "delete", namespace)

    def start_backend(self):
        """The real server: something that accepts on port 8080, v4 and v6."""
        self.backend = self.workshop.start(
            "backend", [processes.find("python3"), "-m", "http.server", "8080", "--bind", "::"], self.ours,
            cwd=self.workshop.folder)

    def start_vipd(self, peer=None, bgp=None):
        folder, peering = self.workshop.folder, self.peering
        peer = {"address": THEIRS, "remote_as": peering.router_as, "passive": peering.dials, **(peer or {})}
        if peering.password:
            (folder / "key").write_text(peering.password + "\n", encoding="ascii")
            (folder / "key").chmod(0o600)
            peer["password_file"] = str(folder / "key")
        if peering.ttl_security:
            peer["ttl_security_hops"] = 1
        (folder / "state").mkdir()
        config = {
            "version": 1, "node": "interop", "state_dir": str(folder / "state"),
            "bgp": {"local_as": peering.vipd_as, "router_id": OURS, "peers": {"router": peer},
                    "next_hop": {"ipv4": OURS, "ipv6": "2001:db8::10"},
                    **({"listen": ["[::]:179"]} if peering.dials else {}), **(bgp or {})},
            "vips": {"web": {
                "addresses": [VIP4.split("/")[0], VIP6.split("/")[0]],
                "announce": {"hold_down": "1s", "med": 10, "communities": ["64600:100", "64600:200"],
                             "large_communities": ["64600:1:2"],
                             **({"local_pref": 150} if peering.internal else {})}}},
            "services": {"web-http": {
                "vip": "web", "port": 8080, "scheduler": "wrr", "forwarding": "nat",
                "servers": {"rs1": {"address": ["127.0.0.1", "::1"]}},
                "monitors": [{"type": "tcp", "interval": "400ms", "timeout": "200ms", "rise": 1}]}},
            "stop": {"gshut_wait": "2s", "withdraw_wait": "2s"},
            "status": {"listen": [], "socket": str(folder / "vipd.sock")},
            "ipvs": {"backend": "memory", "allow_announce": True},
        }
        path = folder / "vipd.json"
        path.write_text(json.dumps(config, indent=2), encoding="ascii")
        self.vipd = self.workshop.start("vipd", [processes.BUILD / "vipd", "--config", path], self.ours)

    def peer(self):
        """vipd's own view of the session; empty while it cannot be asked."""
        done = subprocess.run([processes.BUILD / "vipctl", "--socket", self.workshop.folder / "vipd.sock", "--json", "peers"],
                              capture_output=True, text=True, timeout=10, check=False)
        try:
            return json.loads(done.stdout)["peers"][0]
        except (ValueError, KeyError, IndexError):
            return {}


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


class Feature:
    """The tests; a class of each router's name below runs them against that router."""

    speaker = None

    def site(self, peer=None, bgp=None, **peering):
        """A site with everything started."""
        site = self.prepare(**peering)
        if not site.peering.dials:
            site.router.start()
        site.start_vipd(peer, bgp)
        if site.peering.dials:  # not before vipd listens: OpenBGPD tries again only minutes later
            processes.until(10, "vipd answers", site.peer)
            site.router.start()
        return site

    def prepare(self, **peering):
        site = Site(self.speaker, Peering(**peering))
        self.addCleanup(site.close)
        self.addCleanup(self.tell, site)
        site.start_backend()
        return site

    def tell(self, site):
        """What the programs said, when a test failed."""
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            for name in ("vipd", site.router.name):
                for line in site.workshop.log(name, 15):
                    print(f"    {name} | {line}")

    def until_routes(self, site, wanted, seconds=25):
        processes.until(seconds, f"{site.router.name} has {' and '.join(sorted(wanted)) or 'no routes'}",
                        lambda: set(site.router.routes()) == set(wanted), pause=0.2)
        return site.router.routes()

    def both(self, site):
        return self.until_routes(site, {VIP4, VIP6})

    def test_announce_with_all_attributes(self):
        site = self.site()
        routes = self.both(site)
        for prefix, next_hop in ((VIP4, OURS), (VIP6, "2001:db8::10")):
            route = routes[prefix]
            self.assertEqual(route.next_hop, next_hop)
            self.assertEqual(route.as_path, (64601,))
            self.assertEqual(route.origin, "igp")
            self.assertEqual(route.med, 10)
            self.assertEqual(route.communities, {"64600:100", "64600:200"})
            self.assertEqual(route.large_communities, {"64600:1:2"})

    def test_withdraw_and_announce_again(self):
        site = self.site()
        self.both(site)
        processes.end(site.backend)
        self.until_routes(site, set())
        self.assertEqual(site.peer()["state"], "established")
        site.start_backend()
        self.both(site)

    def test_the_router_dials(self):
        site = self.site(dials=True)
        self.both(site)

    def test_md5(self):
        site = self.site(password="correct-horse", dials=self.speaker.md5_needs_dialling)
        self.both(site)

    def test_md5_wrong_key(self):
        site = self.prepare(password="correct-horse", dials=self.speaker.md5_needs_dialling)
        site.router.start()
        site.peering = dataclasses.replace(site.peering, password="battery-staple")
        site.start_vipd()
        processes.until(10, "vipd answers", site.peer)
        if site.peering.dials:  # what it sends is dropped before vipd could know of it
            with self.assertRaises(processes.Failure):
                processes.until(8, "a session", lambda: site.peer().get("state") == "established")
            self.assertEqual(site.peer()["reason"]["code"], "passive")
        else:
            hint = "a wrong or missing MD5 key on either side looks like this"
            processes.until(15, "vipd hints at the key", lambda: hint in site.peer()["reason"]["text"])
        self.assertEqual(site.peer()["established_count"], 0)
        self.assertEqual(site.router.routes(), {})

    def test_ttl_security(self):
        site = self.site(ttl_security=True)
        self.both(site)

    def test_four_octet_as(self):
        site = self.site(vipd_as=4200000001)
        self.assertEqual(self.both(site)[VIP4].as_path, (4200000001,))

    def test_internal_session(self):
        site = self.site(vipd_as=64600)
        route = self.both(site)[VIP4]
        self.assertEqual(route.as_path, ())
        self.assertEqual(route.local_pref, 150)

    def test_route_refresh(self):
        if not hasattr(self.speaker, "refresh"):
            self.skipTest(f"N/A: {self.speaker.name} has no command that asks for a refresh")
        site = self.site()
        self.both(site)
        before = site.peer()["messages_out"].get("update", 0)
        site.router.refresh()
        processes.until(10, "vipd sends its routes again",
                        lambda: site.peer()["messages_out"].get("update", 0) > before)
        self.assertEqual(set(self.both(site)), {VIP4, VIP6})
        self.assertEqual(site.peer()["established_count"], 1)

    def test_planned_leaving_in_order(self):
        site = self.site()
        self.both(site)
        site.vipd.terminate()
        seen = []

        def look():
            routes = site.router.routes()
            phase = "withdrawn" if VIP4 not in routes else (
                "gshut" if GSHUT in routes[VIP4].communities else "announced")
            if not seen or seen[-1] != phase:
                seen.append(phase)
            return site.vipd.poll() is not None

        processes.until(15, "vipd ends", look)
        self.assertEqual(site.vipd.returncode, 0)
        self.assertEqual(seen[-2:], ["gshut", "withdrawn"], seen)
        if not self.speaker.understands_farewell:
            return
        processes.until(5, f"{site.router.name} tells vipd's last words",
                        lambda: "vipd is stopping" in site.router.farewell())


def load(speaker):
    return type(speaker.__name__, (Feature, unittest.TestCase), {"speaker": speaker})


for _speaker in speakers.ALL:
    globals()[_speaker.__name__] = load(_speaker)

if __name__ == "__main__":
    unittest.main()
