"""What the lints share: the tree's tracked files, and C++ text without comments and literals."""

import os
import pathlib
import re
import subprocess
import sys


def tracked(root, *suffixes):
    """Files of the repository at root, tracked or new and not ignored, as relative paths; those with a suffix, or all."""
    names = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(name for name in set(names)
                  if name.endswith(suffixes or ("",)) and os.path.isfile(os.path.join(root, name)))


def strip(text):
    """Comments and the insides of literals become spaces; line numbers stay. Raw strings included."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^()\s\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
        re.DOTALL)

    def blank(match):
        found = match.group()
        kept = re.sub(r"[^\n]", " ", found)
        return kept if found.startswith("/") else '"' + kept[1:-1] + '"'

    return pattern.sub(blank, text)


def main(check, description):
    """Runs check(root) -> list of problems on the tree given or this one, prints them, and gives the exit status."""
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    problems = check(root)
    for problem in problems:
        print(problem)
    print(f"{description}: {'ok' if not problems else f'{len(problems)} problems'}")
    return 1 if problems else 0
