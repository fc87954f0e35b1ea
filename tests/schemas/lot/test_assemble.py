import numpy as np
import pyarrow as pa

from schemas.contracts import LABEL
from schemas.lot.assemble import Coordinates, assembled
from schemas.lot.checks import Checks
from schemas.lot.columns import Columns
from schemas.lot.part import Part
from schemas.lot.table import Refusal
from schemas.verdicts import Mark, Reason

COLUMNS = Columns(LABEL.schema)
LABELLED = {"terminal_id": "t", "amount_minor": 1, "currency": "EUR", "event_time": 1_700_000_000_000}
KEYS = pa.array([b"c0", b"c1", b"c2", b"c3", None], pa.large_binary())


def test_refusals_of_both_kinds_are_sorted_and_rows_keep_their_coordinates() -> None:
    """What could not be read and what broke a rule stand together; the rest is numbered by the input."""
    labels = [
        {"event_id": event, "card_id": card, "is_fraud": True, "source": "s"} | LABELLED
        for event, card in (("a", "c0"), ("", "c2"), ("b", "c4"))
    ]
    unread = [Refusal(3, Reason.TRUNCATED, "cut"), Refusal(1, Reason.EMPTY, "no value")]
    part = Part(COLUMNS.from_records(labels).columns, np.array([0, 2, 4]), unread)
    numbers = np.arange(10, 15)
    lot = assembled(part, Coordinates(numbers.astype(np.int32), numbers, numbers, KEYS), COLUMNS.lot, Checks())
    assert [(each.row, each.reason) for each in lot.refusals] == [
        (1, Reason.EMPTY),
        (2, Reason.EMPTY_FIELD),
        (3, Reason.TRUNCATED),
    ]
    assert list(lot.index) == [0, 4]
    assert lot.rows.column("offset").to_pylist() == [10, 14]
    assert lot.rows.column("marks").to_pylist() == [0, Mark.KEY_MISSING]
