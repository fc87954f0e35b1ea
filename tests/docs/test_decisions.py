"""Decision records are short and alike."""

import re
from pathlib import Path

PARTS = ["Context", "Decision", "Consequences"]


def test_records_are_numbered_without_gaps(docs: Path) -> None:
    """File names and titles count from one, so that the next number is plain."""
    records = sorted((docs / "decisions").glob("*.md"))
    assert records
    for number, record in enumerate(records, start=1):
        assert record.name.startswith(f"{number:04d}-")
        assert record.read_text("utf-8").startswith(f"# {number}. ")


def test_each_has_its_three_parts(docs: Path) -> None:
    """What was the case, what was decided, what comes of it: in this order, within a page."""
    for record in (docs / "decisions").glob("*.md"):
        text = record.read_text("utf-8")
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == PARTS
        assert len(text.splitlines()) <= 40
