#!/usr/bin/env python3
"""operator_files_test.py VIPCTL: what stands beside the programs speaks of what they have.

Every verb of vipctl is in its man page and completions, every alert has its section in docs/operations.md; every metric that rules and dashboard use is one that /metrics
shows (test/unit/status/golden/metrics.txt), and all of these are used.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[3]
metrics = "test/unit/status/golden/metrics.txt"


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


def metrics_shown():
    """Families by name, each with the names that its samples have."""
    families = {}
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)", text(metrics), re.M):
        families[name] = {name + suffix for suffix in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return families


def wrong_metrics():
    shown = metrics_shown()
    panels = json.loads(text("etc/grafana/vipd.json"))["panels"]
    used = {path: set(re.findall(r"\bvipd_\w+", content)) for path, content in {
        "etc/prometheus/vipd.rules.yml": text("etc/prometheus/vipd.rules.yml"),
        "etc/grafana/vipd.json": " ".join(target["expr"] for panel in panels for target in panel["targets"])}.items()}
    for path, names in used.items():
        for metric in sorted(names - set().union(*shown.values())):
            yield f"{path} uses {metric}, which /metrics does not show"
    for family, samples in shown.items():
        if family != "vipd_build_info" and not samples & set().union(*used.values()):
            yield f"{family} is in no panel of etc/grafana/vipd.json and no rule"


def what_promtool_says():
    """Nothing where it is not installed."""
    promtool = shutil.which("promtool")
    if not promtool:
        return
    for arguments, told in ((["check", "metrics"], text(metrics)), (["test", "rules", root / "etc/prometheus/vipd.rules.test.yml"], "")):
        judged = subprocess.run([promtool, *arguments], input=told, capture_output=True, text=True)
        if judged.returncode != 0:
            yield f"promtool {arguments[0]} {arguments[1]}: {judged.stdout}{judged.stderr}"


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


problems = [*missing_verbs(sys.argv[1]), *wrong_metrics(), *what_promtool_says(), *unexplained_alerts()]
print("\n".join(problems))
sys.exit(1 if problems else 0)
