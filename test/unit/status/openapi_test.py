#!/usr/bin/env python3
"""openapi_test.py STATUS_TEST: every answer of the API is as docs/openapi.json describes it.

A case of that program writes answers, a line each, with the path, method and status that they belong to.
"""

import copy
import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft7Validator

root = Path(__file__).resolve().parents[3]
document = json.loads((root / "docs/openapi.json").read_text(encoding="utf-8"))


def complaints(path, method, status, body):
    responses = document["paths"][path][method]["responses"]
    if str(status) not in responses:
        return [f"the status {status} is not documented"]
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    # A schema of its own, with the document's components at the place that its references name.
    validator = Draft7Validator({**schema, "components": document["components"]})
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(body)]


told = subprocess.run([sys.argv[1], "--out", "/dev/null", "[answers]"], capture_output=True, text=True, check=True).stdout
answers = [json.loads(line) for line in told.splitlines()]
problems = [f"{answer['method']} {answer['path']} {answer['status']}: {problem}" for answer in answers for problem in complaints(**answer)]


def broken(change):
    """Whether a changed list of alerts is found to be wrong: a check that cannot fail is none."""
    answer = copy.deepcopy(next(answer for answer in answers if answer["path"] == "/v1/alerts"))
    change(answer["body"])
    return bool(complaints(**answer))


if not broken(lambda body: body["alerts"][0].update(since="yesterday")):
    problems.append("a wrong time is not found")
if not broken(lambda body: body["alerts"][0].pop("since")):
    problems.append("a missing key is not found")
if not broken(lambda body: body.update(more=1)):
    problems.append("an odd key is not found")

print("\n".join(problems))
print(f"{len(answers)} answers to {len({(answer['path'], answer['method']) for answer in answers})} paths, {len(problems)} problems")
sys.exit(0 if not problems and len(answers) > 30 else 1)
