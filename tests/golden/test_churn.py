"""What a tutorial promises of churn scores, on a real Redis, by the commands that it names."""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.forked import Forked

from fraudstream.local.running import Servers

Say = Callable[..., Any]

FIRST = "customer_id,score\n101,.2\n102,.8\n103,.5\n104,.9\n"


@pytest.fixture
def say(services: Servers, forked: Forked, tmp_path: Path) -> Say:
    """One command line, and what it answers; its customers are in a Redis of their own names."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")} | {
        "FRAUDSTREAM_REDIS_URL": services.redis_url,
        "FRAUDSTREAM_REDIS_PREFIX": f"golden-{uuid.uuid4().hex}:",
        "FRAUDSTREAM_NIGHTLY_WORK": str(tmp_path / "work"),
    }

    def run(*words: str) -> Any:
        done = forked.run(*words, "--json", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def publish(say: Say, folder: Path, customers: str, *words: str) -> Any:
    (folder / "scores.csv").write_text(customers)
    return say("nightly", "run", "scores.csv", "--scores", "--as-of", "2025-11-20", *words)


def at_risk(say: Say, *words: str) -> dict[str, bool | None]:
    return {each["customer"]: each["at_risk"] for each in say("lookup", *words)}


def test_who_is_at_risk(say: Say, tmp_path: Path) -> None:
    """Strictly above .6; a fifth customer, of .7, is too; one of exactly .6 is not."""
    assert publish(say, tmp_path, FIRST)["status"] == "published"
    assert at_risk(say, "101", "102", "103", "104") == {"101": False, "102": True, "103": False, "104": True}
    more = ("--override", "rows", "--why", "new customers")
    publish(say, tmp_path, f"{FIRST}105,.7\n106,.6\n", *more)
    assert at_risk(say, "105", "106") == {"105": True, "106": False}


def test_the_threshold_is_a_setting(say: Say, tmp_path: Path) -> None:
    """Another one shows in the answer, with the same scores."""
    publish(say, tmp_path, FIRST)
    assert at_risk(say, "102", "103", "--set", "nightly.threshold=0.4") == {"102": True, "103": True}
    assert at_risk(say, "102", "103", "--set", "nightly.threshold=0.8") == {"102": False, "103": False}
    assert [each["score"] for each in say("lookup", "102", "103")] == ["0.800000", "0.500000"]
