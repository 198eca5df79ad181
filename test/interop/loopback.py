"""A site on loopback: nginx as the real servers, BIRD as the router, vipd between them with the memory backend."""

import json
import re
import subprocess
import urllib.error
import urllib.request

import processes

SERVICE_PAGE = "v1/services/web-http"
VIPS = {"ipv4": "203.0.113.10", "ipv6": "2001:db8:f::10"}


class WebServer:
    """One nginx that answers /healthz while it runs."""

    def __init__(self, workshop, name, addresses):
        self.name, self.addresses = name, addresses
        self.port = processes.free_port(addresses[0])
        self._workshop, self._process = workshop, None
        self._folder = workshop.folder / name
        (self._folder / "html").mkdir(parents=True)
        (self._folder / "html" / "healthz").write_text("ok\n", encoding="ascii")
        listen = "".join(f"listen {bracketed(address)}:{self.port}; " for address in addresses)
        paths = "".join(f"{kind}_temp_path {self._folder}/{kind}; "
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self._folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self._folder}/pid; error_log {self._folder}/error.log;\n"
            "events { worker_connections 64; }\n"
            f"http {{ access_log off; {paths}\n"
            f"    server {{ {listen}root {self._folder}/html; add_header X-Server {name}; }}\n"
            "}\n", encoding="ascii")

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self):
        self._process = self._workshop.start(
            self.name, [processes.find("nginx"), "-c", self._folder / "nginx.conf", "-p", self._folder])

    def stop(self):
        processes.end(self._process)


class Router:
    """BIRD, waiting for vipd on a high port; what it knows is asked through its own control socket."""

    def __init__(self, workshop, address="127.0.0.11", neighbor="127.0.0.10"):
        self.address, self.neighbor, self.port = address, neighbor, processes.free_port(address)
        self._workshop = workshop
        self._control = workshop.folder / "bird.ctl"
        (workshop.folder / "bird.conf").write_text(
            f"router id {address};\nlog stderr all;\nprotocol device {{ }}\n"
            "protocol bgp balancer {\n"
            f"    local {address} port {self.port} as 64600; neighbor {neighbor} as 64601;\n"
            "    passive; multihop; strict bind; hold time 9; error wait time 1, 2;\n"
            "    ipv4 { import all; export none; };\n"
            "    ipv6 { import all; export none; };\n"
            "}\n", encoding="ascii")

    def start(self):
        folder = self._workshop.folder
        self._workshop.start("bird", [processes.find("bird"), "-f", "-c", folder / "bird.conf", "-s", self._control,
                                      "-P", folder / "bird.pid"])
        processes.until(5, "BIRD answers", lambda: "BIRD" in self.ask("show status"))

    def ask(self, *words):
        run = subprocess.run([processes.find("birdc"), "-r", "-s", str(self._control), *words], capture_output=True,
                             text=True, timeout=10, check=False)
        return run.stdout

    def routes(self):
        """Prefixes in its table."""
        return set(re.findall(r"^([0-9a-f.:]+/\d+)\s", self.ask("show route"), re.MULTILINE))


class Vipd:
    """vipd with a configuration for this site."""

    def __init__(self, workshop, program, servers, router, families, backend="memory"):
        self._workshop, self._program, self._process = workshop, program, None
        self.status_port = processes.free_port()
        self.config = workshop.folder / "vipd.json"
        config = {
            "version": 1, "node": "demo", "state_dir": str(workshop.folder / "state"),
            "bgp": {
                "local_as": 64601, "router_id": "192.0.2.10",
                "next_hop": {"ipv4": "192.0.2.10", "ipv6": "2001:db8::10"},
                "peers": {"router": {"address": router.address, "port": router.port, "remote_as": 64600,
                                     "local_address": router.neighbor}},
            },
            "vips": {"web": {"addresses": [VIPS[family] for family in families], "announce": {"hold_down": "2s"}}},
            "services": {"web-http": {
                "vip": "web", "port": 80, "scheduler": "wrr", "forwarding": "nat",
                "servers": {server.name: {"address": server.addresses, "port": server.port} for server in servers},
                "monitors": [{"type": "http", "url": "http://demo.example.org/healthz", "interval": "500ms",
                              "timeout": "250ms"}],
            }},
            "stop": {"gshut_wait": "0s", "withdraw_wait": "0s"},
            "status": {"listen": [f"127.0.0.1:{self.status_port}"], "socket": str(workshop.folder / "vipd.sock")},
            "ipvs": {"backend": backend, "on_stop": "flush"},
        }
        (workshop.folder / "state").mkdir()
        self.config.write_text(json.dumps(config, indent=2), encoding="ascii")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.status_port}/"

    def start(self):
        self._process = self._workshop.start("vipd", [self._program, "--config", self.config])

        def answers():
            if self._process.poll() is not None:
                raise processes.Failure("vipd ended:\n" + "\n".join(self._workshop.log("vipd")))
            return self.get("healthz") is not None

        processes.until(10, "vipd answers on its status port", answers)

    def stop(self):
        processes.end(self._process)

    def get(self, path):
        """The page's JSON, its text if it is not JSON, or None while there is no answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                body = answer.read().decode()
        except urllib.error.HTTPError as error:
            body = error.read().decode()
        except OSError:
            return None
        try:
            return json.loads(body)
        except ValueError:
            return body


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def prefix(address):
    return f"{address}/{128 if ':' in address else 32}"
