"""Transactions out of files and requests, decided as the stream does it."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from support import bank as banks

from models.bank import Bank
from models.churn.weighed import Churn, Times
from models.decide import Decider, Decisions, by_rules
from models.memory import Sight
from models.policy import Policy
from models.predicting.transactions import Decided, Fold
from schemas.lot import Checks

DAY, START = banks.DAY, banks.START
EVENTS, CUT = 900, 300
BANK = Bank()


def decider() -> Decider:
    return by_rules(BANK, Policy())


@cache
def purchases() -> banks.Bank:
    return banks.Bank(seed=3, events=EVENTS, days=70, cards=40)


@cache
def stream() -> tuple[pa.RecordBatch, Sight, Decisions]:
    """The log as the worker sees it: all labels, all rows, in one lot."""
    rows, memory = banks.rows(purchases().log), BANK.memory()
    memory.learn(banks.columns(purchases().labels))
    sight = memory.see(rows)
    return rows, sight, decider().decide(rows, sight)


def plain() -> list[dict[str, Any]]:
    """The log as a program sends it."""
    rows = stream()[0]
    times = rows["event_time"].cast(pa.int64()).to_pylist()
    left_out = {"partition", "offset", "marks", "event_time"}
    return [
        {name: cell for name, cell in row.items() if name not in left_out and cell is not None} | {"event_time": time}
        for row, time in zip(rows.to_pylist(), times, strict=True)
    ]


def verdicts() -> list[dict[str, Any]]:
    return banks.verdicts(purchases().labels)


def decided(pieces: int = 1, **given: Any) -> list[Decided]:
    """The end of the log, in so many pieces, after its beginning as history."""
    fold, rows = Fold(BANK, decider(), **given), plain()
    fold.learn(verdicts())
    fold.remember(rows[:CUT])
    asked = rows[CUT:]
    size = -(-len(asked) // pieces)
    return [fold.decide(asked[start : start + size]) for start in range(0, len(asked), size)]


def transaction(number: int, at: int, **more: object) -> dict[str, object]:
    ids = {"event_id": f"n{number}", "card_id": "c", "customer_id": "7", "terminal_id": "t"}
    return {**ids, "event_time": at, "amount_minor": 1_000, "currency": "EUR", **more}


@pytest.mark.parametrize("pieces", [1, 7])
def test_the_same_log_gives_the_bits_of_the_stream(pieces: int) -> None:
    """However the rows are cut, features, margins, scores, outcomes and reasons are those of the worker's own path."""
    _, sight, wanted = stream()
    parts = decided(pieces)
    features = np.concatenate([each.decisions.features for each in parts])
    assert features.tobytes() == sight.features[CUT:].tobytes()
    for name in ("raw_margin", "score", "outcome"):
        found = np.concatenate([getattr(each.decisions, name) for each in parts])
        assert found.tobytes() == getattr(wanted, name)[CUT:].tobytes()
    reasons = [one["reasons"] for each in parts for one in each.fields()]
    assert reasons == [wanted.reasons(row) for row in range(CUT, len(sight.at))]
    assert sum(map(bool, reasons)) > 10


@pytest.mark.parametrize("forgotten", ["labels", "history", "order"])
def test_the_comparison_notices_what_is_forgotten(forgotten: str) -> None:
    """Whoever leaves something out of the log, or folds it in another order, has other bits."""
    fold, rows = Fold(BANK, decider()), plain()
    fold.learn([] if forgotten == "labels" else verdicts())
    fold.remember([] if forgotten == "history" else rows[:CUT])
    asked = sorted(rows[CUT:], key=lambda row: str(row["event_id"])) if forgotten == "order" else rows[CUT:]
    found = fold.decide(asked).decisions.features
    assert np.sort(found, axis=0).tobytes() != np.sort(stream()[1].features[CUT:], axis=0).tobytes()


def test_marks_of_the_log_are_found_again() -> None:
    """Late and redelivered rows are marked as in the stream; those whose windows reach before the history are cold."""
    rows, sight, _ = stream()
    [part] = decided()
    since = int(rows["timestamp"][0].as_py())
    cold = sight.at[CUT:] - 30 * DAY < since
    assert (part.sight.marks & 512 != 0).tolist() == cold.tolist() == part.cold.tolist()
    assert 0 < cold.sum() < len(cold)
    assert (part.sight.marks & ~np.uint32(512)).tolist() == sight.marks[CUT:].tolist()
    assert sight.marks[CUT:].any()


