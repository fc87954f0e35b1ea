"""What a model said of each row, as a file: Parquet or CSV, there whole or not at all."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from batch.whole import whole
from models.history import FRAUD, UNKNOWN
from models.judging.splits import Split
from models.policy import Outcome
from models.training.past import Past
from models.training.trial import Player
from schemas.errors import Usage
from schemas.lot.table import TIMESTAMP

SUFFIXES: Final = (".parquet", ".csv")
LOT: Final = 100_000


def check(path: Path) -> None:
    """Before anything is read."""
    if path.suffix.lower() not in SUFFIXES:
        raise Usage(f"--scores-out {path}: the format is not known", fix=f"end it in {' or '.join(SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise Usage(f"--scores-out {path}: there is no such folder", fix="make it, or name another")


def write(path: Path, past: Past, split: Split, player: Player) -> int:
    """Every row of the days that teach, pick and judge, also those without a verdict. Returns their number."""
    names = ("train", "pick", "test") if split.pick != split.train else ("train", "test")
    parts = [rows(past, split, name, player) for name in names]
    table = pa.concat_tables(parts)
    with whole(path) as stream:
        if path.suffix.lower() == ".csv":
            pc.write_csv(table, stream)
        else:
            pq.write_table(table, stream, compression="zstd")
    return len(table)


def rows(past: Past, split: Split, period: str, player: Player) -> pa.Table:
    where, table = past.rows(getattr(split, period)), past.table
    said = past.verdicts.final()[where]
    pieces = [where[first : first + LOT] for first in range(0, len(where), LOT)] or [where]
    margin = np.concatenate([player.scorer.margins(table.features[piece]) for piece in pieces])
    score = np.concatenate([player.scorer.scores(table.features[piece]) for piece in pieces])
    outcome = (score >= player.at.review_at).astype(np.int8) + (score >= player.at.block_at)
    return pa.table(
        {
            "event_id": table.event_id.take(pa.array(where)),
            "event_time": pa.array(table.time[where]).cast(TIMESTAMP),
            "period": pa.array([period] * len(where), pa.string()),
            "score": pa.array(score),
            "raw_margin": pa.array(margin if margin.ndim == 1 else margin[:, -1]),
            "outcome": pa.array([each.symbol for each in Outcome]).take(pa.array(outcome)),
            "is_fraud": pa.array(said == FRAUD, mask=said == UNKNOWN),
        }
    )
