#!/usr/bin/env python3
"""The operator's side of a vipd that runs: vipctl's verbs with their exit codes, completion in the shell, the journal.

vipd and a journald of its own run in namespaces, so that the host's journal is left alone (root is needed).
"""

import json
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import sys
import unittest

import loopback
import processes

VIPD, VIPCTL = processes.BUILD / "vipd", processes.BUILD / "vipctl"
JOURNALD = "/usr/lib/systemd/systemd-journald"
COMPLETION = processes.ROOT / "etc" / "completion"
DONE, FAILED, USAGE, REFUSED, UNREACHABLE = 0, 1, 2, 3, 4
COLOUR = "\x1b["


def in_own_run(folder):
    """The rest of this program, started again where /run is its own: journald, and vipd with stderr on the journal."""
    os.makedirs("/run/systemd/journal")
    with open(folder / "journald.log", "w", encoding="utf-8") as log:
        journald = subprocess.Popen([JOURNALD], stdout=log, stderr=log)
    try:
        listening = pathlib.Path("/run/systemd/journal/stdout")
        processes.until(10, "journald listens", listening.exists)
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(str(listening))
        stream.sendall(b"vipd\n\n6\n1\n0\n0\n0\n")  # as systemd does for a service: identifier, unit, priority, …
        found = os.fstat(stream.fileno())
        vipd = subprocess.Popen([VIPD, "--config", folder / "vipd.json"], stdin=subprocess.DEVNULL, stderr=stream,
                                env={**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        sys.stdin.readline()  # until the test wants to read the journal
        subprocess.run(["journalctl", "--sync"], check=True, timeout=20)
        read = subprocess.run(["journalctl", "-D", "/run/log/journal", "-o", "json", "SYSLOG_IDENTIFIER=vipd"],
                              capture_output=True, text=True, check=True, timeout=20)
        print(json.dumps(read.stdout.splitlines()), flush=True)
        sys.stdin.readline()
        processes.end(vipd)
    finally:
        processes.end(journald)


class Operator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workshop = cls.enterClassContext(processes.Workshop("operator"))
        cls.folder = cls.workshop.folder
        (cls.folder / "state").mkdir()
        servers = [loopback.WebServer(cls.workshop, f"rs{number}", [f"127.0.2.{number}"]) for number in (1, 2, 3)]
        for server in servers:
            server.start()
        cls.socket = str(cls.folder / "vipd.sock")
        (cls.folder / "vipd.json").write_text(json.dumps({
            "version": 1, "node": "lb1", "state_dir": str(cls.folder / "state"),
            "bgp": {"local_as": 64601, "router_id": "192.0.2.10", "next_hop": {"ipv4": "192.0.2.10"},
                    "peers": {"cr1": {"address": "127.0.0.11", "port": processes.free_port("127.0.0.11"),
                                      "remote_as": 64600}}},
            "vips": {"web": {"addresses": ["203.0.113.10"]}},
            "services": {"web-http": {
                "vip": "web", "port": 80, "scheduler": "wrr", "forwarding": "nat",
                "servers": {server.name: {"address": server.addresses, "port": server.port} for server in servers},
                "monitors": [{"type": "http", "url": "http://demo.example.org/healthz", "interval": "200ms",
                              "timeout": "150ms"}]}},
            "stop": {"gshut_wait": "0s", "withdraw_wait": "0s"},
            "status": {"listen": [], "socket": cls.socket},
            "ipvs": {"backend": "memory", "resync_interval": "200ms"},
        }), encoding="ascii")
        cls.inside = cls.workshop.start(
            "inside", ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
                       'mount -t tmpfs tmpfs /run && exec "$@"', "sh", sys.executable, "-B", __file__, cls.folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.inside.wait, 20)  # last: it ends what it has started
        cls.addClassCleanup(cls.inside.stdout.close)
        cls.addClassCleanup(cls.inside.stdin.close)
        processes.until(20, "all servers are up", lambda: cls.run_vipctl("--json", "services")[1].count('"up":3'))

    @classmethod
    def run_vipctl(cls, *words, **environment):
        """Exit code, what it said, what it complained of."""
        done = subprocess.run([VIPCTL, *words], capture_output=True, text=True, timeout=30, check=False,
                              env={"VIPD_SOCKET": cls.socket, "PATH": os.environ["PATH"], **environment})
        return done.returncode, done.stdout, done.stderr

    def ends(self, code, *words, says=""):
        got, said, complained = self.run_vipctl(*words)
        self.assertEqual(got, code, f"{words}: {said}{complained}")
        self.assertIn(says, said + complained)
        return said

    def test_every_verb_that_looks_answers_as_table_and_as_json(self):
        for verb in ("status", "vips", "services", "servers", "peers", "routes", "alerts", "doctor", "events"):
            self.assertNotIn(COLOUR, self.ends(DONE, verb))
            json.loads(self.ends(DONE, "--json", verb))

    def test_on_a_terminal_tables_are_coloured_and_fit_it(self):
        for verb in ("status", "servers", "vips", "services", "peers", "routes", "alerts"):
            shown = self.on_terminal(verb, columns=80)
            for line in re.sub(r"\x1b\[\d*m", "", shown).splitlines():
                self.assertLessEqual(len(line.rstrip("\r")), 80, verb)
        self.assertIn(COLOUR, self.on_terminal("peers", columns=80))
        self.assertNotIn(COLOUR, self.on_terminal("peers", columns=80, NO_COLOR="1"))

    def on_terminal(self, *words, columns, **environment):
        ours, theirs = pty.openpty()
        subprocess.run(["stty", "cols", str(columns)], stdin=theirs, check=True)
        with subprocess.Popen([VIPCTL, *words], stdin=theirs, stdout=theirs,
                              env={"VIPD_SOCKET": self.socket, "PATH": os.environ["PATH"], **environment}) as process:
            os.close(theirs)
            shown = b""
            try:
                while part := os.read(ours, 65536):
                    shown += part
            except OSError:  # the other end is closed
                pass
            process.wait(timeout=10)
        os.close(ours)
        return shown.decode()

    def test_why_explains_every_kind_of_subject(self):
        for subject, says in (("web-http", "fit"), ("web-http/rs1", "last probes"), ("rs1", "server rs1"), ("web", "VIP"),
                              ("203.0.113.10", "VIP"), ("cr1", "session")):
            self.ends(DONE, "why", subject, says=says)
        self.ends(FAILED, "why", "nobody", says='"nobody"')

    def test_a_drain_is_asked_about_carried_out_and_taken_back(self):
        self.ends(DONE, "may-depool", "web-http/rs1")
        self.ends(DONE, "drain", "rs1", "--wait", "--max", "20s", "--ttl", "1h", "--why", "new disk", "--who", "ada", says="left")
        self.ends(DONE, "events", "--code", "admin-draining", says="ada (uid 0): new disk")
        self.ends(REFUSED, "may-depool", "web-http/rs2", says="the floor is 2")
        self.ends(REFUSED, "disable", "web-http/rs2", says="--force")
        self.ends(DONE, "servers", says="draining")
        self.ends(DONE, "reset", "rs1")
        self.ends(DONE, "enable", "rs1", "--wait", "--max", "20s")
        self.ends(DONE, "reset", "rs1")

    def test_who_asks_next_sees_what_was_done(self):
        for _ in range(3):
            self.ends(DONE, "maintenance", "on", "web")
            self.ends(DONE, "alerts", says="maintenance")
            self.ends(DONE, "maintenance", "off", says="in maintenance: web")
            self.ends(DONE, "maintenance", "off", "web")
            self.assertNotIn("maintenance", self.ends(DONE, "alerts"))

    def test_what_cannot_be_done_is_said_with_its_exit_code(self):
        self.ends(FAILED, "drain", "rs9", says='"rs9"')
        self.ends(FAILED, "may-depool", "web-http/rs9", says='"rs9"')
        self.ends(USAGE, "may-depool", "rs1", says="SERVICE/SERVER")
        self.ends(USAGE, "frobnicate", says='"frobnicate"')
        self.ends(USAGE, "log", "loud", says="warning")
        self.ends(USAGE, "drain", "rs1", "--ttl", "5", says="--ttl")
        self.ends(USAGE, "drain", "rs1", "--ttl=-5m", says="--ttl")
        self.ends(UNREACHABLE, "--socket", "/nowhere", "status", says="/nowhere")
        good = (self.folder / "vipd.json").read_text(encoding="ascii")
        (self.folder / "vipd.json").write_text(good.replace('"wrr"', '"wrrr"'), encoding="ascii")
        self.ends(REFUSED, "reload", says='found "wrrr"')
        self.ends(DONE, "alerts", says="config-rejected")
        (self.folder / "vipd.json").write_text(good, encoding="ascii")
        self.ends(DONE, "reload")

    def test_watch_shows_again_and_again(self):
        with subprocess.Popen([VIPCTL, "peers", "--watch"], stdout=subprocess.PIPE, text=True,
                              env={"VIPD_SOCKET": self.socket, "PATH": os.environ["PATH"]}) as process:
            lines = [process.stdout.readline() for _ in range(4)]
            process.terminate()
        self.assertEqual(lines[0], lines[2])

    def test_the_shell_completes_verbs_options_and_names(self):
        completed = {
            ("ma",): {"may-depool", "maintenance"}, ("log", ""): {"debug", "warning"},
            ("drain", "rs"): {"rs1", "rs3"}, ("drain", "web-http/"): {"web-http/rs1", "web-http/rs3"},
            ("may-depool", "web-http/rs2"): {"web-http/rs2"}, ("why", ""): {"web", "web-http", "web-http/rs1", "cr1"},
            ("maintenance", "on", ""): {"web"}, ("drain", "rs1", "--w"): {"--wait", "--why"},
        }
        for words, wanted in completed.items():
            self.assertLessEqual(wanted, self.bash_completes(*words), words)

    def bash_completes(self, *words):
        line = ["vipctl", "--socket", self.socket, *words]
        script = (f"source {COMPLETION}/vipctl.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _vipctl; "
                  "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", script, "bash", *line], capture_output=True, text=True, timeout=20, check=True,
                              env={"PATH": f"{processes.BUILD}:{os.environ['PATH']}"})
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing_to_say_of_the_metrics(self):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self.socket)
            asking.sendall(b"GET /metrics?level=server HTTP/1.1\r\nHost: vipd\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: asking.recv(65536), b""))
        text = answer.split(b"\r\n\r\n", 1)[1]
        self.assertIn(b'vipd_probe_duration_seconds_bucket{type="http",le="0.001024"}', text)
        judged = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=20, check=False)
        self.assertEqual((judged.returncode, judged.stderr), (0, b""))

    def test_z_the_journal_has_every_event_with_its_fields(self):
        self.inside.stdin.write("\n")
        self.inside.stdin.flush()
        entries = [json.loads(line) for line in json.loads(self.inside.stdout.readline())]
        by_code = {entry.get("VIPD_CODE"): entry for entry in entries}
        up = by_code["server-up"]
        self.assertEqual(up["PRIORITY"], "6")
        self.assertRegex(up["VIPD_SUBJECT"], r"^web-http/rs\d$")
        self.assertTrue(up["MESSAGE"].startswith(f"server-up {up['VIPD_SUBJECT']}: "))
        self.assertGreater(int(up["VIPD_EVENT"]), 0)
        self.assertEqual(up["_COMM"], "vipd")
        pooled = next(entry for entry in entries if entry.get("VIPD_CODE") == "server-pooled" and "VIPD_CAUSE" in entry)
        causes = {entry.get("VIPD_EVENT") for entry in entries}
        self.assertIn(pooled["VIPD_CAUSE"], causes)
        self.assertFalse([entry for entry in entries if "VIPD_CODE" not in entry], "lines that are no records")


if __name__ == "__main__":
    if len(sys.argv) == 2 and os.path.isdir(sys.argv[1]):
        in_own_run(pathlib.Path(sys.argv[1]))
    else:
        unittest.main()
