"""The table is what the folds say, and verdicts are what the labels said by then."""

import random

import numpy as np
import pyarrow as pa
import pytest
from support.card_oracle import lots, stream
from support.labels import DAY, HOUR, Label, columns

from models.features import FEATURES, Places
from models.history import FRAUD, GENUINE, UNKNOWN, Builder, Table, Verdicts
from models.labels import LabelParams

PARAMS = LabelParams(delay_ms=7 * DAY)


def verdicts(*labels: Label, events: tuple[int, ...] = (1, 2, 3)) -> Verdicts:
    return Verdicts.of(np.array(events, np.uint64), columns(labels), PARAMS)


def label(event: int, known_at: int, *, fraud: bool, offset: int = 0) -> Label:
    return Label(event, 1, 1, 100, 0, fraud, known_at, offset=offset)


def test_no_label_is_unknown_and_never_genuine() -> None:
    """Of what nobody spoke about nothing is known."""
    assert verdicts().final().tolist() == [UNKNOWN] * 3
    assert Verdicts.of(np.zeros(0, np.uint64), columns([label(1, 0, fraud=True)]), PARAMS).final().tolist() == []


def test_a_verdict_counts_from_its_step_on() -> None:
    """Not before the delay is over, and then from the next full hour after the grace."""
    found = verdicts(label(2, 3 * DAY, fraud=True))
    assert found.as_of(7 * DAY + HOUR - 1).tolist() == [UNKNOWN] * 3
    assert found.as_of(7 * DAY + HOUR).tolist() == [UNKNOWN, FRAUD, UNKNOWN]
    assert found.known_from()[1] == 7 * DAY + HOUR


def test_the_latest_label_wins_from_when_it_counts() -> None:
    """A correction stands from its own step; before it the first verdict does, in whichever order they come."""
    labels = [label(3, 8 * DAY, fraud=True, offset=1), label(3, 20 * DAY, fraud=False, offset=2)]
    for given in (labels, labels[::-1]):
        found = verdicts(*given)
        assert found.as_of(10 * DAY)[2] == FRAUD
        assert found.as_of(21 * DAY)[2] == GENUINE
        assert found.final()[2] == GENUINE


def test_labels_of_other_events_change_nothing() -> None:
    """Whatever is said of events that are not in the table is left out."""
    assert verdicts(label(4, 0, fraud=True), label(0, 0, fraud=True)).final().tolist() == [UNKNOWN] * 3


@pytest.mark.parametrize("size", [1, 7, 100])
def test_lots_cannot_be_seen_in_the_table(size: int) -> None:
    """However the rows are cut, every column is the same in every bit."""
    rows = stream(5, 400, 9, 2 * HOUR)
    chance = random.Random(3).random
    events = [
        Label(number, 7, 8, 500, row["event_time"], chance() < 0.3, row["event_time"])
        for number, row in enumerate(rows)
    ]
    tables = []
    for cut in (400, size):
        builder = Builder(Places(), labels=PARAMS)
        builder.learn(columns(events))
        tables.append(Table.concat(builder.fold(lot) for lot in lots(rows, cut)))
    whole, parts = tables
    assert len(whole) == 400
    assert whole.event_id.equals(parts.event_id)
    assert whole.features.tobytes() == parts.features.tobytes()
    for name in ("event", "card", "time", "amount", "marks", "hits"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


def test_rows_are_taken_by_number_and_by_truth() -> None:
    """Both give the same rows in every column; nothing of nothing is a table too."""
    builder = Builder(Places())
    table = Table.concat(builder.fold(lot) for lot in lots(stream(6, 50, 3, HOUR), 20))
    chosen = table.take(np.array([3, 10]))
    truth = np.zeros(50, np.bool_)
    truth[[3, 10]] = True
    assert chosen.event_id == table.take(truth).event_id == table.event_id.take(pa.array([3, 10]))
    assert chosen.features.shape == (2, len(FEATURES))
    assert len(Table.concat([])) == len(table.take(np.zeros(50, np.bool_))) == 0
