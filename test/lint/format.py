#!/usr/bin/env python3
"""Every C++ file is as clang-format leaves it (version 14, the repository's .clang-format)."""

import re
import subprocess
import sys

import sources


def check(root):
    files = sources.tracked(root, ".hpp", ".cpp")
    if not files:
        return []
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=root, capture_output=True, text=True)
    if run.returncode == 0:
        return []
    wrong = sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: error:", run.stderr, re.MULTILINE)))
    return [f"{path}: run clang-format -i" for path in wrong] or [run.stderr]


if __name__ == "__main__":
    sys.exit(sources.main(check, "format"))
