"""Writes the pages that are made from the code; with --check it writes nothing and names those that are stale."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pages import cli, dead_letters, events, metrics, reasons, settings, topics

FOLDER: Final = Path(__file__).parent
NOTE: Final = "<!-- Made by docs/generate.py. Change the code, then run `make docs`. -->\n\n"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings.page,
    "metrics.md": metrics.page,
    "events.md": events.page,
    "cli.md": cli.page,
    "dead-letters.md": dead_letters.page,
    "topics.md": topics.page,
    "reasons.md": reasons.page,
}


def pages() -> dict[str, str]:
    """The text of each page, by file name; the same whenever the code is the same."""
    return {name: NOTE + page().rstrip("\n") + "\n" for name, page in PAGES.items()}


def stale(folder: Path) -> list[str]:
    return [name for name, text in pages().items() if not _is(folder / name, text)]


def write(folder: Path) -> None:
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")


def main(arguments: Sequence[str], folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell which pages are stale; exit code 1 if any is")
    if not parser.parse_args(arguments).check:
        write(folder)
        return 0
    found = stale(folder)
    for name in found:
        print(f"{name} is not what the code says; run `make docs`", file=sys.stderr)
    return 1 if found else 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
