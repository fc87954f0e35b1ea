from typing import Any

import pytest

from schemas.contracts import LABEL, TRANSACTION
from schemas.lot.text import Cells

CELLS = Cells(TRANSACTION.schema)


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("amount_minor", "123", 123),
        ("amount_minor", "-7", -7),
        ("amount_minor", "+7", 7),
        ("amount_minor", "007", 7),
        ("amount_minor", "12.0", "12.0"),
        ("amount_minor", " 12", " 12"),
        ("amount_minor", "1_000", "1_000"),
        ("amount_minor", "١٢", "١٢"),
        ("amount_minor", "1e3", "1e3"),
        ("latitude", "52.5", 52.5),
        ("latitude", "-.5", -0.5),
        ("latitude", "5.", 5.0),
        ("latitude", "1e-3", 0.001),
        ("latitude", "nan", "nan"),
        ("latitude", "inf", "inf"),
        ("latitude", "0x10", "0x10"),
        ("event_time", "1700000000123", 1_700_000_000_123),
        ("event_time", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("card_id", "123", "123"),
        ("card_id", "", ""),
        ("merchant_category", 5411, 5411),
    ],
)
def test_text_becomes_a_value_only_where_it_plainly_is_one(name: str, cell: object, value: object) -> None:
    """Everything else stays text, for the strict types to refuse."""
    found = CELLS.typed({name: cell})[name]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("name", ["memo", "channel", "latitude", "merchant_category", "amount_minor", "event_time"])
def test_an_empty_cell_is_no_value(name: str) -> None:
    """Of an optional field or a number; a required string stays empty, so that it is named as empty."""
    assert CELLS.typed({name: ""}) == {}


def test_cells_without_a_field_are_left_out() -> None:
    """Unknown columns, cells beyond the header (under None) and cells a short row lacks."""
    row: dict[Any, object] = {"card_id": "c", "note": "x", None: ["y"], "memo": None}
    assert CELLS.typed(row) == {"card_id": "c"}


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("false", False), ("True", "True"), ("1", "1")])
def test_booleans_are_spelled_one_way(cell: str, value: object) -> None:
    """As JSON spells them."""
    assert Cells(LABEL.schema).typed({"is_fraud": cell})["is_fraud"] is value or value == cell
