"""Tables of any origin as lots, labels and truths."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.history.file_history import FileHistory
from batch.history.frauds import NO_VERDICT
from batch.history.rejects import Rejects
from models.hashing import hash_strings
from models.labels import LabelColumns
from models.labels.columns import NAMES
from models.money import Money
from schemas.errors import Usage
from schemas.lot import SCHEMA

DAY_MS = 86_400_000
NOON = 1_767_268_800_000
Make = Callable[..., FileHistory]
Text = Callable[..., Path]
Parquet = Callable[..., Path]


def rows_of(history: FileHistory) -> list[dict[str, Any]]:
    return [row for lot in history.transactions() for row in lot.to_pylist()]


def all_of(labels: Iterable[LabelColumns]) -> dict[str, Any]:
    held = list(labels)
    return {name: np.concatenate([getattr(each, name) for each in held]).tolist() for name in NAMES}


def table(**more: Any) -> dict[str, Any]:
    """Three good rows, in order, unless something else is said."""
    usual = {
        "event_time": pa.array([NOON, NOON + 1, NOON + 2], pa.timestamp("ms", "UTC")),
        "card_id": ["a", "b", "a"],
        "terminal_id": ["t", "t", "u"],
        "amount_minor": [100, 200, 300],
        "is_fraud": [False, True, False],
    }
    return usual | more


@pytest.mark.parametrize("name", ["classic.parquet", "classic.csv"])
def test_a_table_as_it_lies_about(history: Make, classic: Path, classic_map: tuple[str, ...], name: str) -> None:
    """Numeric ids, float amounts, a time without zone, labels in the same table: nothing is done by hand."""
    found = history(classic / name, columns=classic_map)
    lots = list(found.transactions())
    assert all(lot.schema.equals(SCHEMA) for lot in lots)
    source = pq.read_table(classic / "classic.parquet").to_pylist()
    rows = [row for lot in lots for row in lot.to_pylist()]
    assert [row["event_id"] for row in rows] == [str(row["TRANSACTION_ID"]) for row in source]
    assert [row["card_id"] for row in rows] == [str(row["CUSTOMER_ID"]) for row in source]
    assert [row["customer_id"] for row in rows] == [str(row["CUSTOMER_ID"]) for row in source]
    assert [row["amount_minor"] for row in rows] == [round(row["TX_AMOUNT"] * 100) for row in source]
    assert [row["event_time"].replace(tzinfo=None) for row in rows] == [row["TX_DATETIME"] for row in source]
    assert [(row["partition"], row["offset"], row["marks"]) for row in rows] == [(0, n, 0) for n in range(len(source))]
    labels = all_of(found.labels())
    assert labels["is_fraud"] == [row["TX_FRAUD"] == 1 for row in source]
    assert labels["known_at"] == [time + 7 * DAY_MS for time in labels["event_time"]]
    truths = found.truths()
    assert truths is not None
    told = dict(zip(truths.event.tolist(), truths.scenario.tolist(), strict=True))
    assert told == {event: str(row["TX_FRAUD_SCENARIO"]) for event, row in zip(labels["event"], source, strict=True)}
    assert found.account.rejected == {}


@pytest.mark.parametrize("style", ["csv", "jsonl", "avro"])
def test_our_own_files_need_no_word(history: Make, simulated: Path, style: str) -> None:
    """Each format gives the same lots, the same labels and the same truths."""
    one, other = (
        history(
            simulated / f"transactions.{each}",
            labels=[simulated / f"labels.{each}"],
            truths=[simulated / f"truths.{each}"],
            delay_ms=None,
        )
        for each in ("parquet", style)
    )
    first, second = (pa.Table.from_batches(list(each.transactions())) for each in (one, other))
    assert first.num_rows == 6_000
    assert first.equals(second)
    assert all_of(one.labels()) == all_of(other.labels())
    assert [each.tolist() for each in one.truths() or ()] == [each.tolist() for each in other.truths() or ()]
    assert one.account.rejected == {}
    assert one.account.transactions == 6_000


def test_it_may_be_asked_again(history: Make, simulated: Path) -> None:
    """Whether rows are kept or read again cannot be seen, and nothing is counted twice."""
    files = {"labels": [simulated / "labels.parquet"], "delay_ms": None}
    kept, again = (history(simulated / "transactions.parquet", kept_bytes=size, **files) for size in (1 << 30, 0))
    for _ in range(2):
        assert pa.Table.from_batches(list(kept.transactions())).equals(
            pa.Table.from_batches(list(again.transactions()))
        )
        assert all_of(kept.labels()) == all_of(again.labels())
    assert str(kept.account) == str(again.account)
    assert again.share == 1.0


@pytest.mark.parametrize("kept_bytes", [0, 1 << 30])
def test_what_is_not_in_order_is_sorted(
    history: Make, simulated: Path, tmp_path: Path, notes: list[str], kept_bytes: int
) -> None:
    """By arrival, and that is said; rows keep the numbers that they have in the file."""
    whole = pq.read_table(simulated / "transactions.parquet")
    order = np.random.default_rng(1).permutation(whole.num_rows)
    pq.write_table(whole.take(pa.array(order)), tmp_path / "mixed.parquet")
    files = {"labels": [simulated / "labels.parquet"], "kept_bytes": kept_bytes}
    mixed = pa.Table.from_batches(list(history(tmp_path / "mixed.parquet", **files).transactions()))
    assert [note for note in notes if "not in order of arrival" in note]
    stamps = mixed["timestamp"].to_numpy()
    assert (stamps[1:] >= stamps[:-1]).all()
    assert sorted(mixed["event_id"].to_pylist()) == sorted(whole["event_id"].to_pylist())
    assert (
        mixed["event_id"].to_pylist() == whole["event_id"].take(pa.array(order[mixed["offset"].to_numpy()])).to_pylist()
    )


def test_files_one_after_the_other(history: Make, parquet: Parquet, notes: list[str]) -> None:
    """Row numbers, and ids made of them, go on through the files; what arrived at once stays in their order."""
    later = table(event_time=pa.array([NOON + 2, NOON + 3, NOON + 3], pa.timestamp("ms", "UTC")))
    files = [parquet(table(), "1.parquet"), parquet(later, "2.parquet")]
    assert [(row["event_id"], row["offset"]) for row in rows_of(history(*files))] == [
        (str(number), number - 1) for number in range(1, 7)
    ]
    assert notes == []
    found = [row["offset"] for row in rows_of(history(*reversed(files)))]
    assert found == [3, 4, 0, 5, 1, 2]
    assert len(notes) == 1


def test_what_a_table_does_not_have(history: Make, parquet: Parquet) -> None:
    """A customer is the card, a currency the one of the settings, a terminal is unknown and a row its number."""
    columns = table()
    del columns["terminal_id"]
    (row, *_) = rows_of(history(parquet(columns), currency="EUR"))
    assert (row["event_id"], row["customer_id"], row["terminal_id"], row["currency"]) == ("1", "a", "unknown", "EUR")
    labels = all_of(history(parquet(columns)).labels())
    assert set(labels["terminal"]) == {0}
    assert int(hash_strings(pa.array(["unknown"]))[0]) != 0


def test_what_is_filled(history: Make, parquet: Parquet) -> None:
    """A constant stands where a cell is empty, or for the whole column."""
    path = parquet(table(terminal_id=["t", None, "u"]))
    rows = rows_of(history(path, fills=["terminal_id=x", "currency=JPY", "channel=ONLINE"]))
    assert [row["terminal_id"] for row in rows] == ["t", "x", "u"]
    assert {(row["currency"], row["channel"]) for row in rows} == {("JPY", "ONLINE")}
    with pytest.raises(Usage, match="--fill amount_minor=x: the value is not a number"):
        rows_of(history(path, fills=["amount_minor=x"]))


def test_optional_fields(history: Make, parquet: Parquet) -> None:
    """They are as in the stream: NaN is nothing, an unknown symbol reads as UNKNOWN."""
    more = {
        "merchant_category": [5411.0, float("nan"), 4829.0],
        "country": ["DE", None, "FR"],
        "channel": ["CHIP", "QUANTUM", None],
        "device_id": [1.0, 2.0, float("nan")],
        "latitude": [1.5, float("nan"), None],
        "memo": ["x", None, ""],
    }
    rows = rows_of(history(parquet(table(**more))))
    names = list(more)
    assert [[row[name] for name in names] for row in rows] == [
        [5411, "DE", "CHIP", "1", 1.5, "x"],
        [None, None, "UNKNOWN", "2", None, None],
        [4829, "FR", None, None, None, ""],
    ]


def test_a_row_that_the_stream_would_refuse_is_refused(history: Make, text: Text) -> None:
    """Each with its reason, the column of the file and its row; its neighbours stay."""
    path = text(
        "id,when,card,eur,is_fraud,country",
        "1,2026-01-01 12:00:00,a,1.00,0,DE",
        "2,2026-01-01 12:00:01,,1.00,0,DE",
        "3,2026-01-01 12:00:02,a,-1.00,0,DE",
        "4,1999-01-01 12:00:00,a,1.00,0,DE",
        "5,2026-01-01 12:00:03,a,1.00,0,Germany",
        "6,2026-01-01 12:00:04,a,1.00,perhaps,DE",
        "7,2026-01-01 12:00:05,a,1.00",
        "8,2026-01-01 12:00:06,a,nan,0,DE",
        f"{'x' * 129},2026-01-01 12:00:07,a,1.00,0,DE",
        "10,2026-01-01 12:00:08,a,12.345,1,DE",
    )
    rejects = Rejects(1.0)
    columns = ["event_id=id", "event_time=when", "card_id=card", "amount=eur"]
    found = history(path, columns=columns, rejects=rejects)
    rejects.first.clear()
    rows = rows_of(found)
    assert [(row["event_id"], row["amount_minor"], row["offset"]) for row in rows] == [("1", 100, 0), ("10", 1234, 9)]
    assert found.account.rejected == {
        "missing_field": 1,
        "amount_out_of_range": 2,
        "time_out_of_range": 1,
        "field_out_of_range": 1,
        "wrong_type": 1,
        "invalid_encoding": 1,
        "too_long": 1,
    }
    assert [str(each).removeprefix(str(path)) for each in rejects.first] == [
        " row 2: missing_field: column card (card_id) is empty",
        " row 3: amount_out_of_range: column eur: amount_minor is not within 0 to 100000000000",
        " row 4: time_out_of_range: column when: event_time is not within 946684800000 to 4102444799999",
        " row 5: field_out_of_range: country is not 2 letters A to Z",
        " row 6: wrong_type: column is_fraud (is_fraud) " + NO_VERDICT,
    ]
    assert all_of(found.labels())["is_fraud"] == [False, True]


def test_too_many_bad_rows_end_it(history: Make, parquet: Parquet) -> None:
    """Before anything is handed out, with the first of them and what to do."""
    amounts = [100] * 999 + [-1]
    columns = {
        "event_time": pa.array(range(NOON, NOON + 1000), pa.timestamp("ms")),
        "card_id": ["a"] * 1000,
        "amount_minor": amounts,
        "is_fraud": [False] * 1000,
    }
    assert len(rows_of(history(parquet(columns)))) == 999
    columns["amount_minor"] = [*amounts[:998], -1, -1]
    with pytest.raises(Usage, match=r"2 of 1,000 rows cannot be used \(amount_out_of_range 2\)") as caught:
        next(history(parquet(columns)).transactions())
    assert "row 999: amount_out_of_range" in caught.value.message
    assert "--max-rejects" in caught.value.fix
    assert len(rows_of(history(parquet(columns), most=0.002))) == 998


def test_redeliveries_are_no_rejects(history: Make, parquet: Parquet) -> None:
    """An event that is there twice is there twice, as in the stream; the folds know it."""
    found = history(parquet(table(event_id=["x", "x", "y"])))
    assert [row["event_id"] for row in rows_of(found)] == ["x", "x", "y"]
    truths = history(
        parquet(table(event_id=["x", "x", "y"], scenario=["1", "2", "0"])), columns=["scenario=scenario"]
    ).truths()
    assert truths is not None
    assert sorted(truths.scenario) == ["0", "1"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"is_fraud": None}, "nothing says which transactions were fraud"),
        ({"card_id": None}, "no column is known to be the card_id"),
        ({"event_time": ["soon", "x", "y"]}, "3 of 3 rows cannot be used"),
        ({"event_time": pa.array([NOON // 1000] * 3)}, "time_out_of_range 3"),
        ({"card_id": [1.5, 2.5, 3.5]}, "wrong_type 3"),
        ({"amount_minor": [1.5, 2.5, 3.5]}, "wrong_type 3"),
        ({"card_id": [[1], [2], [3]]}, "which is no id"),
    ],
)
def test_tables_that_are_none(history: Make, parquet: Parquet, columns: dict[str, Any], said: str) -> None:
    """Each ends with the file, what was wrong and what to do."""
    path = parquet({name: values for name, values in table(**columns).items() if values is not None})
    with pytest.raises(Usage, match=said) as caught:
        rows_of(history(path))
    assert caught.value.fix


@pytest.mark.parametrize(
    "lines", [["event_time,card_id,amount_minor,is_fraud"], ["event_time,card_id,amount_minor,is_fraud", ""]]
)
def test_a_table_without_rows(history: Make, text: Text, lines: list[str]) -> None:
    """A header alone is no history."""
    with pytest.raises(Usage, match="there are no transactions"):
        rows_of(history(text(*lines)))


def test_labels_need_a_time(history: Make, parquet: Parquet, text: Text) -> None:
    """Without it or a delay nobody knows what was known when; empty ones are refused where no delay stands in."""
    with pytest.raises(Usage, match="nothing says when its verdicts became known") as caught:
        rows_of(history(parquet(table()), delay_ms=None))
    assert "--label-delay 7d" in caught.value.fix
    times = pa.array([NOON + 5, None, NOON + 7], pa.timestamp("ms"))
    assert all_of(history(parquet(table(label_time=times))).labels())["known_at"] == [
        NOON + 5,
        NOON + 1 + 7 * DAY_MS,
        NOON + 7,
    ]
    found = history(parquet(table(label_time=times)), delay_ms=None, most=1.0)
    assert all_of(found.labels())["known_at"] == [NOON + 5, NOON + 7]
    assert found.account.rejected == {"missing_field": 1}
    labels = text("event_id,is_fraud", "1,1", name="labels.csv")
    with pytest.raises(Usage, match=r"labels.csv: nothing says when") as caught:
        list(history(parquet(table()), labels=[labels], delay_ms=None).labels())
    assert "--label-map label_time=COLUMN" in caught.value.fix


def test_rows_without_a_verdict_have_no_label(history: Make, parquet: Parquet) -> None:
    """Nothing is unknown, not genuine."""
    found = history(parquet(table(is_fraud=[True, None, False])))
    assert len(rows_of(found)) == 3
    assert all_of(found.labels())["offset"] == [0, 2]


def test_a_table_of_verdicts_is_joined(history: Make, parquet: Parquet, text: Text) -> None:
    """It may know no more than the event; corrected verdicts stay, those on other events are counted."""
    labels = text(
        "tx,fraud,reported",
        "x,no,2026-01-02",
        "x,yes,2026-01-09",
        "z,yes,2026-01-09",
        "y,maybe,2026-01-09",
        name="labels.csv",
    )
    found = history(
        parquet(table(event_id=["x", "y", "w"])),
        labels=[labels],
        label_columns=["event_id=tx", "is_fraud=fraud", "label_time=reported"],
        delay_ms=None,
        most=0.5,
    )
    rows = rows_of(found)
    known = all_of(found.labels())
    assert known["is_fraud"] == [False, True]
    assert known["offset"] == [0, 1]
    assert known["event_time"] == [NOON, NOON]
    assert known["amount"] == [100, 100]
    assert known["terminal"] == [int(hash_strings(pa.array([rows[0]["terminal_id"]]))[0])] * 2
    assert known["known_at"] == [1_767_312_000_000, 1_767_916_800_000]
    assert found.account.strangers == 1
    assert found.account.rejected == {"wrong_type": 1}
    assert str(found.account).endswith("3 transactions, 2 labels, 1 rejected (wrong_type 1), 1 labels of other events")


def test_amounts_of_labels_are_in_the_reference_currency(history: Make, parquet: Parquet) -> None:
    """As those of the transactions they are compared with."""
    money = Money("EUR", {"USD": 500_000})
    found = history(parquet(table(currency=["EUR", "USD", "GBP"])), money=money)
    assert all_of(found.labels())["amount"] == [100, 100, 300]
    labels = parquet(table(event_id=["1", "2", "3"], currency=["USD"] * 3, timestamp=[NOON] * 3), "labels.parquet")
    assert all_of(history(parquet(table()), labels=[labels], money=money).labels())["amount"] == [50, 100, 150]


BOUND = """
import resource, sys
from pathlib import Path
from batch.history.assignment import LABELS, TRANSACTIONS, TRUTHS, assignment
from batch.history.file_history import FileHistory, Origin
from batch.history.files import found
from batch.history.frauds import NO_VERDICT
from batch.history.rejects import Rejects
told = assignment(TRANSACTIONS, sys.argv[2:]), assignment(LABELS, ()), assignment(TRUTHS, ())
history = FileHistory(Origin(found([sys.argv[1]]), *told, delay_ms=1), Rejects(), print, kept_bytes=1 << 22)
rows = sum(lot.num_rows for lot in history.transactions()) + sum(map(len, history.labels()))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_files_in_order(tmp_path: Path) -> None:
    """Eight times the rows need about the same memory."""
    found = []
    for number, groups in enumerate((4, 32)):
        path = tmp_path / f"{number}.parquet"
        rows, writer = 50_000, None
        for group in range(groups):
            ids = np.arange(group * rows, (group + 1) * rows)
            columns = {
                "t": pa.array(NOON + ids, pa.timestamp("ms")),
                "c": ids % 5_000,
                "a": ids % 997,
                "is_fraud": ids % 97 == 0,
            }
            batch = pa.table(columns)
            writer = writer or pq.ParquetWriter(path, batch.schema)
            writer.write_table(batch)
        assert writer is not None
        writer.close()
        told = ["event_time=t", "card_id=c", "amount_minor=a"]
        done = subprocess.run([sys.executable, "-c", BOUND, path, *told], capture_output=True, text=True, check=True)
        counted, megabytes = map(int, done.stdout.split())
        assert counted == 2 * rows * groups
        found.append(megabytes)
    assert found[1] < found[0] + 60
