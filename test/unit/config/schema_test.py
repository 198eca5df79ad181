#!/usr/bin/env python3
"""schema_test.py CONFIG_TEST: etc/vipd.schema.json and the reader accept the same configurations.

A case of that program writes thousands of them, a line each, with what the reader finds wrong.
"""

import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft7Validator

root = Path(__file__).resolve().parents[3]
schema = json.loads((root / "etc/vipd.schema.json").read_text(encoding="utf-8"))
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)

told = subprocess.run([sys.argv[1], "--out", "/dev/null", "[documents]"], capture_output=True, text=True, check=True).stdout
different, accepted, refused = [], 0, 0
for line in told.splitlines():
    case = json.loads(line)
    valid = validator.is_valid(case["document"])
    accepted, refused = accepted + valid, refused + (not valid)
    if valid == bool(case["problems"]):
        different.append(f"{case['what']}: the schema {'accepts' if valid else 'refuses'}, the reader says {case['problems'] or 'nothing'}")

print("\n".join(different))
print(f"{accepted} accepted, {refused} refused, {len(different)} of them by one alone")
sys.exit(0 if not different and accepted > 100 and refused > 1000 else 1)
