"""Parts of a page in Markdown, safe with whatever stands in a name."""

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Final

from models.judging.tables import NONE, Table

UNKNOWN: Final = "not known"
SPECIAL: Final = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>|#"})


def section(table: Table) -> list[str]:
    note = [plain(table.note), ""] if table.note else []
    return [f"### {table.title}", "", *note, *markdown(table.head, table.rows)]


def listed(facts: Iterable[tuple[str, str]]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in facts)]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = "|".join(["---", *("---:" for _ in head[1:])])
    return [_line(head), f"|{ruler}|", *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(plain, cells))} |"


def joined(parts: Iterable[Sequence[str]]) -> list[str]:
    return [line for part in parts for line in (*part, "")]


def plain(text: str) -> str:
    """One line of words, whatever stands in a name."""
    return " ".join(text.split()).translate(SPECIAL)


def code(text: str) -> str:
    said = " ".join(text.split()).replace("`", "").replace("|", "\\|")
    return f"`{said}`" if said else ""


def count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def share(value: float) -> str:
    return NONE if isnan(value) else f"{100 * value:.1f} %"


def four(value: float) -> str:
    return NONE if isnan(value) else f"{value:.4f}"
