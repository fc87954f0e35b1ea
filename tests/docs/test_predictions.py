"""The page on predictions: each cell of its table is tried, in JSON and in CSV."""

import json
import re
from pathlib import Path

import pytest

from models.predicting.reading import Code
from models.predicting.signature import Column, Signature, Type
from models.predicting.taking import take
from schemas.tables import csv_body, json_body

PAGE = (Path(__file__).parents[2] / "docs" / "predictions.md").read_text("utf-8")
CELLS = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| `?([\w.]+)`? \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("kind", "cell", "said"), CELLS)
def test_a_cell_becomes_what_the_page_says(kind: str, cell: str, said: str) -> None:
    """A value, or the code of its refusal."""
    model = Signature("numbers", (Column("x", Type(kind)),))
    text = json.loads(cell) if cell.startswith('"') else cell
    for table in (json_body(f'{{"data": [[{cell}]]}}'.encode()).table, csv_body(f"x\n{text}\n".encode())):
        taken = take(model, table)
        found = taken.refused[0].code if taken.refused else str(taken.rows[0, 0])
        assert found == said


def test_every_type_and_every_code_is_on_the_page() -> None:
    """And the table of cells is not empty."""
    assert len(CELLS) > 10
    assert all(f"`{each}`" in PAGE for each in [*Type, *Code])
