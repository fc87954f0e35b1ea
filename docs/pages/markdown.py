"""The little of Markdown that the pages need."""

from collections.abc import Iterable, Sequence


def page(*parts: str) -> str:
    """Headings, paragraphs and tables, a blank line between any two."""
    return "\n\n".join(part.strip("\n") for part in parts)


def code(text: object) -> str:
    """Nothing for an empty text: an empty code span does not exist."""
    return f"`{text}`" if str(text) else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
