"""`fraudstream erase` as people type it, on a real Redis."""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from support.forked import Forked

from fraudstream.local.running import Servers

Typed = Callable[..., tuple[str, str]]


@pytest.fixture
def typed(forked: Forked, services: Servers, tmp_path: Path) -> Typed:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")} | {
        "FRAUDSTREAM_REDIS_URL": services.redis_url,
        "FRAUDSTREAM_REDIS_PREFIX": f"erase-{uuid.uuid4().hex}:",
        "FRAUDSTREAM_NIGHTLY_WORK": str(tmp_path / "work"),
        "FRAUDSTREAM_ARCHIVE_URL": str(tmp_path / "archive"),
        "FRAUDSTREAM_ENRICH_FOLDER": str(tmp_path / "copies"),
    }

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        done = forked.run(*words, cwd=tmp_path, env=environment)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    return run


def test_from_the_command_line(typed: Typed, tmp_path: Path) -> None:
    """Dry, then done, then nothing left; verify holds, lookup knows nobody, the log has no id."""
    rows = "".join(f"cust-{number},0.{number:03d}\n" for number in range(100, 200))
    (tmp_path / "scores.csv").write_text(f"customer_id,score\n{rows}")
    typed("nightly", "run", "scores.csv", "--scores", "--as-of", "2026-11-20")
    assert "the customer is in 2 places" in typed("erase", "cust-150", "--dry-run")[0]
    assert typed("lookup", "cust-150")[0].startswith("cust-150  0.150000")
    out, err = typed("erase", "cust-150", "--why", "asked for it", "--who", "ann")
    assert "erased from 2 places" in out
    assert "records in Kafka" in err
    assert "unknown_customer" in typed("lookup", "cust-150")[0]
    assert typed("lookup", "cust-151")[0].startswith("cust-151  0.151000")
    assert "archive: whole" in typed("nightly", "verify")[0]
    log = typed("nightly", "log")[0]
    assert "erased" in log
    assert "asked for it" in log
    assert "cust-150" not in typed("nightly", "log", "--json")[0]
    again = json.loads(typed("erase", "cust-150", "--json")[0])
    assert (again["redis"], again["archive"], again["copies"], again["rejects"]) == ([], [], [], [])
    assert again["not_erased"]


def test_what_is_wrong_is_said(typed: Typed) -> None:
    """Nothing published is no error; no id, and a Redis that is away, are."""
    assert typed("erase", "nobody")[0] == "found nowhere\n"
    assert "an id is needed" in typed("erase", "", code=64)[1]
    assert "Redis does not answer" in typed("erase", "7", "--redis", "redis://127.0.0.1:1/0", code=69)[1]
