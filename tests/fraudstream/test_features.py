"""`fraudstream features` on files of ours, on tables from elsewhere, and on topics."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fraudstream.commands.features import features
from fraudstream.commands.simulate import simulate
from models.feature_list import FEATURES
from schemas.errors import DependencyAway, Usage
from schemas.framing import Framing
from schemas.settings import Settings

CLASSIC = (
    "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO",
    "0,2018-04-01 00:00:31,596,3156,57.16,31,0,0,0",
    "1,2018-04-01 00:02:10,4961,3412,81.51,130,0,1,2",
    "2,2018-04-01 00:07:56,596,1365,146.005,476,0,0,0",
)
CLASSIC_MAP = [
    "event_id=TRANSACTION_ID",
    "event_time=TX_DATETIME",
    "card_id=CUSTOMER_ID",
    "terminal_id=TERMINAL_ID",
    "amount=TX_AMOUNT",
    "is_fraud=TX_FRAUD",
    "scenario=TX_FRAUD_SCENARIO",
]


@pytest.fixture
def classic(tmp_path: Path) -> list[str]:
    """What to say about it is all on the command line."""
    (tmp_path / "classic.csv").write_text("\n".join(CLASSIC) + "\n", "utf-8")
    return [str(tmp_path / "classic.csv")]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fraudstream", "features", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_table_as_it_lies_about(classic: list[str], tmp_path: Path) -> None:
    """Its columns are named on the command line, and nothing else is to be done."""
    out = tmp_path / "f.parquet"
    told = [part for each in CLASSIC_MAP for part in ("--map", each)]
    done = run(*classic, *told, "--label-delay", "7d", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "wrote 3 rows, 3 of them with a verdict, 0 rejected, to" in done.stderr
    table = pq.read_table(out)
    assert table["event_id"].to_pylist() == ["0", "1", "2"]
    assert table["card_id"].to_pylist() == ["596", "4961", "596"]
    assert table["amount"].to_pylist() == [5716, 8151, 14600]
    assert table["is_fraud"].to_pylist() == [False, True, False]
    assert table["count_1d"].to_pylist() == [1.0, 1.0, 2.0]
    assert {each.name for each in FEATURES} < set(table.schema.names)


def test_our_own_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They need no word, and the same files make the same bytes."""
    files = {"out": tmp_path / "t.parquet", "labels_out": tmp_path / "l.parquet"}
    simulate(count=3_000, seed=1, customers=50, **{name: str(path) for name, path in files.items()})
    outs = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for out in outs:
        features(files=[str(files["out"])], labels=[str(files["labels_out"])], out=out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert pq.read_metadata(outs[0]).num_rows == 3_000
    told = capsys.readouterr().err
    assert "3,000 transactions" in told
    assert "(sha256 " in told


def in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("event_id", "ascending"), ("marks", "ascending")])


def test_topics(settings: Settings, tmp_path: Path) -> None:
    """What they hold gives the features that files of the same simulation give; later verdicts cannot be seen."""
    files = {"out": tmp_path / "t.parquet", "labels_out": tmp_path / "l.parquet"}
    options: dict[str, Any] = {"count": 2_000, "seed": 1, "customers": 50, "start": "2026-01-01T00:00:00Z"}
    simulate(**options, **{name: str(path) for name, path in files.items()})
    names = settings.topics
    target = {"bootstrap": settings.kafka.bootstrap, "framing": Framing.SINGLE_OBJECT}
    simulate(**options, **target, topic=names.transactions, labels_out=names.labels)
    sets = [f"topics.transactions={names.transactions}", f"topics.labels={names.labels}"]
    features(from_topics=True, bootstrap=settings.kafka.bootstrap, sets=sets, out=tmp_path / "topics.parquet")
    features(files=[str(files["out"])], labels=[str(files["labels_out"])], out=tmp_path / "files.parquet")
    one, other = (pq.read_table(tmp_path / name) for name in ("topics.parquet", "files.parquet"))
    assert one.num_rows == 2_000
    for name in (*one.schema.names[:4], *(each.name for each in FEATURES), "marks"):
        np.testing.assert_array_equal(in_order(one)[name], in_order(other)[name], name)


