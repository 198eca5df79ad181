"""Real BGP routers as Debian packages them: each is started in a network namespace, waits for vipd or dials it, and is
asked what it learned in its own way. Routes come back in one form for all (class Route)."""

import dataclasses
import json
import os
import re
import shutil
import subprocess

import processes

OURS, THEIRS = "192.0.2.10", "192.0.2.1"  # vipd's address and the router's


@dataclasses.dataclass
class Peering:
    """What a test asks of the router's side of the session."""

    vipd_as: int = 64601
    router_as: int = 64600
    dials: bool = False  # the router dials and vipd waits
    password: str | None = None
    ttl_security: bool = False
    hold_time: int = 9

    @property
    def internal(self):
        return self.vipd_as == self.router_as


@dataclasses.dataclass
class Route:
    next_hop: str = ""
    as_path: tuple = ()
    origin: str = ""
    med: int | None = None
    local_pref: int | None = None
    communities: frozenset = frozenset()
    large_communities: frozenset = frozenset()


class Speaker:
    """One router, in a folder of its own in the workshop."""

    name = ""
    md5_needs_dialling = False
    understands_farewell = True

    def __init__(self, workshop, namespace, peering):
        self.workshop, self.namespace, self.peering = workshop, namespace, peering
        self.folder = workshop.folder / self.name
        self.folder.mkdir()
        self.process = None

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return path

    def run(self, command, **options):
        self.process = self.workshop.start(self.name, command, self.namespace, **options)

    def ask(self, *command):
        """What a command says in the router's namespace; an empty text while it cannot be asked."""
        done = subprocess.run(["ip", "netns", "exec", self.namespace, *map(str, command)], capture_output=True, text=True,
                              timeout=15, check=False)
        return done.stdout if done.returncode == 0 else ""

    def ask_json(self, *command):
        try:
            return json.loads(self.ask(*command))
        except ValueError:
            return {}

    def start(self):
        raise NotImplementedError

    def routes(self):
        """Prefix -> Route, both families."""
        raise NotImplementedError

    def farewell(self):
        """What it says of the session's end: a text with the words of the NOTIFICATION in it."""
        return "\n".join(self.workshop.log(self.name))


def community(number):
    return f"{number >> 16}:{number & 0xFFFF}"


def plain_communities(words):
    """Some routers show RFC 8326's community by name."""
    return frozenset("65535:0" if re.fullmatch("graceful.?shutdown", word, re.IGNORECASE) else word for word in words)


class Bird(Speaker):
    name = "bird"

    def start(self):
        peering = self.peering
        password = f'password "{peering.password}";' if peering.password else ""
        conf = self.write("bird.conf", f"""
router id {THEIRS};
log stderr all;
protocol device {{ }}
protocol bgp vipd {{
    local {THEIRS} as {peering.router_as}; neighbor {OURS} as {peering.vipd_as};
    hold time {peering.hold_time}; connect delay time 1; error wait time 1, 2;
    {'' if peering.dials else 'passive;'} {'direct;' if not peering.internal else ''} {password}
    {'ttl security on;' if peering.ttl_security else ''}
    ipv4 {{ import all; export none; }};
    ipv6 {{ import all; export none; }};
}}
""")
        self._control = self.folder / "ctl"
        self.run([processes.find("bird"), "-f", "-c", conf, "-s", self._control, "-P", self.folder / "pid"])

    def birdc(self, *words):
        return self.ask(processes.find("birdc"), "-s", self._control, *words)

    def refresh(self):
        self.birdc("reload", "in", "vipd")

    def routes(self):
        found, route = {}, None
        for line in self.birdc("show", "route", "all").splitlines():
            head = re.match(r"([0-9a-f.:]+/\d+)\s", line)
            if head:
                route = found.setdefault(head[1], Route())
                continue
            attribute = re.match(r"\s*BGP\.(\w+): ?(.*)", line)
            if attribute and route:
                self._set(route, attribute[1], attribute[2].strip())
        return found

    @staticmethod
    def _set(route, name, value):
        if name == "origin":
            route.origin = value.lower()
        elif name == "as_path":
            route.as_path = tuple(map(int, value.split()))
        elif name == "next_hop":
            route.next_hop = value.split()[0]
        elif name in ("med", "local_pref"):
            setattr(route, name, int(value))
        elif name == "community":
            route.communities = frozenset(":".join(pair) for pair in re.findall(r"\((\d+),\s*(\d+)\)", value))
        elif name == "large_community":
            route.large_communities = frozenset(
                ":".join(parts) for parts in re.findall(r"\((\d+),\s*(\d+),\s*(\d+)\)", value))


