#!/usr/bin/env python3
"""GCC 12.2 destroys some temporaries of an expression with co_await twice, and says nothing.

The rule: an expression that contains co_await must not also make an aggregate temporary that owns something. This looks
at whole statements of files that use co_await and refuses the forms that were seen to fail: braces with something in
them, a lambda that captures by value, the conditional operator; and everywhere a capturing coroutine lambda. Give the
value a name on the line before. ASan runs of every coroutine are the real net, this is the cheap one.
"""

import os
import re
import sys

import sources

# Braces around plain numbers of these types own nothing and are common.
HARMLESS = re.compile(r"(?:(?:nano|micro|milli)?seconds|minutes|hours|Duration|TimePoint|std::size_t|std::u?int\d+_t)$")
BLOCK_WORDS = re.compile(r"(?:\b(?:else|do|try|const|noexcept|override|mutable|final)|->[^;{}()]*[\w>&*])\s*$")
DECLARATION = re.compile(r"\s*(?:template\b[^;{}]*>\s*)?(?:inline\s+)?(?:namespace|struct|class|enum|union|extern)\b")
VALUE_CAPTURE = re.compile(r"(?<![\w\])\[])\[\s*(?!\s*\]|this\s*\]|&\s*\]|&[\w\s,&]*\]|\[)[^\[\]]*\]\s*(?=[({]|mutable)")
COROUTINE_LAMBDA = re.compile(r"\[([^\[\]]*)\]\s*\([^()]*\)[^;{}()]*->[^;{}]*awaitable\b")
CONDITIONAL = re.compile(r"\?[^:;]*(?<!:):(?!:)")


def opens_block(before, depth):
    """Whether the brace that follows `before` opens a block, rather than an initialiser."""
    head = before.rstrip()
    if not head or head[-1] in ";{})":
        return depth == 0 or head[-1:] in (")", "]")
    return head[-1] == "]" or bool(BLOCK_WORDS.search(head)) or (depth == 0 and bool(DECLARATION.match(before)))


def statements(text):
    """(line, text) of every statement; the body of a lambda gives statements of its own and is left out of the outer."""
    found = []

    def block(at, line):
        buffer, begun, depth = "", line, 0

        def flush():
            nonlocal buffer, depth
            if buffer.strip():
                found.append((begun, buffer))
            buffer, depth = "", 0

        while at < len(text):
            char = text[at]
            if char == "\n":
                line += 1
            if not buffer.strip() and not char.isspace():
                begun = line
            if char == "{" and opens_block(buffer, depth):
                inside_expression = depth > 0
                if not inside_expression:
                    flush()
                at, line = block(at + 1, line)
                if inside_expression:
                    buffer += "{}"
                continue
            if char == "}" and depth == 0:
                flush()
                return at + 1, line
            depth += (char in "({") - (char in ")}")
            depth = max(depth, 0)
            if char == ";" and (depth == 0):
                flush()
            else:
                buffer += char
            at += 1
        flush()
        return at, line

    at, line = 0, 1
    while at < len(text):
        at, line = block(at, line)
    return found


def traps_in(statement):
    for match in re.finditer(r"([\w:<>, ]*?)\{(?=\s*[^\s}])", statement):
        if not HARMLESS.search(match[1].strip()):
            yield "braces with something in them"
            break
    if VALUE_CAPTURE.search(statement):
        yield "a lambda that captures by value"
    if CONDITIONAL.search(statement):
        yield "the conditional operator"


def check_text(path, text):
    text = sources.strip(text)
    if "co_await" not in text:
        return
    for line, statement in statements(text):
        if "co_await" in statement:
            for trap in traps_in(statement):
                yield f"{path}:{line}: co_await in one expression with {trap}: name it on the line before"
    for match in COROUTINE_LAMBDA.finditer(text):
        allowed = path.startswith("test/") and match[1].strip().startswith("&")
        if match[1].strip() and not allowed:
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: a coroutine lambda may not capture: make it a named function"


def check(root):
    problems = []
    for path in sources.tracked(root, ".hpp", ".cpp"):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            problems += check_text(path, file.read())
    return problems


if __name__ == "__main__":
    sys.exit(sources.main(check, "coroutine traps"))
