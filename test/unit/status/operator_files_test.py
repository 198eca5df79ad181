#!/usr/bin/env python3
"""operator_files_test.py VIPCTL: what stands beside the programs speaks of what they have.

Every verb of vipctl is in its man page and completions, every alert has its section in docs/operations.md; every metric that rules and dashboard use is one that /metrics
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


def unexplained_alerts():
    manual = text("docs/operations.md")
    sources = " ".join(path.read_text(encoding="utf-8") for path in sorted((root / "src/control").glob("*.cpp")))
    codes = set(re.findall(r'(?<![.\w])add\("([a-z-]+)"', sources))
    assert len(codes) > 8, f"only {sorted(codes)} found in src/control"
    explained = set(re.findall(r"^### `([a-z-]+)`$", manual, re.M))
    for code in sorted(codes - explained):
        yield f"docs/operations.md has no section on the alert {code}"
    for code in sorted(explained - codes):
        yield f"docs/operations.md explains {code}, which no alert has"
    rules = re.findall(r"- alert: (\w+)", text("etc/prometheus/vipd.rules.yml"))
    for rule in rules:
        if f"`{rule}`" not in manual:
            yield f"docs/operations.md does not know the rule {rule}"


problems = [*missing_verbs(sys.argv[1]), *unknown_metrics(), *unexplained_alerts()]
print("\n".join(problems))
sys.exit(1 if problems else 0)
