"""Histories of files, made as briefly as a test needs them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from batch.history.assignment import LABELS, TRANSACTIONS, TRUTHS, assignment
from batch.history.file_history import KEPT_BYTES, FileHistory, Origin
from batch.history.files import found
from batch.history.rejects import USUAL_SHARE, Rejects
from batch.history.sheet import Reading
from fraudstream.commands.simulate import simulate
from models.money import Money

DAY_MS = 86_400_000
CLASSIC = (
    "event_id=TRANSACTION_ID",
    "event_time=TX_DATETIME",
    "card_id=CUSTOMER_ID",
    "terminal_id=TERMINAL_ID",
    "amount=TX_AMOUNT",
    "is_fraud=TX_FRAUD",
    "scenario=TX_FRAUD_SCENARIO",
)


@pytest.fixture
def classic_map() -> tuple[str, ...]:
    return CLASSIC


@pytest.fixture
def notes() -> list[str]:
    """What histories said about themselves."""
    return []


@pytest.fixture
def history(notes: list[str]) -> Callable[..., FileHistory]:
    def make(
        *files: Path,
        columns: Sequence[str] = (),
        fills: Sequence[str] = (),
        labels: Sequence[Path] = (),
        label_columns: Sequence[str] = (),
        truths: Sequence[Path] = (),
        delay_ms: int | None = 7 * DAY_MS,
        most: float = USUAL_SHARE,
        kept_bytes: int = KEPT_BYTES,
        money: Money | None = None,
        rejects: Rejects | None = None,
        **reading: Any,
    ) -> FileHistory:
        origin = Origin(
            found([str(each) for each in files]),
            assignment(TRANSACTIONS, columns, fills),
            assignment(LABELS, label_columns),
            assignment(TRUTHS, ()),
            found([str(each) for each in labels]),
            found([str(each) for each in truths]),
            Reading(**reading),
            delay_ms,
            money=money or Money(),
        )
        return FileHistory(origin, rejects or Rejects(most), notes.append, kept_bytes)

    return make


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[..., Path]:
    """Columns as a Parquet file."""

    def write(columns: dict[str, Any], name: str = "table.parquet") -> Path:
        pq.write_table(pa.table(columns), tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def text(tmp_path: Path) -> Callable[..., Path]:
    """Lines as a file."""

    def write(*lines: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
        (tmp_path / name).write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
        return tmp_path / name

    return write


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transactions, labels and truths of one simulation in each of the formats."""
    folder = tmp_path_factory.mktemp("simulated")
    for style in ("parquet", "csv", "jsonl", "avro"):
        names = {option: str(folder / f"{name}.{style}") for option, name in OUTPUTS.items()}
        simulate(count=6_000, seed=5, customers=200, **names)
    return folder


OUTPUTS = {"out": "transactions", "labels_out": "labels", "truth_out": "truths"}


def _classic(rows: int, seed: int) -> pa.Table:
    drawn = np.random.default_rng(seed)
    seconds = np.sort(drawn.integers(0, 20 * DAY_MS // 1000, rows))
    times = pa.array(1_522_540_800_000 + 1000 * seconds).cast(pa.timestamp("ms"))
    fraud = drawn.random(rows) < 0.01
    return pa.table(
        {
            "TRANSACTION_ID": np.arange(rows),
            "TX_DATETIME": times,
            "CUSTOMER_ID": drawn.integers(0, 500, rows),
            "TERMINAL_ID": drawn.integers(0, 1000, rows),
            "TX_AMOUNT": np.round(drawn.gamma(2.0, 30.0, rows), 2),
            "TX_TIME_SECONDS": seconds,
            "TX_TIME_DAYS": seconds // 86_400,
            "TX_FRAUD": fraud.astype(np.int64),
            "TX_FRAUD_SCENARIO": np.where(fraud, drawn.integers(1, 4, rows), 0),
        }
    )


@pytest.fixture(scope="session")
def classic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table as it lies about everywhere, as Parquet with timestamps and as CSV with text."""
    folder = tmp_path_factory.mktemp("classic")
    table = _classic(20_000, 7)
    pq.write_table(table, folder / "classic.parquet")
    words = table.set_column(1, "TX_DATETIME", table["TX_DATETIME"].cast(pa.timestamp("s")).cast(pa.string()))
    arrow_csv.write_csv(words, folder / "classic.csv")
    return folder