def test_rejects_are_written(tmp_path: Path, classic: list[str]) -> None:
    """Each with its place and reason, also when there are too many; nothing else is."""
    lines = [*CLASSIC[:3], "2,soon,596,1365,1.00,476,0,0,0"]
    Path(classic[0]).write_text("\n".join(lines) + "\n", "utf-8")
    out, rejects = tmp_path / "f.parquet", tmp_path / "rejects.jsonl"
    options: dict[str, Any] = {
        "files": classic,
        "columns": CLASSIC_MAP,
        "label_delay": "7d",
        "rejects": rejects,
        "out": out,
    }
    with pytest.raises(Usage, match="1 of 3 rows cannot be used"):
        features(**options)
    assert not out.exists()
    (found,) = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()]
    assert found["place"] == f"{classic[0]} row 3"
    assert found["reason"] == "wrong_type"
    assert found["detail"].startswith("column TX_DATETIME (event_time) is not a time")
    features(**options, max_rejects=0.5)
    assert pq.read_metadata(out).num_rows == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"files": None}, "there is nothing to read"),
        ({"from_topics": True}, "TRANSACTIONS, --map, --label-delay is about files"),
        ({"label_delay": None}, "nothing says when its verdicts became known"),
        ({"label_delay": "soon"}, "--label-delay soon is no length of time"),
        ({"timezone": "Mars"}, "--timezone Mars is not in this machine's time zone database"),
        ({"labels": ["x.csv"]}, "--labels says where the verdicts are, and so does --map is_fraud"),
        ({"labels": ["x.csv"], "columns": ["scenario=x"]}, "--map scenario goes with is_fraud"),
        ({"label_columns": ["is_fraud=x"]}, "--label-map is about the table of --labels"),
        ({"columns": ["card_id=nobody"]}, "has no column nobody"),
        ({"fills": ["card_id"]}, "--fill card_id is not FIELD=VALUE"),
        ({"out": Path("f.csv")}, "--out f.csv: the table is a Parquet file"),
        ({"rejects": Path("nowhere/r.jsonl")}, "--rejects nowhere/r.jsonl: No such file"),
    ],
)
def test_what_cannot_be_done_is_said(classic: list[str], tmp_path: Path, options: dict[str, Any], said: str) -> None:
    """Before anything is written, with what to do instead."""
    usual = {"files": classic, "columns": CLASSIC_MAP, "label_delay": "7d", "out": tmp_path / "f.parquet"}
    with pytest.raises(Usage, match=said) as caught:
        features(**usual | options)
    assert caught.value.fix
    assert not (tmp_path / "f.parquet").exists()


def test_a_place_that_cannot_be_written(classic: list[str], tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(DependencyAway, match="could not be written"):
        features(files=classic, columns=CLASSIC_MAP, label_delay="7d", out=tmp_path / "nowhere" / "f.parquet")


def test_exit_codes(classic: list[str], tmp_path: Path) -> None:
    """A column that is not there is 64, and one message without a traceback."""
    done = run(*classic, "--map", "card_id=CUSTOMERID", "--out", tmp_path / "f.parquet")
    assert done.returncode == 64
    assert done.stderr.startswith("error: ")
    assert "did you mean CUSTOMER_ID?" in done.stderr
    assert "Traceback" not in done.stderr


def test_numbers_in_columns_of_numbers(tmp_path: Path) -> None:
    """Numeric ids, doubles and timestamps without zone, as notebooks leave them."""
    columns = {
        "TRANSACTION_ID": [0.0, 1.0, 2.0],
        "TX_DATETIME": pa.array([1_522_540_831_000, 1_522_540_930_000, 1_522_541_276_000], pa.timestamp("ms")),
        "CUSTOMER_ID": [596.0, 4961.0, 596.0],
        "TERMINAL_ID": [3156, 3412, 1365],
        "TX_AMOUNT": [57.16, 81.51, 146.005],
        "TX_FRAUD": [0, 1, 0],
        "TX_FRAUD_SCENARIO": [0, 2, 0],
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("\n".join(CLASSIC) + "\n", "utf-8")
    for name in ("t.parquet", "t.csv"):
        features(files=[str(tmp_path / name)], columns=CLASSIC_MAP, label_delay="7d", out=tmp_path / f"{name}.parquet")
    assert (tmp_path / "t.parquet.parquet").read_bytes() == (tmp_path / "t.csv.parquet").read_bytes()
