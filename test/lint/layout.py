#!/usr/bin/env python3
"""The house: nothing at the top that does not belong there, no path of one machine, no open end, no sleeping unit test."""

import os
import re
import sys

import sources

TOP = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "CONTRIBUTING.md",
       "SECURITY.md", "src", "bgp", "ipvs", "monitors", "test", "etc", "docs", "debian"}
MACHINE_PATHS = re.compile(r"(?<![\w.-])(?:/work/|/tmp/bash_jobs|/home/\w+/)")
OPEN_END = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
SLEEP = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.])sleep\(")
THIS_FOLDER = "test/lint/"


def line_problems(path, lines):
    edge = any("[edge]" in line for line in lines)
    for number, line in enumerate(lines, 1):
        if MACHINE_PATHS.search(line):
            yield f"{path}:{number}: a path of one machine"
        if OPEN_END.search(line):
            yield f"{path}:{number}: an open end without the number of its issue: write TODO(#N)"
        if path.startswith("test/unit/") and SLEEP.search(line) and not (edge and "//" in line):
            yield f"{path}:{number}: a unit test that sleeps: move its time, or, in an [edge] test, give the reason here"


def check(root):
    problems = []
    for path in sources.tracked(root):
        top = path.split("/")[0]
        if top not in TOP and not top.startswith("."):
            problems.append(f"{path}: {top} does not belong at the top of the tree")
        if path.startswith(THIS_FOLDER):
            continue  # names what it forbids
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            problems += line_problems(path, file.readlines())
    return problems


if __name__ == "__main__":
    sys.exit(sources.main(check, "layout"))