class Frr(Speaker):
    name = "frr"

    def start(self):
        peering = self.peering
        lines = [f"neighbor {OURS} remote-as {peering.vipd_as}", f"neighbor {OURS} timers 3 {peering.hold_time}",
                 f"neighbor {OURS} timers connect 1"]
        # Without zebra it does not know what is connected, and would not dial.
        lines.append(f"neighbor {OURS} disable-connected-check" if peering.dials else f"neighbor {OURS} passive")
        if peering.password:
            lines.append(f"neighbor {OURS} password {peering.password}")
        if peering.ttl_security:
            lines.append(f"neighbor {OURS} ttl-security hops 1")
        body = "\n ".join(lines)
        conf = self.write("bgpd.conf", f"""router bgp {peering.router_as}
 bgp router-id {THEIRS}
 no bgp ebgp-requires-policy
 {body}
 address-family ipv6 unicast
  neighbor {OURS} activate
 exit-address-family
""")
        os.chmod(self.workshop.folder, 0o755)
        for path in (self.folder, conf):
            shutil.chown(path, "frr", "frr")
        bgpd = "/usr/lib/frr/bgpd"  # by its path: OpenBGPD's daemon has the same name
        self.run([bgpd, "-Z", "-n", "-f", conf, "-i", self.folder / "pid", "--vty_socket", self.folder, "-u", "frr", "-g",
                  "frr", "-l", THEIRS])

    def vtysh(self, command):
        return self.ask(processes.find("vtysh"), "--vty_socket", self.folder, "-c", command)

    def vtysh_json(self, command):
        try:
            return json.loads(self.vtysh(command + " json"))
        except ValueError:
            return {}

    def refresh(self):
        self.vtysh(f"clear bgp ipv4 unicast {OURS} in")

    def farewell(self):
        neighbor = self.vtysh_json(f"show bgp neighbors {OURS}").get(OURS, {})
        return f"{neighbor.get('lastNotificationReason')}: {neighbor.get('lastShutdownDescription')}"

    def routes(self):
        found = {}
        for family in ("ipv4", "ipv6"):
            for prefix in self.vtysh_json(f"show bgp {family} unicast").get("routes", {}):
                detail = self.vtysh_json(f"show bgp {family} unicast {prefix}")
                if detail.get("paths"):
                    found[prefix] = self._route(detail["paths"][0])
        return found

    @staticmethod
    def _route(path):
        words = {key: path.get(key, {}).get("string", "").split() for key in ("community", "largeCommunity")}
        return Route(next_hop=path["nexthops"][0]["ip"], origin=path["origin"].lower(), med=path.get("metric"),
                     as_path=tuple(int(word) for word in path["aspath"]["string"].split() if word.isdigit()),
                     local_pref=path.get("locPrf"), communities=plain_communities(words["community"]),
                     large_communities=frozenset(words["largeCommunity"]))


class GoBgp(Speaker):
    name = "gobgp"

    def start(self):
        peering = self.peering
        password = f'auth-password = "{peering.password}"' if peering.password else ""
        ttl = "[neighbors.ttl-security.config]\nenabled = true\nttl-min = 255" if peering.ttl_security else ""
        passive = "" if peering.dials else "passive-mode = true"
        conf = self.write("gobgpd.toml", f"""
[global.config]
as = {peering.router_as}
router-id = "{THEIRS}"
local-address-list = ["{THEIRS}"]
[[neighbors]]
[neighbors.config]
neighbor-address = "{OURS}"
peer-as = {peering.vipd_as}
{password}
[neighbors.transport.config]
local-address = "{THEIRS}"
{passive}
[neighbors.timers.config]
hold-time = {peering.hold_time}
connect-retry = 5
idle-hold-time-after-reset = 1
{ttl}
[neighbors.graceful-restart.config]
enabled = true
restart-time = 30
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "ipv4-unicast"
[neighbors.afi-safis.mp-graceful-restart.config]
enabled = true
[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = "ipv6-unicast"
[neighbors.afi-safis.mp-graceful-restart.config]
enabled = true
""")
        self.run([processes.find("gobgpd"), "-f", conf, "--api-hosts=127.0.0.1:50051", "--pprof-disable"])

    def gobgp(self, *words):
        return self.ask_json(processes.find("gobgp"), "-j", *words)

    def routes(self):
        found = {}
        for family in ("ipv4", "ipv6"):
            for prefix, paths in (self.gobgp("global", "rib", "-a", family) or {}).items():
                found[prefix] = self._route(paths[0]["attrs"])
        return found

    @staticmethod
    def _route(attributes):
        route = Route()
        for attribute in attributes:
            kind, value = attribute["type"], attribute.get("value")
            if kind == 1:
                route.origin = ("igp", "egp", "incomplete")[value]
            elif kind == 2:
                route.as_path = tuple(number for segment in attribute["as_paths"] for number in segment["asns"])
            elif kind in (3, 14):
                route.next_hop = attribute["nexthop"]
            elif kind == 4:
                route.med = attribute["metric"]
            elif kind == 5:
                route.local_pref = value
            elif kind == 8:
                route.communities = frozenset(community(number) for number in attribute["communities"])
            elif kind == 32:
                route.large_communities = frozenset(
                    f"{part['ASN']}:{part['LocalData1']}:{part['LocalData2']}" for part in value)
        return route


