"""`fraudstream train` and `evaluate`, the real program: files in, a judged and registered model out, and live."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv
from support.forked import Forked

from models.judging.ranking import average_precision

Run = Callable[..., subprocess.CompletedProcess[str]]
DAYS = ("--warm-up", "15", "--train", "25", "--pick", "7", "--test", "5", "--folds", "2")
BUDGET = ("--kind", "budget", "--alerts-per-day", "60")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, forked: Forked) -> Run:
    """The program in a folder with simulated transactions, their labels and the truth."""
    folder = tmp_path_factory.mktemp("train")
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env["FRAUDSTREAM_MODELS_ROOT"] = str(folder / "registry")
    env["PYTHONPATH"] = os.pathsep.join([str(folder), str(Path.cwd())])

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = forked.run(*arguments, cwd=folder, env=env, timeout=240)
        assert done.returncode == code, done.stderr
        return done

    (folder / "mine.py").write_text(
        "from sklearn.ensemble import HistGradientBoostingClassifier as Trees\n"
        "def make(seed):\n    return Trees(max_iter=20, random_state=seed)\n"
        "def weak(seed):\n    return Trees(max_iter=1, max_leaf_nodes=2, random_state=seed)\n"
        "def broken(seed):\n    raise RuntimeError('no license')\n"
        "class Mine(Trees):\n    def fit(self, *_):\n        raise RuntimeError('it learnt')\n"
        "def foreign(seed):\n    return Mine(random_state=seed)\n"
    )
    made = ("simulate", "--customers", "1200", "--days", "75", "--seed", "3")
    run(*made, "--out", "events.parquet", "--labels-out", "labels.parquet", "--truth-out", "truth.parquet")
    return run


FILES = ("events.parquet", "--labels", "labels.parquet", "--truth", "truth.parquet")


@pytest.fixture(scope="module")
def folder(run: Run) -> Path:
    """Where the files are; the first model is trained and live."""
    run("train", *FILES, *DAYS, *BUDGET, "--scores-out", "scores.parquet")
    promoted = run("models", "promote", "models:/fraud/1", "--why", "the first", "--override", "plausible", code=64)
    assert "there is nothing to override" in promoted.stderr
    run("models", "promote", "models:/fraud/1", "--why", "the first")
    shown = json.loads(run("models", "show", "models:/fraud/1", "--json").stdout)
    return Path(shown["folder"]).parents[2]


def metrics(run: Run, model: str) -> Any:
    return json.loads(run("models", "show", model, "--json").stdout)["manifest"]["metrics"]


def test_what_was_trained_is_judged_and_registered(run: Run, folder: Path) -> None:
    """Every figure is in the artefact, beside card and plots; the live one passes every check again."""
    report = metrics(run, "models:/fraud/1")["report"]
    assert [each["name"] for each in report["contenders"]] == [
        "fraud",
        "logistic regression",
        "rules only",
        "accept all",
    ]
    assert report["about"]["simulated"] is True
    assert {each["name"] for each in report["contenders"][0]["scenarios"]} > {"stolen_card", "compromised_terminal"}
    assert len(report["prequential"]["folds"]) == 2
    files = {path.name for path in (folder / "registry" / "fraud" / "1").iterdir()}
    assert files >= {"model_card.md", "report.json", "precision_recall.svg", "thresholds.svg", "recall_by_day.svg"}
    assert "to the last bit; stream" in run("models", "verify", "models:/fraud/1").stdout


def test_row_scores_are_those_of_the_report(run: Run, folder: Path) -> None:
    """Whoever computes the figure anew from the rows finds the same."""
    rows = pq.read_table(folder / "scores.parquet")
    test = rows.filter(pa.compute.and_(pa.compute.equal(rows["period"], "test"), rows["is_fraud"].is_valid()))
    fraud = test["is_fraud"].to_numpy()
    found = average_precision(fraud.astype(np.bool_), test["score"].to_numpy())
    assert found == metrics(run, "models:/fraud/1")["report"]["contenders"][0]["average_precision"]
    assert set(rows["period"].to_pylist()) == {"train", "pick", "test"}


def test_the_same_again_is_the_same_model(run: Run, folder: Path) -> None:
    """Data, seed and settings make the content digest, and nothing else does."""
    digests = set()
    for out in ("one", "two"):
        run("train", *FILES, *DAYS, "--out", out, "--name", "other", "--estimator", "mine:make", "--folds", "1")
        digests.add(json.loads((folder / out / "manifest.json").read_text())["content"])
    assert len(digests) == 1
    assert "already" in run("train", *FILES, *DAYS, "--out", "one", code=64).stderr


def test_a_worse_candidate_is_refused_by_name_of_the_gate(run: Run, folder: Path) -> None:
    """It is compared with what is live on the same days, and again when somebody evaluates it."""
    run("train", *FILES, *DAYS, *BUDGET, "--estimator", "mine:weak")
    refused = run("models", "promote", "models:/fraud/2", "--why", "hope", code=78)
    assert "gate average_precision" in refused.stderr
    told = run(
        "evaluate", *FILES, *DAYS, "-m", "models:/fraud/2", "--against", "champion", "--record", "--out", "again"
    )
    assert "models:/fraud@c" in told.stdout
    assert "recorded as models:/fraud/3" in told.stderr
    assert (folder / "again" / "model_card.md").read_text().startswith("# models:/fraud/2")
    evidence = metrics(run, "models:/fraud/3")["evidence"]
    live = json.loads(run("models", "show", "models:/fraud@champion", "--json").stdout)["manifest"]["content"]
    assert evidence["champion"]["digest"] == live
    assert evidence["as_of"]["different"] == 0 < evidence["as_of"]["rows"]
    assert "gate average_precision" in run("models", "promote", "models:/fraud/3", "--why", "hope", code=78).stderr


def test_a_table_of_any_origin_trains_and_is_judged(run: Run, folder: Path) -> None:
    """Other names, numbers as ids, amounts in major units, the verdict in the same table, days given by date."""
    events, truth = pq.read_table(folder / "events.parquet"), pq.read_table(folder / "truth.parquet")
    known = dict(zip(*(truth[name].to_pylist() for name in ("event_id", "is_fraud")), strict=True))
    foreign = pa.table(
        {
            "TRANSACTION_ID": pa.array(range(len(events))),
            "TX_DATETIME": [f"{time:%Y-%m-%d %H:%M:%S}" for time in events["event_time"].to_pylist()],
            "CUSTOMER_ID": [float(each.split("-")[-1]) for each in events["card_id"].to_pylist()],
            "TERMINAL_ID": [int(each.split("-")[-1]) for each in events["terminal_id"].to_pylist()],
            "TX_AMOUNT": [each / 100 for each in events["amount_minor"].to_pylist()],
            "TX_FRAUD": [int(known[each]) for each in events["event_id"].to_pylist()],
        }
    )
    csv.write_csv(foreign, folder / "foreign.csv")
    fields = {
        "event_id": "TRANSACTION_ID",
        "event_time": "TX_DATETIME",
        "card_id": "CUSTOMER_ID",
        "terminal_id": "TERMINAL_ID",
        "amount": "TX_AMOUNT",
        "is_fraud": "TX_FRAUD",
    }
    told = [part for field, column in fields.items() for part in ("--map", f"{field}={column}")]
    dates = ("--train-from", "2026-01-15", "--train-until", "2026-02-05", "--test-from", "2026-02-19")
    done = run(
        *("train", "foreign.csv", *told, "--label-delay", "7d", *dates, "--test-until", "2026-02-26"),
        *("--pick", "5", "--json", "--out", "foreign-model", "--scores-out", "foreign-scores.csv"),
    )
    report = json.loads(done.stdout)
    assert (report["data"]["first_day"], report["data"]["last_day"]) == ("2026-02-19", "2026-02-25")
    assert report["contenders"][0]["auc"] > 0.7
    assert report["about"]["simulated"] is None
    scores = csv.read_csv(folder / "foreign-scores.csv")
    assert scores.column_names == ["event_id", "event_time", "period", "score", "raw_margin", "outcome", "is_fraud"]
    evaluated = json.loads(
        run(
            *("evaluate", "foreign.csv", *told, "--label-delay", "7d", "-m", "foreign-model", "--train", "0"),
            *("--pick", "0", "--warm-up", "20", "--test", "7", "--json"),
        ).stdout
    )
    assert [each["name"] for each in evaluated["contenders"]] == ["foreign-model", "rules only", "accept all"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["events.parquet"], "nothing says which transactions were fraud"),
        (["nothing.parquet"], "nothing.parquet"),
        ([*FILES], "begins"),
        ([*FILES, *DAYS, "--kind", "best"], "--kind best"),
        ([*FILES, *DAYS, "--estimator", "mine:nothing"], "--estimator mine:nothing"),
        ([*FILES, *DAYS, "--train-from", "2026-01-15"], "fixed days need"),
        ([*FILES, *DAYS, "--scores-out", "scores.xls"], "--scores-out scores.xls"),
        ([*FILES, *DAYS, "--name", "../up"], "../up"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: list[str], said: str) -> None:
    """In a sentence with what to do, and without leaving anything behind."""
    done = run("train", *arguments, code=64)
    assert said in done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_estimator_that_fails_shows_its_own_error(run: Run) -> None:
    """It is somebody's code: they need to see where it went wrong."""
    assert "no license" in run("train", *FILES, *DAYS, "--estimator", "mine:broken", code=1).stderr


def test_an_estimator_that_no_artefact_may_hold_is_refused_before_it_learns(run: Run) -> None:
    """Its type is named, with what makes it trusted."""
    refused = run("train", *FILES, *DAYS, "--estimator", "mine:foreign", code=78)
    assert "--estimator mine:foreign: holds the type mine.Mine, which is not trusted" in refused.stderr
    assert "models.trusted" in refused.stderr
