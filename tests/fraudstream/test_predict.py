"""`fraudstream models predict`, the real program: files in and out, exit codes, what is left after a kill."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from skops.io import dumps
from support import bank as banks
from support import registered
from support.forked import Forked
from support.registered import Shop

from schemas.settings import Settings
from schemas.settings.models import Models

Run = Callable[..., subprocess.CompletedProcess[str]]
TAUGHT = ["I enjoyed that movie", "That movie is dull", "Great acting", "Awful acting"]
MEASURES = ("length", "width")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, forked: Forked) -> Path:
    """Two models of MLflow: reviews, and a pair of numbers; the second is live."""
    folder = tmp_path_factory.mktemp("models")
    rows = [[1.0, 2.0], [2.0, 1.0], [8.0, 9.0], [9.0, 7.5]]
    saved(folder / "flowers", LogisticRegression().fit(rows, [0, 0, 1, 1]), [(name, "double") for name in MEASURES])
    saved(folder / "reviews", make_pipeline(CountVectorizer(), LogisticRegression()).fit(TAUGHT, [1, 0, 1, 0]), [])
    env = environment(folder)
    for name in ("flowers", "reviews"):
        done = forked.run("models", "import", name, "--name", name, "--why", "to be asked", cwd=folder, env=env)
        assert done.returncode == 0, done.stderr
    done = forked.run("models", "promote", "models:/flowers/1", "--why", "the only one", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return folder


def saved(folder: Path, model: object, columns: list[tuple[str, str]]) -> None:
    folder.mkdir()
    (folder / "model.skops").write_bytes(dumps(model))
    described: dict[str, object] = {
        "flavors": {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}
    }
    if columns:
        inputs = [{"type": kind, "name": name, "required": True} for name, kind in columns]
        described["signature"] = {"inputs": json.dumps(inputs)}
    (folder / "MLmodel").write_text(yaml.safe_dump(described))


def environment(folder: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    return env | {"FRAUDSTREAM_MODELS_ROOT": str(folder / "registry")}


@pytest.fixture
def predict(tmp_path: Path, forked: Forked, registry: Path) -> Run:
    def predict(model: str, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return forked.run(
            "models", "predict", "-m", model, *arguments, cwd=tmp_path, env=environment(registry), typed=typed
        )

    return predict


def test_the_command_of_the_tutorials(predict: Run, tmp_path: Path) -> None:
    """A CSV in, a CSV out: ids beside prediction and score, and a line that says what became of it."""
    (tmp_path / "batch_input.csv").write_text("id,length,width\nx,1,1\ny,9,8\n")
    done = predict("models:/flowers/Production", "-i", "batch_input.csv", "-o", "batch_output.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "batch_output.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(each["id"], each["prediction"]) for each in rows] == [("x", "0"), ("y", "1")]
    assert all(0.5 > float(each["score"]) > 0 or each["prediction"] == "1" for each in rows)
    digest = hashlib.sha256((tmp_path / "batch_output.csv").read_bytes()).hexdigest()
    assert f"2 of 2 rows predicted, 0 rejects: batch_output.csv sha256={digest} in " in done.stdout


def test_a_pipe_is_read_as_json_and_answered_as_mlflow_does(predict: Run) -> None:
    """Nothing but the answer is on standard output."""
    done = predict("models:/flowers/1", typed='{"data": [[1, 1], [9, 8]]}')
    assert (done.returncode, done.stdout) == (0, '{"predictions": [0, 1]}\n')
    done = predict("models:/flowers/1", "-t", "csv", typed="width,length\n1,1\n")
    assert done.stdout.splitlines()[0] == "prediction,score"


def test_an_incomplete_output_is_written_and_said(predict: Run, tmp_path: Path) -> None:
    """The good rows are there, the others are listed beside them; the exit code tells a scheduler."""
    (tmp_path / "in.csv").write_text("id,length,width\nx,1,1\ny,wide,8\n")
    done = predict("models:/flowers/1", "-i", "in.csv", "-o", "out.json")
    assert done.returncode == 64
    assert "row 2, column length: the cell is not a number" in done.stderr
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": [0]}
    [reject] = (tmp_path / "out.json.rejects.jsonl").read_text().splitlines()
    assert json.loads(reject)["row"] == 2
    assert predict("models:/flowers/1", "-i", "in.csv", "-o", "out.json", "--max-rejects", "0.5").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-i", "localhost:9092"), "fraudstream score"),
        (("-i", "kafka://broker/transactions"), "fraudstream score"),
        (("-i", "transactions"), "fraudstream score"),
        (("-i", "missing.csv"), "no such file"),
        (("-i", "."), "folder"),
        (("-i", "in.xlsx"), "-t csv"),
        (("-i", "in.csv", "-o", "in.csv"), "the input itself"),
        (("-i", "in.csv", "-o", "missing/out.csv"), "folder"),
        (("-i", "in.csv", "-o", "out.xlsx"), "suffix"),
        (("-i", "in.csv", "-o", "out.csv", "-t", "parquet"), "in.csv"),
        (("-i", "in.csv", "-o", "out.csv", "--threshold", "2"), "threshold"),
        (("-i", "other.csv", "-o", "out.csv"), "no column width"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    arguments: tuple[str, ...], said: str, predict: Run, tmp_path: Path
) -> None:
    """No traceback, no output, exit code 64."""
    (tmp_path / "in.csv").write_text("length,width\n1,1\n")
    (tmp_path / "in.xlsx").write_text("")
    (tmp_path / "other.csv").write_text("length,height\n1,1\n")
    done = predict("models:/flowers/1", *arguments)
    assert done.returncode == 64, done.stderr
    assert said in done.stderr
    assert "fix: " in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", "in.xlsx", "other.csv"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-i", "k.csv", "--rejects", "k.csv"),
        ("-i", "k.csv", "--rejects", "symlink.csv"),
        ("-i", "k.csv", "-o", "hardlink.csv"),
        ("-i", "k.csv", "-o", "new.csv", "--rejects", "./new.csv"),
        ("-i", "k.csv", "-o", "out.csv", "--rejects", "out.csv"),
        ("-i", "k.csv", "-o", "h.csv", "--history", "h.csv"),
        ("-i", "k.csv", "-o", "out.csv", "--history", "h.csv", "--rejects", "h.csv"),
        ("-i", "k.csv", "-o", "l.csv", "--labels", "l.csv"),
        ("-i", "k.csv", "-o", "out.csv", "--labels", "l.csv", "--rejects", "l.csv"),
        ("-i", "out.csv.rejects.jsonl", "-o", "out.csv"),
    ],
)
def test_no_file_is_written_over_another_one_of_the_command(
    arguments: tuple[str, ...], predict: Run, tmp_path: Path
) -> None:
    """Whatever they are called: nothing is read, nothing is written, and nothing is taken away."""
    for name in ("k.csv", "h.csv", "l.csv", "out.csv", "out.csv.rejects.jsonl"):
        (tmp_path / name).write_text("length,width\n1,1\n")
    (tmp_path / "symlink.csv").symlink_to("k.csv")
    (tmp_path / "hardlink.csv").hardlink_to(tmp_path / "k.csv")
    before = {each.name: each.read_text() for each in tmp_path.iterdir()}
    done = predict("models:/flowers/1", *arguments)
    assert (done.returncode, "itself" in done.stderr, "fix: name another file" in done.stderr) == (64, True, True)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == before


def test_outputs_in_one_folder_have_each_its_own_rejects(predict: Run, tmp_path: Path) -> None:
    """Also where only the suffixes differ."""
    (tmp_path / "in.csv").write_text("length,width\n1,wide\n")
    for name in ("out.csv", "out.parquet"):
        assert predict("models:/flowers/1", "-i", "in.csv", "-o", name).returncode == 64
        assert (tmp_path / f"{name}.rejects.jsonl").exists()


def test_rejects_may_go_to_a_device_and_it_stays(predict: Run, tmp_path: Path) -> None:
    """With rejects or without."""
    (tmp_path / "in.csv").write_text("length,width\n1,1\n1,wide\n")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        try:
            predict("models:/flowers/1", "-i", "in.csv", "-o", "out.csv", "--rejects", "pipe")
            assert b"wrong_type" in reader.communicate(timeout=30)[0]
        finally:
            reader.kill()
    assert (tmp_path / "pipe").is_fifo()


def test_a_model_that_is_not_there_is_a_matter_of_configuration(predict: Run) -> None:
    """And says what there is."""
    done = predict("models:/nobody/1", typed='{"data": []}')
    assert (done.returncode, "flowers" in done.stderr) == (78, True)


def test_raw_transactions_are_scored_with_what_is_known_of_their_cards(
    tmp_path: Path, forked: Forked, cashier: Shop
) -> None:
    """The second half of a log after the first, with its verdicts: flags with reasons, ids beside them."""
    columns = ("event_id", "event_time", "card_id", "customer_id", "terminal_id", "amount_minor", "currency")
    rows = pa.table({name: registered.rows()[name] for name in columns})
    rows = rows.set_column(1, "event_time", rows["event_time"].cast(pa.int64()))
    pq.write_table(rows.slice(0, 2_000), tmp_path / "before.parquet")
    pa_csv.write_csv(rows.slice(2_000), tmp_path / "now.csv")
    (tmp_path / "verdicts.jsonl").write_text(
        "\n".join(json.dumps(each) for each in banks.verdicts(registered.purchases().labels))
    )
    env = environment(cashier.folder)

    def predict(*arguments: str) -> subprocess.CompletedProcess[str]:
        told = ("models", "predict", "-m", "models:/fraud/Production", "-i", "now.csv", "-o", "out.csv")
        return forked.run(*told, *arguments, cwd=tmp_path, env=env)

    done = predict("--history", "before.parquet", "--labels", "verdicts.jsonl")
    assert done.returncode == 0, done.stderr
    assert "before.parquet: 2,000 rows" in done.stderr
    with (tmp_path / "out.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [each["event_id"] for each in found] == rows["event_id"].slice(2_000).to_pylist()
    assert {each["outcome"] for each in found} == {"approve", "review", "block"}
    assert all(len(each["reasons"].split()) >= 2 for each in found if each["outcome"] != "approve")
    assert "--history" in predict().stderr
    assert "no such file" in predict("--history", "missing.csv").stderr
    done = predict("--history", "before.parquet", "-o", "-")
    assert done.stdout.splitlines()[0].startswith("event_id,")
    assert "decider.live" in done.stderr


@pytest.fixture(scope="module")
def cashier(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A registry whose champion decides transactions, with its policy."""
    folder = tmp_path_factory.mktemp("fraud")
    settings = Settings(models=Models(root=folder / "registry"))
    shop = Shop(settings, folder)
    shop.champion()
    return shop


