import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from schemas.contracts import LABEL, TRANSACTION
from schemas.lot import SCHEMA, Checks, Decoder, Raw, from_mappings
from schemas.verdicts import Mark, Reason

Event = Callable[..., dict[str, Any]]


def test_rows_make_the_lot_that_messages_make(
    event: Event, raw: Callable[..., Raw], framed: Callable[..., bytes], decoder: Callable[..., Decoder]
) -> None:
    """The same events give the same contract columns through Avro, JSON, mappings and CSV."""
    events = [event(), event(memo=None, channel=None, latitude=None), event(amount_minor=0, country=None)]
    avro = decoder().decode(raw([framed(**each) for each in events]))
    spoken = decoder().decode(raw([json.dumps(each).encode() for each in events]))
    typed = from_mappings(events, Checks())
    text = from_mappings(csv.DictReader(io.StringIO(written(events))), Checks(), text=True)
    for lot in (spoken, typed, text):
        assert contract_columns(lot.rows).equals(contract_columns(avro.rows))
        assert lot.refusals == ()


def contract_columns(rows: pa.RecordBatch) -> pa.RecordBatch:
    return rows.select([each["name"] for each in TRANSACTION.schema["fields"]])


def written(events: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(events[0]))
    writer.writeheader()
    writer.writerows(events)
    return out.getvalue()


def test_coordinates_are_positions(event: Event) -> None:
    """No partition, the position as offset, the event's own time as record time."""
    lot = from_mappings([event(event_id="a"), {}, event(event_id="b", event_time=1_600_000_000_000)], Checks())
    assert lot.rows.schema == SCHEMA
    assert lot.rows.column("partition").to_pylist() == [-1, -1]
    assert lot.rows.column("offset").to_pylist() == list(lot.index) == [0, 2]
    assert lot.rows.column("timestamp").to_pylist() == [1_700_000_000_123, 1_600_000_000_000]


def test_keys_and_partitions_are_not_looked_at(event: Event) -> None:
    """There are none, so that strict keys refuse nothing; card numbers are looked for all the same."""
    checks = Checks(strict_keys=True, partitions=6)
    lot = from_mappings([event(), event(memo="4111111111111111")], checks)
    assert lot.rows.column("marks").to_pylist() == [0, Mark.CARD_NUMBER]


def test_bad_rows_are_refused_among_good_ones(event: Event) -> None:
    """Each by its reason and position, whatever it is."""
    rows: list[Any] = [event(), {"event_id": "x"}, 7, event(currency="eur"), event(amount_minor="9"), event()]
    lot = from_mappings(rows, Checks())
    assert list(lot.index) == [0, 5]
    assert [(each.row, each.reason) for each in lot.refusals] == [
        (1, Reason.MISSING_FIELD),
        (2, Reason.WRONG_TYPE),
        (3, Reason.CURRENCY_INVALID),
        (4, Reason.WRONG_TYPE),
    ]


def test_empty_cells_of_required_fields(event: Event) -> None:
    """An empty number is missing, an empty string is empty."""
    text = written([event(amount_minor=""), event(card_id=""), event(memo="")])
    lot = from_mappings(csv.DictReader(io.StringIO(text)), Checks(), text=True)
    assert [each.reason for each in lot.refusals] == [Reason.MISSING_FIELD, Reason.EMPTY_FIELD]
    assert lot.rows.column("memo").to_pylist() == [None]


def test_no_rows() -> None:
    """An empty file is an empty lot."""
    lot = from_mappings([], Checks())
    assert (lot.rows.num_rows, lot.rows.schema, lot.index.size, lot.refusals) == (0, SCHEMA, 0, ())


def test_labels_too() -> None:
    """Another flat contract gives its own columns."""
    label = {"event_id": "e", "card_id": "c", "terminal_id": "t", "amount_minor": 5, "currency": "EUR"}
    rest = {"event_time": 1_700_000_000_000, "is_fraud": False, "source": "matured"}
    lot = from_mappings([label | rest, label | rest | {"source": ""}], Checks(), contract=LABEL)
    assert lot.rows.column("is_fraud").to_pylist() == [False]
    assert lot.refusals[0].reason == Reason.EMPTY_FIELD
