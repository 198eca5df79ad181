#!/usr/bin/env python3
"""Servers by host name, on loopback: BIND answers for their names, BIRD is the router, nginx the servers."""

import json
import os
import signal
import socket
import types
import unittest

import loopback
import processes

VIPD = processes.BUILD / "vipd"
VIP = loopback.prefix(loopback.VIPS["ipv4"])


class NameServer:
    """BIND with the zone example.test, where every answer may be kept for a second."""

    def __init__(self, workshop):
        address = "127.0.0.1"  # the only one that it takes for an interface's
        self._workshop, self._process, self._serial = workshop, None, 0
        self._folder = workshop.folder / "named"
        self._folder.mkdir()
        self._address, self._port = address, processes.free_port(address)
        (self._folder / "named.conf").write_text(
            f"options {{ directory \"{self._folder}\"; listen-on port {self._port} {{ {address}; }}; recursion no;\n"
            "    listen-on-v6 { none; }; pid-file none; session-keyfile none; };\n"
            "controls {};\nzone \"example.test\" { type primary; file \"zone\"; };\n", encoding="ascii")

    @property
    def endpoint(self):
        return f"{self._address}:{self._port}"

    def start(self):
        self._process = self._workshop.start(
            "named", [processes.find("named"), "-f", "-n", "1", "-c", self._folder / "named.conf"])
        processes.until(10, "BIND answers", self._listens)

    def stop(self):
        processes.end(self._process)

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)
        # Sent is not stopped: until then a thread of it still answers.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def say(self, **addresses):
        """What each name stands for from now on; a name that is not told does not exist."""
        self._serial += 1
        lines = [f"$TTL 1\n@ SOA ns hostmaster {self._serial} 60 60 60 1\n@ NS ns\nns A {self._address}"]
        lines += [f"{name} A {address}" for name, found in addresses.items() for address in found]
        (self._folder / "zone").write_text("\n".join(lines) + "\n", encoding="ascii")
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    def _listens(self):
        with socket.socket() as trial:
            return trial.connect_ex((self._address, self._port)) == 0


class Names(unittest.TestCase):
    def setUp(self):
        workshop = self.enterContext(processes.Workshop("names"))
        # One nginx with three addresses: what a name stands for can change, the server's port does not.
        self.web = loopback.WebServer(workshop, "web", ["127.0.2.1", "127.0.2.2", "127.0.2.3"])
        self.web.start()
        self.router = loopback.Router(workshop, "127.0.2.11", "127.0.2.10")
        self.router.start()
        self.dns = NameServer(workshop)
        servers = [types.SimpleNamespace(name=name, addresses=f"{name}.example.test", port=self.web.port)
                   for name in ("rs1", "rs2")]
        self.vipd = loopback.Vipd(workshop, VIPD, servers, self.router, ["ipv4"])
        config = json.loads(self.vipd.config.read_text(encoding="ascii"))
        config["names"] = {"servers": [self.dns.endpoint]}
        self.vipd.config.write_text(json.dumps(config), encoding="ascii")

    def within(self, seconds, what, condition):
        try:
            processes.until(seconds, what, condition)
        except processes.Failure as failure:
            self.fail(f"{failure}\n{json.dumps(self.vipd.get(loopback.SERVICE_PAGE), indent=1)}")

    def pooled(self):
        """The addresses that the table has."""
        pools = self.vipd.get(loopback.SERVICE_PAGE)["service"]["pools"]
        return {server["address"] for pool in pools for server in pool["servers"] if server["pooled"]}

    def alerts(self, code):
        return {alert["subject"] for alert in self.vipd.get("v1/alerts")["alerts"] if alert["code"] == code}

    def announced(self):
        return VIP in self.router.routes()

    def serve(self):
        self.dns.say(rs1=["127.0.2.1"], rs2=["127.0.2.2"])
        self.dns.start()
        self.vipd.start()
        self.within(15, "both servers are pooled", lambda: self.pooled() == {"127.0.2.1", "127.0.2.2"})
        self.within(5, "the VIP is announced", self.announced)

    def test_a_server_follows_its_name(self):
        self.serve()
        self.dns.say(rs1=["127.0.2.3"], rs2=["127.0.2.2"])
        self.within(15, "rs1 has its new address", lambda: self.pooled() == {"127.0.2.2", "127.0.2.3"})
        self.assertTrue(self.announced())
        self.assertEqual(self.alerts("name-stale"), set())

    def test_the_last_good_answer_stays_in_use(self):
        self.serve()
        self.dns.say(rs2=["127.0.2.2"])
        self.within(15, "rs1 is said not to exist", lambda: self.alerts("name-stale") == {"rs1.example.test"})
        self.dns.freeze()
        self.within(30, "nobody answers for rs2 either", lambda: len(self.alerts("name-stale")) == 2)
        self.assertEqual(self.pooled(), {"127.0.2.1", "127.0.2.2"})
        self.assertTrue(self.announced())
        self.dns.say(rs1=["127.0.2.1"], rs2=["127.0.2.2"])
        self.dns.thaw()
        self.within(40, "all is well again", lambda: self.alerts("name-stale") == set())

    def test_it_stays_in_use_over_a_restart(self):
        self.serve()
        self.vipd.stop()
        self.dns.stop()
        self.vipd.start()
        self.within(15, "both servers are pooled", lambda: self.pooled() == {"127.0.2.1", "127.0.2.2"})
        self.within(5, "the VIP is announced", self.announced)

    def test_a_name_that_nobody_has_answered_for_is_in_no_pool(self):
        self.vipd.start()
        self.within(10, "both are unresolved",
                    lambda: self.alerts("name-unresolved") == {"web-http/rs1", "web-http/rs2"})
        self.within(10, "vipd goes on without them",
                    lambda: self.vipd.get("v1/status")["totals"]["peers_established"] == 1)
        self.assertFalse(self.announced())
        self.dns.say(rs1=["127.0.2.1"], rs2=["127.0.2.2"])
        self.dns.start()
        self.within(40, "both servers are pooled", lambda: self.pooled() == {"127.0.2.1", "127.0.2.2"})
        self.within(5, "the VIP is announced", self.announced)
        self.assertEqual(self.alerts("name-unresolved"), set())


if __name__ == "__main__":
    unittest.main()
