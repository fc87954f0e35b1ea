"""`fraudstream nightly` and `fraudstream lookup` as people type them, on a real Redis."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow.csv import write_csv
from redis import Redis
from support.forked import Forked

from fraudstream.commands.steps import Steps
from fraudstream.local.running import Servers, local_redis, started
from models.artefact.load import load

Done = subprocess.CompletedProcess[str]
Typed = Callable[..., Done]

FIRST = "customer_id,score\n" + "".join(f"{number},0.{number:03d}\n" for number in range(1, 300))
SECOND = FIRST.replace("1,0.001\n", "1,0.002\n", 1)


@pytest.fixture
def environment(services: Servers, tmp_path: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")} | {
        "FRAUDSTREAM_REDIS_URL": services.redis_url,
        "FRAUDSTREAM_REDIS_PREFIX": f"typed-{uuid.uuid4().hex}:",
        "FRAUDSTREAM_NIGHTLY_WORK": str(tmp_path / "work"),
        "FRAUDSTREAM_ARCHIVE_URL": str(tmp_path / "archive"),
        "FRAUDSTREAM_MODELS_ROOT": str(tmp_path / "models"),
    }


@pytest.fixture
def typed(forked: Forked, environment: dict[str, str], tmp_path: Path) -> Typed:
    def run(*words: str, code: int = 0) -> Done:
        done = forked.run(*words, cwd=tmp_path, env=environment)
        assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


def publish(typed: Typed, folder: Path, text: str, *words: str, code: int = 0) -> Done:
    (folder / "scores.csv").write_text(text)
    return typed("nightly", "run", "scores.csv", "--scores", "--as-of", "2025-11-20", *words, code=code)


def test_a_night_from_the_command_line(typed: Typed, tmp_path: Path) -> None:
    """Run, run again, another day's, status, log, verify, rollback, prune, lookup: each says what it did."""
    first = publish(typed, tmp_path, FIRST).stdout
    assert "gate rows        passed" in first
    assert "is live: fence 1, replaced none" in first
    assert "nothing was done" in publish(typed, tmp_path, FIRST).stdout
    facts = json.loads(publish(typed, tmp_path, SECOND, "--json").stdout)
    assert (facts["status"], facts["fence"], facts["rows"]) == ("published", 2, 299)
    status = typed("nightly", "status").stdout
    assert f"live      {facts['generation']}, fence 2, of 2025-11-20 00:00 UTC" in status
    assert f"previous  {facts['previous']['generation']}" in status
    assert "lock      free" in status
    assert "2 kept" in status
    assert "archive: whole" in typed("nightly", "verify").stdout
    assert "is live instead of" in typed("nightly", "rollback", "--why", "too soon", "--who", "ann").stdout
    newest, *_ = json.loads(typed("nightly", "log", "--json").stdout)
    assert (newest["event"], newest["by"], newest["why"]) == ("rolled back", "ann", "too soon")
    assert "something else is live since; nothing was done" in publish(typed, tmp_path, SECOND).stdout
    assert typed("nightly", "prune").stdout == "0 removed\n"
    known, stranger = typed("lookup", "299", "nobody", "--set", "enrich.max_age=1s").stdout.splitlines()
    assert known.startswith("299  0.299000  decile 10  not at risk  stale  (20251120-")
    assert stranger.startswith("nobody  unknown_customer  (20251120-")


