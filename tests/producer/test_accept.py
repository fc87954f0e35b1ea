import pytest

from producer.accept import accepted
from producer.files import Format, Reject, Rows
from producer.rejects import Rejects
from schemas.errors import Usage
from schemas.lot import Checks

GOOD = {
    "event_id": "e",
    "event_time": 1_767_225_600_000,
    "card_id": "card-1",
    "customer_id": "1",
    "terminal_id": "t1",
    "amount_minor": 100,
    "currency": "EUR",
}
MIXED = Rows(
    lines=[1, 2, 4, 5, 6],
    values=[
        GOOD | {"event_id": "first"},
        GOOD | {"amount_minor": -1},
        GOOD | {"currency": "eur"},
        {name: value for name, value in GOOD.items() if name != "card_id"},
        GOOD | {"event_id": "last"},
    ],
    rejects=[Reject(3, "invalid_json", "no")],
)


def test_good_rows_go_on_and_bad_ones_are_told_in_file_order() -> None:
    """What the scorer would refuse is refused here, with the reason it would give."""
    said: list[str] = []
    batches = list(accepted([MIXED], Format.JSONL, Rejects(said.append), Checks()))
    assert [batch["event_id"].to_pylist() for batch in batches] == [["first", "last"]]
    assert [line.split(": ")[:2] for line in said] == [
        ["line 2", "amount_out_of_range"],
        ["line 3", "invalid_json"],
        ["line 4", "currency_invalid"],
        ["line 5", "missing_field"],
    ]


def test_strict_stops_at_the_first_bad_row() -> None:
    """The rows before it go on, none after it does, and the message names its line and reason."""
    rejects = Rejects(list[str]().append)
    batches = accepted([MIXED, MIXED], Format.JSONL, rejects, Checks(), strict=True)
    assert next(batches)["event_id"].to_pylist() == ["first"]
    with pytest.raises(Usage, match="line 2: amount_out_of_range"):
        next(batches)
    assert rejects.total == 1


def test_cells_of_csv_become_numbers_where_the_contract_has_numbers() -> None:
    """An amount of `100` is a number in CSV and none in JSON, and an id of `0101` is text in both."""
    row = GOOD | {"amount_minor": "100", "event_time": "2026-01-01T00:00:00Z", "card_id": "0101", "latitude": "1.5"}
    rows = Rows([2], [row | {"memo": "", "country": ""}])
    (batch,) = accepted([rows], Format.CSV, Rejects(list[str]().append), Checks())
    (found,) = batch.to_pylist()
    assert (found["amount_minor"], found["card_id"], found["latitude"]) == (100, "0101", 1.5)
    assert (found["memo"], found["country"]) == (None, None)
    rejects = Rejects(list[str]().append)
    assert [len(each) for each in accepted([rows], Format.JSONL, rejects, Checks())] == [0]
    assert rejects.reasons == {"wrong_type": 1}


@pytest.mark.parametrize("style", list(Format))
def test_text_that_is_not_utf8_is_refused(style: Format) -> None:
    """Bytes that are no text, kept as lone surrogates by the readers, never reach the topic."""
    rejects = Rejects(list[str]().append)
    row: dict[str, object] = GOOD | {"memo": "\udcff"}
    if style is Format.CSV:
        row = {name: str(value) for name, value in row.items()}
    assert [len(each) for each in accepted([Rows([1], [row])], style, rejects, Checks())] == [0]
    assert rejects.reasons == {"invalid_utf8": 1}