def test_a_history_is_brought_into_the_order_of_arrival() -> None:
    """Whoever exports the history sorted by card gets the same features."""
    rows, (expected,) = plain(), decided()
    fold = Fold(BANK, decider())
    fold.learn(verdicts()[::-1])
    fold.remember(sorted(rows[:CUT], key=lambda each: str(each["card_id"])))
    found = fold.decide(rows[CUT:])
    late = (expected.sight.marks & 48) != 0
    assert found.decisions.features[~late].tobytes() == expected.decisions.features[~late].tobytes()


@pytest.mark.parametrize(
    ("labels", "history", "since", "cold"),
    [
        (None, None, None, True),
        ([], None, None, True),
        (None, [transaction(1, START)], None, True),
        ([], [transaction(1, START)], None, False),
        ([], [transaction(1, START + 9 * DAY)], None, True),
        ([], None, START, False),
        ([], [transaction(1, START + 9 * DAY)], START, False),
    ],
)
def test_what_nobody_gave_is_said_to_be_unknown(
    labels: list[Any] | None, history: list[Any] | None, since: int | None, cold: bool
) -> None:
    """Warm is only what has verdicts and a history over its longest window, or whose history is said to be whole."""
    fold = Fold(BANK, decider(), complete_since_ms=since)
    if labels is not None:
        fold.learn(labels)
    if history is not None:
        fold.remember(history)
    [one] = fold.decide([transaction(2, START + 31 * DAY)]).fields()
    assert one["cold_state"] is cold
    assert ("cold_state" in one["marks"]) is cold


def test_bad_rows_are_refused_as_by_the_stream_and_disturb_nobody() -> None:
    """Each refusal has its row, reason and detail; the neighbours are decided as if it were not there."""
    rows = [transaction(1, START), transaction(2, START, amount_minor="1000"), "x", transaction(3, START + 1)]
    found = Fold(BANK, decider()).decide(rows)  # type: ignore[arg-type]
    assert [(each.row, str(each.reason)) for each in found.lot.refusals] == [(1, "wrong_type"), (2, "wrong_type")]
    assert found.lot.index.tolist() == [0, 3]
    assert [one["features"][7] for one in found.fields()] == [1.0, 2.0]


def test_a_time_of_arrival_is_checked_and_used() -> None:
    """A transaction long before its event is of the future, as in the stream; an impossible arrival is refused."""
    rows = [transaction(1, START, timestamp=START - DAY), transaction(2, START, timestamp=5)]
    found = Fold(BANK, decider()).decide(rows)
    assert "future" in found.fields()[0]["marks"]
    assert [(each.row, str(each.reason)) for each in found.lot.refusals] == [(1, "time_out_of_range")]


def test_card_numbers_are_refused_where_the_settings_refuse_them() -> None:
    """The checks are those of the stream's settings."""
    fold = Fold(BANK, decider(), checks=Checks(reject_pans=True))
    found = fold.decide([transaction(1, START, card_id="4111111111111111")])
    assert [str(each.reason) for each in found.lot.refusals] == ["card_number"]


def test_churn_comes_from_the_look_up() -> None:
    """It is told in the decision; without a look-up the decision says that it was not to be had."""
    asked: list[str] = []

    def look_up(customers: pa.Array, at: Times) -> Churn:
        asked.extend(customers.to_pylist())
        return Churn("g1", np.full(len(at), 250_000, np.int32), np.zeros(len(at), np.int8))

    [one] = Fold(BANK, decider(), look_up=look_up).decide([transaction(1, START)]).fields()
    assert asked == ["7"]
    assert one["churn"] == {"score": 0.25, "status": "fresh", "generation": "g1"}
    assert one["degraded"] == []
    [other] = Fold(BANK, decider()).decide([transaction(1, START)]).fields()
    assert other["churn"]["status"] == "unavailable"
    assert other["degraded"] == ["churn_unavailable"]


def test_reasons_come_with_sentences() -> None:
    """A flag is told in codes for programs and in sentences for people; what is approved has neither."""
    flag, usual = (
        Fold(BANK, decider())
        .decide([transaction(1, START, amount_minor=9_000_000), transaction(2, START, card_id="other")])
        .fields()
    )
    assert len(flag["reasons"]) == len(flag["sentences"]) >= 2
    assert flag["sentences"][0].endswith(".")
    assert (usual["outcome"], usual["reasons"], usual["sentences"]) == ("approve", [], [])


def test_cells_of_text_are_read_as_in_csv() -> None:
    """The same row as text and as JSON gives the same bits."""
    row = transaction(1, START, latitude=1.5)
    text = {name: str(cell) for name, cell in row.items()} | {"timestamp": ""}
    one, other = Fold(BANK, decider()).decide([row]), Fold(BANK, decider()).decide([text], text=True)
    assert one.decisions.features.tobytes() == other.decisions.features.tobytes()
    assert not other.lot.refusals
