#!/usr/bin/env python3
"""operator_files_test.py VIPCTL: what stands beside the programs speaks of what they have.

Every verb of vipctl is in its man page and completions; every metric that rules and dashboard use is one that /metrics
shows (test/unit/status/golden/metrics.txt).
"""

import json
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[3]


def text(path):
    return (root / path).read_text(encoding="utf-8")


def verbs(vipctl):
    help_text = subprocess.run([vipctl, "--help"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^  ([a-z][a-z-]+)  ", help_text.split("Subcommands:")[1], re.M)
    assert len(found) > 10, f"only {found} found in vipctl --help"
    return found


def missing_verbs(vipctl):
    for path in ("docs/man/vipctl.8", "etc/completion/vipctl.bash", "etc/completion/_vipctl"):
        content = text(path).replace("\\-", "-")
        for verb in verbs(vipctl):
            if not re.search(rf"(?<![\w-]){re.escape(verb)}(?![\w-])", content):
                yield f"{path} does not know the verb {verb}"


def unknown_metrics():
    shown = set(re.findall(r"^# TYPE (\w+)", text("test/unit/status/golden/metrics.txt"), re.M))
    dashboard = json.loads(text("etc/grafana/vipd.json"))
    used = {"etc/prometheus/vipd.rules.yml": text("etc/prometheus/vipd.rules.yml"),
            "etc/grafana/vipd.json": " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])}
    for path, content in used.items():
        for metric in sorted(set(re.findall(r"\bvipd_\w+", content)) - shown):
            yield f"{path} uses {metric}, which /metrics does not show"


problems = [*missing_verbs(sys.argv[1]), *unknown_metrics()]
print("\n".join(problems))
sys.exit(1 if problems else 0)
