#!/usr/bin/env python3
"""vipd at work on loopback, told in plain words. Started by test/demo.

  demo.py --build FOLDER [--once] [--kernel]

--once plays a fixed story and judges it by the router's own table. Without it, the visitor stops and starts servers.
"""

import argparse
import select
import signal
import sys
import time

import loopback
import processes

SERVERS = 3


class Narrator:
    """Says what changed since the last look, at vipd and at the router."""

    def __init__(self, vipd, router):
        self._vipd, self._router = vipd, router
        self._begun = time.monotonic()
        self._health, self._pools, self._routes, self._peer = {}, {}, set(), None

    def say(self, text):
        print(f"{time.monotonic() - self._begun:6.1f} s  {text}", flush=True)

    def look(self):
        status, service = self._vipd.get("v1/status"), self._vipd.get(loopback.SERVICE_PAGE)
        if isinstance(status, dict):
            self._tell_peer(status)
        if isinstance(service, dict):
            for pool in service["service"]["pools"]:
                self._tell_pool(pool)
        self._tell_routes(self._router.routes())

    def _tell_peer(self, status):
        established = status["totals"]["peers_established"] > 0
        if established != self._peer:
            self._peer = established
            self.say("the BGP session with the router is " + ("up" if established else "not up"))

    def _tell_pool(self, pool):
        family = pool["family"]
        for server in pool["servers"]:
            key = (family, server["name"])
            if self._health.get(key) != server["health"]:
                self._health[key] = server["health"]
                self.say(f"{family}: server {server['name']} is {server['health']}: {server['health_reason']['text']}")
        pooled = [name_with_note(server) for server in pool["servers"] if server["pooled"]]
        told = (pooled, pool["fit"])
        if self._pools.get(family) != told:
            self._pools[family] = told
            verdict = "the service can serve" if pool["fit"] else f"the service cannot serve: {pool['fit_reason']['text']}"
            self.say(f"{family}: pool now {', '.join(pooled) or 'empty'}; {verdict}")

    def _tell_routes(self, routes):
        for prefix in sorted(routes - self._routes):
            self.say(f"at the router: VIP {prefix} announced")
        for prefix in sorted(self._routes - routes):
            self.say(f"at the router: VIP {prefix} withdrawn")
        self._routes = routes


def name_with_note(server):
    return server["name"] + (" (held: down, kept by the threshold)" if server["placement"] == "held" else "")


class Demo:
    def __init__(self, workshop, options):
        families = ["ipv4"] + (["ipv6"] if processes.has_ipv6_loopback() else [])
        self._vips = {loopback.prefix(loopback.VIPS[family]) for family in families}
        self.servers = [
            loopback.WebServer(workshop, f"web{number}",
                               [f"127.0.0.{20 + number}"] + (["::1"] if "ipv6" in families else []))
            for number in range(1, SERVERS + 1)]
        self.router = loopback.Router(workshop)
        self.vipd = loopback.Vipd(workshop, options.build / "vipd", self.servers, self.router, families,
                                  "kernel" if options.kernel else "memory")
        self.narrator = Narrator(self.vipd, self.router)

    def begin(self):
        for server in self.servers:
            server.start()
        self.router.start()
        self.vipd.start()
        self.narrator.say(f"{SERVERS} web servers, a router and vipd are running. Status: {self.vipd.url}v1/status")

    def _expect(self, what, condition, seconds=15):
        def look():
            self.narrator.look()
            return condition()

        processes.until(seconds, what, look, pause=0.1)
        self.narrator.say(f"   as it should be: {what}")

    def _pooled(self, names):
        service = self.vipd.get(loopback.SERVICE_PAGE)
        return isinstance(service, dict) and all(
            {server["name"] for server in pool["servers"] if server["pooled"]} == names
            for pool in service["service"]["pools"])

    def _routes_stay(self, wanted, seconds):
        """The router's table is as wanted and stays so: what must not happen is given time to happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.narrator.look()
            if self.router.routes() != wanted:
                raise processes.Failure(f"the router has {sorted(self.router.routes())}, wanted {sorted(wanted)}")
            time.sleep(0.1)

    def story(self):
        names = {server.name for server in self.servers}
        first = self.servers[0]
        self._expect("all are up, and the router has every VIP", lambda: self.router.routes() == self._vips)
        self._expect("all servers are in the pool", lambda: self._pooled(names))

        self.narrator.say(f"-- {first.name} stops")
        first.stop()
        self._expect(f"{first.name} is out of the pool", lambda: self._pooled(names - {first.name}))
        self._routes_stay(self._vips, 2)

        self.narrator.say("-- all of them stop")
        for server in self.servers[1:]:
            server.stop()
        self._expect("the router has no VIP", lambda: not self.router.routes())
        self._routes_stay(set(), 2)

        self.narrator.say("-- all of them are back")
        for server in self.servers:
            server.start()
        self._expect("the router has every VIP again", lambda: self.router.routes() == self._vips)
        self._expect("all servers are in the pool", lambda: self._pooled(names))

    def visit(self):
        numbers = "/".join(str(number) for number in range(1, SERVERS + 1))
        print(f"\nType {numbers} and Enter to stop or start that web server, q and Enter (or Ctrl-C) to end.\n", flush=True)
        listening = True
        while True:
            self.narrator.look()
            if not (listening and select.select([sys.stdin], [], [], 0.2)[0]):
                time.sleep(0 if listening else 0.2)
                continue
            line = sys.stdin.readline()
            if line.strip() == "q":
                return
            listening = line != ""  # nobody types: keep telling
            self._toggle(line.strip())

    def _toggle(self, word):
        if not word.isdigit() or not 1 <= int(word) <= SERVERS:
            return
        server = self.servers[int(word) - 1]
        self.narrator.say(f"-- {server.name} {'stops' if server.running else 'starts'}")
        if server.running:
            server.stop()
        else:
            server.start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=processes.pathlib.Path, default=processes.BUILD)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--kernel", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with processes.Workshop("demo") as workshop:
        demo = Demo(workshop, options)
        try:
            demo.begin()
            if options.once:
                demo.story()
                demo.narrator.say("the router followed every step")
            else:
                demo.visit()
        except processes.Failure as failure:
            print(f"demo: {failure}", file=sys.stderr)
            for line in workshop.log("vipd"):
                print(f"  vipd | {line}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
