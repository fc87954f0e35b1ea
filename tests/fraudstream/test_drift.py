"""`fraudstream drift`, the real program: quiet days are as usual, and what moved is named on its first day."""

import datetime as dt
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.forked import Forked

Run = Callable[..., subprocess.CompletedProcess[str]]
LABELS = ("--labels", "labels.parquet")
DAYS = ("--warm-up", "10", "--train", "15", "--pick", "5", "--test", "4", "--folds", "1")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, forked: Forked) -> Run:
    """The program in a folder with a model of 50 days, and 60 days of transactions: as they were, and dearer ones."""
    folder = tmp_path_factory.mktemp("drift")
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env |= {"FRAUDSTREAM_MODELS_ROOT": str(folder / "registry"), "PYTHONPATH": str(Path.cwd())}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run(*arguments, cwd=folder, env=env, timeout=240)

    made = ("--customers", "1800", "--days", "60", "--seed", "8", "--labels-out", "labels.parquet")
    assert run("simulate", *made, "--out", "all.parquet").returncode == 0
    events = pq.read_table(folder / "all.parquet")
    first = events.filter(before(events, 50))
    pq.write_table(first, folder / "first.parquet")
    pq.write_table(first.take(pa.array(range(0, len(first), 2))), folder / "few.parquet")
    dearer = pc.cast(pc.round(pc.multiply(events["amount_minor"], 1.3)), "int64")
    amounts = pc.if_else(before(events, 56), events["amount_minor"], dearer)
    at = events.schema.get_field_index("amount_minor")
    pq.write_table(events.set_column(at, events.schema.field(at), amounts), folder / "dearer.parquet")
    trained = run("train", "first.parquet", *LABELS, *DAYS)
    assert trained.returncode == 0, trained.stderr
    return run


def before(events: pa.Table, day: int) -> pa.ChunkedArray:
    end = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day)
    return pc.less(events["event_time"], pa.scalar(end, events["event_time"].type))


def test_quiet_days_are_as_usual(run: Run) -> None:
    """Every day after the histograms is judged, none is named, the exit code is 0."""
    done = run("drift", "all.parquet", *LABELS, "-m", "models:/fraud/1")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) >= 8
    assert all(line.endswith("as usual") for line in lines)


def test_what_moved_is_named_on_the_day_it_moves(run: Run) -> None:
    """Amounts a third higher from one day on: that day says so, the ones before do not, the exit code is 1."""
    done = run("drift", "dearer.parquet", *LABELS, "-m", "models:/fraud/1", "--json")
    assert done.returncode == 1, done.stderr
    days = json.loads(done.stdout)
    alarmed = [day["day"] for day in days if day["alarms"]]
    assert alarmed[0] == "2026-02-26"
    named = {each["feature"] for day in days for each in day["alarms"] if each["follows"] is None}
    assert named & {"amount_minor", "mean_10min", "mean_1d", "genuine_z", "genuine_ratio", "ratio_median_30d"}


def test_a_model_without_histograms_says_so(run: Run) -> None:
    """With what would give it some; the training told it as well."""
    trained = run("train", "few.parquet", *LABELS, *DAYS, "--name", "few")
    assert "no histograms for `fraudstream drift`" in trained.stderr
    done = run("drift", "all.parquet", *LABELS, "-m", "models:/few/1")
    assert done.returncode == 78
    assert "fix:" in done.stderr
