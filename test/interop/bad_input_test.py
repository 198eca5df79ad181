#!/usr/bin/env python3
"""vipd --check and vipd itself refuse bad configurations with status 2 and a message that names the place."""

import copy
import json
import subprocess
import tempfile
import unittest
import pathlib

import processes

VIPD = processes.BUILD / "vipd"
GOOD = {
    "version": 1,
    "bgp": {"local_as": 64601, "router_id": "192.0.2.10", "next_hop": {"ipv4": "192.0.2.10"},
            "peers": {"cr1": {"address": "192.0.2.1", "remote_as": 64600}}},
    "vips": {"web": {"addresses": ["203.0.113.10"]}},
    "services": {"web-http": {"vip": "web", "port": 80, "servers": {"rs1": {"address": "10.0.0.11"}},
                              "monitors": [{"type": "http", "url": "http://www.example.org/healthz"}]}},
}


def run(text, *options):
    """Exit status and what was said, for a configuration given as text."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vipd.json"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([VIPD, *options, path], capture_output=True, text=True, timeout=20, check=False)
        return done.returncode, done.stdout + done.stderr


def changed(change):
    config = copy.deepcopy(GOOD)
    change(config)
    return json.dumps(config, indent=2)


class BadInput(unittest.TestCase):
    def refused(self, text, *words):
        for option in ("--check", "--config"):
            status, said = run(text, option)
            self.assertEqual(status, 2, said)
            self.assertRegex(said, r"vipd\.json:\d+:\d+")
            for word in words:
                self.assertIn(word, said)

    def test_a_good_configuration_passes(self):
        self.assertEqual(run(json.dumps(GOOD), "--check")[0], 0)

    def test_comments_are_allowed(self):
        self.assertEqual(run("// one\n" + json.dumps(GOOD), "--check")[0], 0)

    def test_malformed_json(self):
        self.refused(json.dumps(GOOD)[:-1] + ",")

    def test_an_unknown_key_gets_a_suggestion(self):
        def change(config):
            config["services"]["web-http"]["schedular"] = "wrr"
        self.refused(changed(change), "schedular", "scheduler")

    def test_a_wrong_type(self):
        def change(config):
            config["services"]["web-http"]["port"] = "eighty"
        self.refused(changed(change), "/services/web-http/port", "eighty")

    def test_a_duration_without_a_unit(self):
        def change(config):
            config["services"]["web-http"]["monitors"][0]["interval"] = 5
        self.refused(changed(change), "/services/web-http/monitors/0/interval")

    def test_a_duplicate_key(self):
        text = json.dumps(GOOD, indent=2)
        self.refused(text.replace('"port": 80,', '"port": 80,\n "port": 81,'), "port")

    def test_the_same_vip_and_port_twice(self):
        def change(config):
            config["services"]["again"] = config["services"]["web-http"]
            config["vips"]["web"]["announce"] = {"when": "all"}
        self.refused(changed(change), "again")

    def test_a_vip_without_services(self):
        def change(config):
            config["vips"]["idle"] = {"addresses": ["203.0.113.11"]}
        self.refused(changed(change), "idle")

    def test_a_service_without_monitors(self):
        def change(config):
            del config["services"]["web-http"]["monitors"]
        self.refused(changed(change), "monitors")

    def test_a_service_whose_monitors_are_all_advisory(self):
        def change(config):
            config["services"]["web-http"]["monitors"][0]["advisory"] = True
        self.refused(changed(change), "advisory")

    def test_several_services_on_a_vip_without_when(self):
        def change(config):
            config["services"]["web-https"] = {**config["services"]["web-http"], "port": 443}
        self.refused(changed(change), "when")

    def test_all_problems_are_told_at_once(self):
        def change(config):
            config["bgp"]["local_as"] = -1
            config["services"]["web-http"]["port"] = 0
            config["services"]["web-http"]["monitors"][0]["typo"] = 1
        self.refused(changed(change), "local_as", "port", "typo")

    def test_a_file_that_is_not_there(self):
        done = subprocess.run([VIPD, "--check", "/nonexistent/vipd.json"], capture_output=True, text=True, timeout=20,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nonexistent/vipd.json", done.stdout + done.stderr)

    def test_bad_usage(self):
        done = subprocess.run([VIPD, "--no-such-option"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
