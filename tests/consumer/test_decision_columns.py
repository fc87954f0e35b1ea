"""Decisions written in columns have the bytes that fastavro gives them one by one, whatever they hold."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.answered import PARTITIONS, Row, Shared, answered_of, lot_of
from support.mutant import changed
from support.pace import times_as_fast

from consumer import decision_columns
from consumer.decision_columns import InColumns
from consumer.decision_rows import ByRows
from consumer.decisions import Desk
from consumer.epochs import BACKLOG
from consumer.judged import Answered
from models.churn.weighed import STATUSES
from models.decide import ModelRef
from models.features import FEATURES
from models.rules import RULES, Status
from schemas.contracts import DECISION
from schemas.encoding import encoder, header
from schemas.framing import SINGLE_OBJECT_HEADER, Framing
from schemas.verdicts import Mark
from schemas.writing import Writer
from schemas.writing.page import AT_ONCE

AVRO = (Framing.SINGLE_OBJECT, Framing.CONFLUENT)
SCHEMA_ID = 70_001
WIDTH = len(FEATURES)
TEXTS = st.text(max_size=20)
LONGS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, -1, 63, 64, -64, -65, 2**63 - 1, -(2**63)])
DOUBLES = st.floats(allow_nan=True) | st.sampled_from([0.0, -0.0, 5e-324, float("nan")])
TIMES = st.integers(946_684_800_000, 4_102_444_799_999)
BITS = st.integers(0, sum(Mark))

rows = st.builds(
    Row,
    **dict.fromkeys(("event_id", "card_id", "customer_id", "terminal_id", "currency"), TEXTS),
    event_time=TIMES,
    amount_minor=LONGS,
    partition=st.integers(0, PARTITIONS - 1),
    offset=st.integers(0, 2**63 - 1),
    score=DOUBLES,
    raw_margin=DOUBLES,
    outcome=st.integers(0, 2),
    statuses=st.tuples(*[st.sampled_from([int(each) for each in Status])] * len(RULES)),
    reasons=st.lists(st.sampled_from(["amount_high", "nacht_größe", "x" * 200, ""]), max_size=4).map(tuple),
    features=st.tuples(*[DOUBLES] * WIDTH),
    marks=BITS,
    decided_marks=BITS,
    churn=st.integers(-1, 1_000_000),
    churn_code=st.integers(0, len(STATUSES) - 1),
)
shared = st.builds(
    Shared,
    model=st.builds(ModelRef, TEXTS, TEXTS, TEXTS),
    policy=TEXTS,
    degraded=st.lists(TEXTS, max_size=3).map(tuple),
    generation=st.none() | TEXTS,
    topic=TEXTS,
    now_ms=LONGS,
    epochs=st.tuples(*[LONGS] * PARTITIONS),
)


def register(_: object) -> int:
    return SCHEMA_ID


def both(of: Answered, style: Framing) -> tuple[list[bytes], list[bytes]]:
    by_rows = ByRows(encoder(DECISION, style, register))
    return InColumns(Writer(DECISION, header(DECISION, style, register)))(of), by_rows(of)


def made_up(count: int) -> list[Row]:
    """The same ones every time."""
    chance = np.random.default_rng(7)
    return [
        Row(
            event_id=f"e-{number}" * int(chance.integers(1, 4)),
            amount_minor=int(chance.integers(-(2**40), 2**40)),
            partition=number % PARTITIONS,
            offset=int(chance.integers(0, 2**50)),
            score=float(chance.random()),
            outcome=int(chance.integers(0, 3)),
            statuses=tuple(chance.integers(0, 4, len(RULES)).tolist()),
            reasons=("amount_high", "night_online", "x", "y")[: int(chance.integers(0, 5))],
            features=tuple(chance.normal(size=WIDTH).tolist()),
            marks=int(chance.integers(0, sum(Mark) + 1)),
            decided_marks=int(chance.integers(0, sum(Mark) + 1)),
            churn=int(chance.integers(-1, 1_000_000)),
            churn_code=number % len(STATUSES),
        )
        for number in range(count)
    ]


@given(st.lists(rows, max_size=4), shared, st.sampled_from(AVRO), st.data())
def test_the_bytes_are_those_of_one_by_one(
    some: list[Row], given_to_all: Shared, style: Framing, data: st.DataObject
) -> None:
    """Any value of any field, any rows of the lot, in both framings of Avro."""
    written = data.draw(st.lists(st.integers(0, len(some) - 1), max_size=4)) if some else []
    in_columns, by_rows = both(answered_of(some, given_to_all, sorted(written)), style)
    assert in_columns == by_rows


def test_many_rows_are_written_in_pieces() -> None:
    """More than fit at once, all of them or some; the lot may be a part of a larger table."""
    some = made_up(2 * AT_ONCE + 7)
    everything = list(range(len(some)))
    whole = lot_of([Row(event_id="before"), *some, Row(event_id="behind")])
    sliced = type(whole)(whole.rows.slice(1, len(some)), np.arange(len(some)), ())
    for written, lot in ((everything, None), (everything[::5], None), (everything, sliced)):
        in_columns, by_rows = both(answered_of(some, Shared(), written, lot), Framing.SINGLE_OBJECT)
        assert in_columns == by_rows


def test_lots_of_one_writer_may_have_less_in_common() -> None:
    """What was the same in all rows of one lot is another in the next, and the old one again after that."""
    usual, other = Shared(), Shared(policy="another", degraded=("a",), generation=None, topic="t", now_ms=5)
    columns = InColumns(Writer(DECISION, b""))
    by_rows = ByRows(lambda record: encoder(DECISION, Framing.SINGLE_OBJECT)(record)[SINGLE_OBJECT_HEADER:])
    for shared_by_all in (usual, other, Shared(now_ms=6), usual):
        of = answered_of(made_up(3), shared_by_all, [0, 2])
        assert columns(of) == by_rows(of)


def test_rows_that_were_filtered_are_written_as_they_are() -> None:
    """What Arrow keeps of a table, of which rows were refused, has its own offsets."""
    some = made_up(20)
    kept = np.arange(20) % 3 > 0
    left = [row for row, one in zip(some, kept, strict=True) if one]
    lot = type(lot_of(some))(lot_of(some).rows.filter(pa.array(kept)), np.flatnonzero(kept), ())
    in_columns, by_rows = both(answered_of(left, Shared(), list(range(len(left))), lot), Framing.SINGLE_OBJECT)
    assert in_columns == by_rows


def test_a_desk_writes_by_rows_only_where_it_must() -> None:
    """Avro goes in columns; JSON, which few want and nobody in a hurry, row by row."""
    for style in Framing:
        values = Desk.of("flags", None, style, register).values
        assert isinstance(values, ByRows if style is Framing.JSON else InColumns)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("churn.weighed != UNKNOWN", "churn.weighed > 0"),
        ("judged.marks", "judged.sight.marks"),
        ("Longs(of.epochs)", "Longs(of.epochs * 0)"),
        ("decided.hits @", "(decided.statuses > 0) @"),
        ("which[row] = ", "which[row] = 0 * "),
    ],
)
def test_a_mistake_would_be_seen(before: str, after: str) -> None:
    """The comparison above can fail."""
    wrong = changed(decision_columns, (before, after))["InColumns"]
    of = answered_of([*made_up(50), Row(churn=0)], Shared(epochs=(1, 2, 3)), list(range(51)))
    writer = Writer(DECISION, header(DECISION, Framing.SINGLE_OBJECT))
    assert wrong(writer)(of) != ByRows(encoder(DECISION, Framing.SINGLE_OBJECT))(of)


def test_without_a_compiler_the_bytes_are_the_same() -> None:
    """The same functions, as plain Python in another process."""
    script = (
        "from support.answered import *; import importlib.util, sys; "
        f"spec = importlib.util.spec_from_file_location('columns', {__file__!r}); "
        "tests = importlib.util.module_from_spec(spec); spec.loader.exec_module(tests); print(tests.digest())"
    )
    environment = _here() | {"NUMBA_DISABLE_JIT": "1"}
    plain = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True, timeout=120
    )
    assert plain.stdout.strip() == digest()


def _here() -> dict[str, str]:
    paths = map(str, (Path(__file__).parents[2], Path(__file__).parents[1]))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def digest() -> str:
    some = [*made_up(30), Row(amount_minor=-(2**63), score=float("nan"))]
    of = answered_of(some, Shared(generation="2026", degraded=("a", "b")), list(range(len(some))))
    records = Desk.of("flags", "scores", Framing.SINGLE_OBJECT).records(of.judged, of.now, lambda _: 5, 1)
    return sha256(repr([list(each.calls()) for each in records]).encode()).hexdigest()


def test_in_columns_is_much_faster() -> None:
    """A thousand decisions take less than a tenth of the time that they take one by one.

    A fiftieth is usual; a change that brings back a Python object for each field would be seen here.
    """
    of = answered_of(made_up(1_000), Shared(), list(range(1_000)))
    columns, by_rows = InColumns(Writer(DECISION, b"")), ByRows(encoder(DECISION, Framing.SINGLE_OBJECT))
    assert times_as_fast(lambda: columns(of), lambda: by_rows(of)) > 10


def test_everything_is_compiled_before_the_first_decision() -> None:
    """Whatever is written afterwards, and to which topics."""
    script = (
        "from support.answered import *; from consumer import decision_headers as headers; "
        "from consumer.decisions import Desk; from models.bank import Bank; from schemas.framing import Framing; "
        "from schemas.writing import kernel; from consumer.warming import warm\n"
        "loops = (kernel.find, kernel.write, headers.put_places, headers.put_times)\n"
        "compiled = lambda: [len(each.signatures) for each in loops]\n"
        "assert compiled() == [0, 0, 0, 0]\n"
        "warm(Bank())\n"
        "for scores in (None, 'scores'):\n"
        "    for rows in ([], [Row()], [Row(), Row(outcome=2)]):\n"
        "        of = answered_of(rows, Shared(), [])\n"
        "        Desk.of('f', scores, Framing.SINGLE_OBJECT).records(of.judged, of.now, lambda _: 5, 1)\n"
        "assert compiled() == [1, 1, 1, 1], compiled()\n"
    )
    subprocess.run([sys.executable, "-c", script], env=_here(), check=True, timeout=120)


@pytest.mark.parametrize("backlog", [False, True])
@pytest.mark.parametrize("scores", [None, "scores"])
@pytest.mark.parametrize("outcomes", [(), (0,), (1,), (0, 2, 0, 1)])
def test_flags_stand_on_their_own_topic(outcomes: tuple[int, ...], scores: str | None, backlog: bool) -> None:
    """Before the scores, the same bytes; in a backlog on that of the scores alone, where there is one."""
    some = [Row(outcome=outcome, offset=place, partition=place % 2) for place, outcome in enumerate(outcomes)]
    of = answered_of(some, Shared(degraded=(BACKLOG,) if backlog else ()), [])
    records = Desk.of("flags", scores, Framing.SINGLE_OBJECT).records(of.judged, of.now, lambda _: 0, 1)
    calls = [call for each in records for call in each.calls()]
    found = [(topic, key, dict(said)["ce_id"], partition) for topic, _, key, partition, said in calls]
    places = [(b"card-1", f"transactions/{place % 2}/{place}".encode(), place % 2) for place in range(len(outcomes))]
    flags = [] if backlog else [("flags", *place) for place, outcome in zip(places, outcomes, strict=True) if outcome]
    assert found == flags + [("scores", *place) for place in places if scores]
    values = {(said[1][1], value) for _, value, _, _, said in calls}
    assert len(values) == len({each for each, _ in values})