def test_a_night_in_a_share_of_the_processor(typed: Typed, tmp_path: Path) -> None:
    """Says and does what any other does, and ends as it does; nothing of it is left."""
    paced = ("--set", "nightly.share=0.3")
    assert "is live: fence 1, replaced none" in publish(typed, tmp_path, FIRST, *paced).stdout
    assert "nothing was done" in publish(typed, tmp_path, FIRST, *paced).stdout
    half = FIRST[: len(FIRST) // 2].rpartition("\n")[0] + "\n"
    assert "gate rows:" in publish(typed, tmp_path, half, *paced, code=78).stderr
    assert "lock      free" in typed("nightly", "status").stdout


def test_before_the_first_night(typed: Typed) -> None:
    """Nothing is live, and that is said, not an error; going back or verifying is one."""
    assert typed("nightly", "status").stdout.startswith("live      nothing")
    assert typed("nightly", "log").stdout == "nothing was published yet\n"
    assert "unavailable" in typed("lookup", "7").stdout
    assert "nothing is live" in typed("nightly", "verify", code=64).stderr
    assert "nothing is live" in typed("nightly", "rollback", "--why", "x", code=64).stderr


def test_a_dry_run_and_a_refusal_name_the_gate(typed: Typed, tmp_path: Path) -> None:
    """Exit code 0 for the dry run, 78 for the refusal; an override needs a reason."""
    publish(typed, tmp_path, FIRST)
    fewer = "".join(FIRST.splitlines(keepends=True)[:100])
    assert "it was a dry run" not in publish(typed, tmp_path, fewer, "--dry-run").stderr
    told = publish(typed, tmp_path, fewer, "--dry-run").stdout
    assert "gate rows        REFUSED" in told
    assert "nothing was written: this was a dry run; refused by rows" in told
    assert "gate rows: 99 customers" in publish(typed, tmp_path, fewer, code=78).stderr
    assert "without a reason" in publish(typed, tmp_path, fewer, "--override", "rows", code=64).stderr
    said = publish(typed, tmp_path, fewer, "--override", "rows", "--why", "it is so").stdout
    assert "gate rows        overridden" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nightly", "run"], 64, "no customers are named"),
        (["nightly", "run", "none.csv", "--scores"], 64, "none.csv: there is no such file"),
        (["nightly", "run", "other.csv", "--scores"], 64, "has no column customer_id, score"),
        (["nightly", "run", "other.csv", "--scores", "--id", "a"], 64, "has no column score"),
        (["nightly", "run", "other.csv", "--scores", "--model", "x"], 64, "the scores are there already"),
        (["nightly", "run", "other.csv", "--as-of", "monday"], 64, "--as-of monday is no day"),
        (["nightly", "run", "other.csv", "--as-of", "2026-11-20T10:00:00"], 64, "says no zone"),
        (["nightly", "run", "other.csv", "--as-of", "0001-01-01T00:00:00+14:00"], 64, "is no day"),
        (["nightly", "run", "other.csv"], 78, "churn"),
        (["lookup", "\udcff"], 64, "is no customer id"),
        (["nightly", "verify", "g9"], 64, "'g9' is not in Redis"),
        (["nightly", "status", "--redis", "redis://127.0.0.1:1/0"], 69, "Redis does not answer"),
        (["lookup", "7", "--redis", "redis://127.0.0.1:1/0"], 69, "Redis does not answer"),
        (["lookup", "7", "--set", "enrich.max_age=long"], 78, "enrich.max_age"),
    ],
)
def test_what_is_wrong_is_said(typed: Typed, tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """With the exit code of its kind and what to do."""
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    done = typed(*words, code=code)
    assert said in done.stderr
    assert "fix:" in done.stderr


def test_a_wrong_password_is_said(services: Servers, typed: Typed, environment: dict[str, str]) -> None:
    """Exit code 78: no later run heals it. The password is not told."""
    with Redis.from_url(services.redis_url) as client:
        client.acl_setuser("nightly-test", enabled=True, passwords=["+right"], commands=["+ping"])
        environment["FRAUDSTREAM_REDIS_URL"] = services.redis_url.replace("://", "://nightly-test:wr0ng@")
        try:
            told = typed("lookup", "7", code=78).stderr
        finally:
            client.acl_deluser("nightly-test")
    assert "Redis refuses" in told
    assert "wr0ng" not in told


def test_a_model_of_ours_scores_the_night(typed: Typed, environment: dict[str, str], tmp_path: Path) -> None:
    """Whatever the format of the file, everybody has the score that the model gives; another table is refused."""
    typed("churn", "customers", "--count", "2000", "--out", "people.parquet")
    typed("churn", "train", "people.parquet", "--estimator", "logistic", "--out", "model")
    model = load(tmp_path / "model").churn
    assert model is not None
    people = pq.read_table(tmp_path / "people.parquet")
    [rows] = people.select(model.columns).combine_chunks().to_batches()
    wanted = dict(zip(map(str, people[model.key].to_pylist()), model.score(rows).tolist(), strict=True))
    write_csv(people, tmp_path / "people.csv")
    told = typed("nightly", "run", "people.csv", "--model", "model", "--json").stdout
    facts = json.loads(told)
    assert (facts["rows"], facts["model_digest"]) == (2_000, model.digest)
    answers = json.loads(typed("lookup", *wanted, "--json").stdout)
    assert {each["customer"]: round(float(each["score"]) * 1e6) for each in answers} == wanted
    assert "nothing was done" in typed("nightly", "run", "people.parquet", "--model", "model").stdout
    (tmp_path / "other.csv").write_text(f"{model.key},b\n1,2\n")
    assert "has no column" in typed("nightly", "run", "other.csv", "--model", "model", code=64).stderr


def test_a_redis_in_trouble_is_said(typed: Typed, environment: dict[str, str], tmp_path: Path) -> None:
    """Emptied, read-only, hung, gone: each with its exit code, and nobody waits for long."""
    server = local_redis(tmp_path)
    with started(server), Redis.from_url(server.url) as client:
        environment["FRAUDSTREAM_REDIS_URL"] = server.url
        publish(typed, tmp_path, FIRST)
        client.flushall()
        assert "unavailable" in typed("lookup", "7").stdout
        client.replicaof("127.0.0.1", "1")
        assert "Redis refuses" in publish(typed, tmp_path, FIRST, code=78).stderr
        client.replicaof("NO", "ONE")
        server.pause()
        began = time.monotonic()
        assert "Redis does not answer" in typed("lookup", "7", code=69).stderr
        assert time.monotonic() - began < 15
        server.kill()
        assert "Redis does not answer" in publish(typed, tmp_path, FIRST, code=69).stderr
        server.start()
        assert "is live" in publish(typed, tmp_path, SECOND).stdout


def test_steps_say_how_fast_and_how_long_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the number of rows is known: from the step before, or from what is expected."""
    times = iter([0.0, 0.1, 2.0, 10.0, 12.0])
    monkeypatch.setattr("fraudstream.commands.steps.monotonic", lambda: next(times))
    steps = Steps()
    assert steps.say("scoring", 10)
    assert str(steps) == "scoring"
    assert not steps.say("scoring", 1_000)
    assert (str(steps), steps.share()) == ("scoring 1,000, 500 rows/s", None)
    steps.say("checking", 200)
    assert (str(steps), steps.share()) == ("checking 200, 100 rows/s, 8 s left", 0.2)
