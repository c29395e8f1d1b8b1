#!/usr/bin/env python3
"""The tree keeps its shape: arrows between modules point down only, every module explains itself, and a few habits
that a compiler cannot check. Prints what is wrong and what to do; exits 1 when anything is."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
problems = []


def problem(path, line, text):
    where = path.relative_to(ROOT)
    problems.append(f"{where}:{line}: {text}" if line else f"{where}: {text}")


def modules_bottom_to_top():
    text = (SRC / "CMakeLists.txt").read_text()
    return re.findall(r"^add_subdirectory\((\w+)\)", text, re.M)


def declared_uses(module):
    text = (SRC / module / "CMakeLists.txt").read_text()
    match = re.search(r"weir_module\(\s*\w+(.*?)\)", text, re.S)
    uses = re.search(r"USES\s+(.*?)(?:LIBRARIES|$)", match.group(1), re.S) if match else None
    return set(uses.group(1).split()) if uses else set()


def reachable(module, uses):
    found, todo = set(), [module]
    while todo:
        for below in uses.get(todo.pop(), ()):
            if below not in found:
                found.add(below)
                todo.append(below)
    return found


def check_layers(order):
    uses = {module: declared_uses(module) for module in order}
    for module in order:
        for below in uses[module]:
            if below not in order:
                problem(SRC / module / "CMakeLists.txt", 0, f"uses {below}, which is no module")
            elif order.index(below) >= order.index(module):
                problem(SRC / module / "CMakeLists.txt", 0, f"uses {below}, which lies above it")
        allowed = reachable(module, uses) | {module}
        for path in sorted((SRC / module).rglob("*.[ch]pp")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'#include "(\w+)/', line)
                if match and match.group(1) not in allowed and match.group(1) != "tests":
                    problem(path, number, f"includes {match.group(1)}, which {module} may not use")
                if match and match.group(1) == "tests" and not re.search(r"_(pg)?test\.cpp$|_fuzz\.cpp$", path.name):
                    problem(path, number, "includes test support outside a test")


def check_modules(order):
    listed = (SRC / "README.md").read_text()
    for module in order:
        if not (SRC / module / "README.md").exists():
            problem(SRC / module, 0, "has no README.md: ten lines on why it exists and what belongs")
        if f"`{module}`" not in listed:
            problem(SRC / "README.md", 0, f"does not name `{module}`")
    for folder in sorted(path.name for path in SRC.iterdir() if any(path.rglob("*.cpp"))):
        if folder not in order:
            problem(SRC / folder, 0, "is not in src/CMakeLists.txt")


def check_sources():
    for top in ("src", "apps", "tests"):
        for path in sorted((ROOT / top).rglob("*.[ch]pp")):
            text = path.read_text()
            lines = text.splitlines()
            if path.suffix == ".hpp" and "#pragma once" not in text:
                problem(path, 0, "has no #pragma once")
            if len(lines) > 500:
                problem(path, 0, f"has {len(lines)} lines: split it (500 at most)")
            for number, line in enumerate(lines, 1):
                if re.search(r"\bdetached\b", line) and "task_group" not in path.name:
                    problem(path, number, "detached: spawn through a TaskGroup")
                if re.search(r"\b(EXPECT|ASSERT)_\w+\(.*co_await", line):
                    problem(path, number, "co_await inside a test macro")
                if re.search(r"//\s*(TODO|FIXME|XXX|HACK)\b", line):
                    problem(path, number, "a mark of unfinished work")


def check_sql():
    for path in sorted(SRC.rglob("sql/*.sql")):
        first = path.read_text().split("\n", 1)[0]
        if not first.startswith("-- "):
            problem(path, 1, "the first line says what the statement is for and what $n are")
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "db/migrations").glob("*.sql"))]
    if numbers != list(range(1, len(numbers) + 1)):
        problem(ROOT / "db/migrations", 0, f"numbers are {numbers}, not 1, 2, 3, …")


def check_decisions():
    numbers = {}
    for path in sorted((ROOT / "docs/adr").glob("*.md")):
        match = re.match(r"(\d{4})-[a-z0-9-]+\.md$", path.name)
        if path.name == "README.md":
            continue
        if not match:
            problem(path, 0, "is not named NNNN-title.md")
            continue
        if match.group(1) in numbers:
            problem(path, 0, f"has the number of {numbers[match.group(1)]}")
        numbers[match.group(1)] = path.name
        for heading in ("Status", "Context", "Decision", "Alternatives", "Consequences"):
            if f"## {heading}" not in path.read_text():
                problem(path, 0, f"lacks the section {heading}")


def main():
    order = modules_bottom_to_top()
    check_layers(order)
    check_modules(order)
    check_sources()
    check_sql()
    check_decisions()
    for line in problems:
        print(line)
    print(f"{len(order)} modules checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
