"""Runs the Python code blocks of the READMEs, as they stand there but for the address, one after the
other in one namespace, against a running server. What a line prints must be what the comment behind it
says, where `...` stands for anything.

usage: test_readme.py grpc://HOST:PORT
"""

import contextlib
import fnmatch
import io
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[3]
ADDRESS = "grpc://localhost:8815"
PRINT = re.compile(r"^\s*print\(.*\)  # (.*)$", re.MULTILINE)


def blocks(file):
    return re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.M | re.S)


def is_told(promised, lines):
    """Whether a line printed is as promised; takes it and those before it away."""
    pattern = re.sub(r"([][*?])", r"[\1]", promised).replace("...", "*")
    while lines:
        if fnmatch.fnmatchcase(lines.pop(0), pattern):
            return True
    return False


def run(file, number, block, location, names):
    place = f"{file.relative_to(ROOT)}, Python block {number + 1}"
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block.replace(ADDRESS, location), place, "exec"), names)
    lines = out.getvalue().splitlines()
    for promised in PRINT.findall(block):
        assert is_told(promised, lines), f"{place}: no line {promised!r} in\n{out.getvalue()}"


def main():
    for wrong in ("a [b...", "a b]"):  # the check must see a lie before it is believed
        assert not is_told(wrong, ["a b", "a  [b"]), wrong
    assert is_told('[{"a": 1, ...}]', ["x", '[{"a": 1, "b": 2}]'])
    names = {}
    count = 0
    for file in (ROOT / "README.md", ROOT / "java" / "server" / "README.md"):
        found = blocks(file)
        assert found, f"{file}: no Python blocks"
        for number, block in enumerate(found):
            run(file, number, block, sys.argv[1], names)
            count += 1
    print(f"READMEs: {count} Python blocks: ok")


if __name__ == "__main__":
    main()