class OpenBgpd(Speaker):
    name = "openbgpd"
    md5_needs_dialling = True  # on Linux it puts no key on its listening socket

    def start(self):
        peering = self.peering
        options = [f"remote-as {peering.vipd_as}", f"local-address {THEIRS}", "announce IPv4 unicast",
                   "announce IPv6 unicast", f"holdtime {peering.hold_time}", "announce restart yes"]
        if not peering.dials:
            options.append("passive")
        if peering.password:
            options.append(f"tcp md5sig password {peering.password}")
        if peering.ttl_security:
            options.append("ttl-security yes")
        body = "\n    ".join(options)
        self._socket = self.folder / "socket"
        conf = self.write("bgpd.conf", f"""AS {peering.router_as}
router-id {THEIRS}
fib-update no
socket "{self._socket}"
listen on {THEIRS}
neighbor {OURS} {{
    {body}
}}
allow from any
deny to any
""", 0o600)
        os.makedirs("/run/openbgpd", exist_ok=True)  # where it changes its root to
        self.run(["/usr/sbin/bgpd", "-d", "-f", conf])

    def bgpctl(self, *words):
        return self.ask_json(processes.find("bgpctl"), "-s", self._socket, "-j", *words)

    def refresh(self):
        self.ask(processes.find("bgpctl"), "-s", self._socket, "neighbor", OURS, "refresh")

    def routes(self):
        return {entry["prefix"]: self._route(entry) for entry in self.bgpctl("show", "rib", "detail").get("rib", [])}

    @staticmethod
    def _route(entry):
        return Route(next_hop=entry["exit_nexthop"], origin={"i": "igp", "e": "egp"}.get(entry["origin"][0].lower(), "?"),
                     as_path=tuple(int(word) for word in entry["aspath"].split()), med=entry.get("metric"),
                     local_pref=entry.get("localpref"), communities=plain_communities(entry.get("communities", [])),
                     large_communities=frozenset(entry.get("large_communities", [])))


class ExaBgp(Speaker):
    name = "exabgp"
    understands_farewell = False  # 4.2.21 reports any NOTIFICATION as a message it cannot decode

    def start(self):
        peering = self.peering
        self._events = self.folder / "events"
        password = f'md5-password "{peering.password}"; md5-base64 false;' if peering.password else ""
        conf = self.write("exabgp.conf", f"""
process dump {{
    run /bin/sh -c "cat >> {self._events}";
    encoder json;
}}
neighbor {OURS} {{
    router-id {THEIRS};
    local-address {THEIRS};
    local-as {peering.router_as};
    peer-as {peering.vipd_as};
    hold-time {peering.hold_time};
    {'' if peering.dials else 'passive true; listen 179;'}
    {password}
    {'incoming-ttl 255; outgoing-ttl 255;' if peering.ttl_security else ''}
    capability {{ route-refresh; graceful-restart 30; }}
    family {{ ipv4 unicast; ipv6 unicast; }}
    api {{ processes [ dump ]; neighbor-changes; receive {{ parsed; update; }} }}
}}
""")
        environment = {**os.environ, "exabgp.daemon.user": "root", "exabgp.api.cli": "false",
                       "exabgp.tcp.bind": "" if peering.dials else THEIRS, "exabgp.tcp.port": "179"}
        self.run([processes.find("exabgp"), conf], env=environment)

    def events(self):
        lines = self._events.read_text(encoding="utf-8").splitlines() if self._events.exists() else []
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # still being written

    def routes(self):
        found = {}
        for event in self.events():
            if event.get("type") == "state" and event["neighbor"].get("state") == "down":
                found = {}
            update = event.get("neighbor", {}).get("message", {}).get("update", {})
            for entries in update.get("withdraw", {}).values():
                for entry in entries:
                    found.pop(entry["nlri"], None)
            for family in update.get("announce", {}).values():
                for next_hop, entries in family.items():
                    for entry in entries:
                        if "nlri" in entry:
                            found[entry["nlri"]] = self._route(next_hop, update.get("attribute", {}))
        return found

    @staticmethod
    def _route(next_hop, attribute):
        return Route(next_hop=next_hop, origin=attribute.get("origin", ""), as_path=tuple(attribute.get("as-path", [])),
                     med=attribute.get("med"), local_pref=attribute.get("local-preference"),
                     communities=frozenset(":".join(map(str, pair)) for pair in attribute.get("community", [])),
                     large_communities=frozenset(
                         ":".join(map(str, parts)) for parts in attribute.get("large-community", [])))


ALL = (Bird, Frr, GoBgp, OpenBgpd, ExaBgp)
