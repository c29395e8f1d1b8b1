#!/usr/bin/env python3
"""Gathers changelog/*.md into the Unreleased part of CHANGELOG.md. --check: fails when that is not up to date."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def gathered():
    lines = ["# Changelog", "", f"## Unreleased ({(ROOT / 'VERSION').read_text().strip()})", ""]
    for path in sorted((ROOT / "changelog").glob("*.md")):
        if path.name != "README.md":
            area = path.name.split("-", 1)[0]
            lines.append(f"- **{area}**: {path.read_text().strip()}")
    return "\n".join(lines) + "\n"


def main():
    target = ROOT / "CHANGELOG.md"
    if "--check" in sys.argv:
        if not target.exists() or target.read_text() != gathered():
            print("CHANGELOG.md is not up to date: run scripts/changelog.py")
            return 1
        return 0
    target.write_text(gathered())
    return 0


if __name__ == "__main__":
    sys.exit(main())