def test_ten_thousand_sentences_take_seconds(predict: Run, tmp_path: Path) -> None:
    """A batch, a single one, and a file of them in far less than the minute that is allowed."""
    assert predict("models:/reviews/1", typed='{"inputs": ["I enjoyed that", "Dull movie"]}').stdout == (
        '{"predictions": [1, 0]}\n'
    )
    assert predict("models:/reviews/1", typed='{"inputs": "Great movie"}').stdout == '{"predictions": [1]}\n'
    lines = "".join(f"{number},{TAUGHT[number % 4]}\n" for number in range(10_000))
    (tmp_path / "reviews.csv").write_text("id,text\n" + lines)
    began = time.monotonic()
    done = predict("models:/reviews/1", "-i", "reviews.csv", "-o", "out.csv")
    assert time.monotonic() - began < 60
    assert "10,000 of 10,000 rows predicted" in done.stdout
    with (tmp_path / "out.csv").open() as file:
        assert [int(each["prediction"]) for each in csv.DictReader(file)] == [1, 0] * 5_000


@pytest.mark.parametrize(("how", "left"), [(signal.SIGKILL, 1), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_kill_leaves_what_was_there_before(
    how: signal.Signals, left: int, tmp_path: Path, registry: Path, predict: Run
) -> None:
    """In the middle of a file. Whoever is asked to end takes away what it began, too, and else the next run does."""
    (tmp_path / "out.csv").write_text("before")
    rows = "".join(f"{number:0600},1.5,2.5\n" for number in range(15_000))
    (tmp_path / "in.csv").write_text("id,length,width\n" + rows)
    options = ["-m", "models:/flowers/1", "-i", "in.csv", "-o", "out.csv"]
    command = [sys.executable, "-c", SLOW, "models", "predict", *options]
    env = environment(registry) | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"half" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(how)
        assert process.wait(30) == (-how if left else 128 + how)
    assert (tmp_path / "out.csv").read_text() == "before"
    assert bool(list(tmp_path.glob(".part-*"))) == bool(left)
    assert predict(*options[1:]).returncode == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", "out.csv"]


SLOW = """
import os, signal, sys, time
from batch.predicting import run
signal.signal(signal.SIGHUP, signal.SIG_DFL)
before = run._one
def slowly(*arguments):
    if arguments[2].numbers[0] > 1:
        os.write(2, b"half way\\n")
        time.sleep(60)
    return before(*arguments)
run._one = slowly
from fraudstream.cli import main
main()
"""
