"""`fraudstream offer` on a real Redis: by night and by day from the same model."""

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.forked import Forked

from fraudstream.local.running import Servers
from models.churn.offers import SHIPPED

Offered = Callable[..., Any]


@pytest.fixture
def environment(services: Servers, tmp_path: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")} | {
        "FRAUDSTREAM_REDIS_URL": services.redis_url,
        "FRAUDSTREAM_REDIS_PREFIX": f"offer-{uuid.uuid4().hex}:",
        "FRAUDSTREAM_NIGHTLY_WORK": str(tmp_path / "work"),
        "FRAUDSTREAM_MODELS_ROOT": str(tmp_path / "models"),
    }


@pytest.fixture
def typed(forked: Forked, environment: dict[str, str], tmp_path: Path) -> Offered:
    def run(*words: object, code: int = 0, given: str = "") -> str:
        done = forked.run(*map(str, words), cwd=tmp_path, env=environment, typed=given)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr if code else done.stdout

    return run


def test_by_night_and_by_day(typed: Offered, tmp_path: Path) -> None:
    """The published score is that of the row at hand; an old one changes the offer; strangers have one."""
    typed("churn", "customers", "--count", 1_450, "--out", "known.parquet")
    typed("churn", "customers", "--count", 60, "--seed", 9, "--unlabelled", "--out", "tonight.jsonl")
    typed("churn", "train", "known.parquet", "--estimator", "logistic")
    typed("models", "promote", "models:/churn/1", "--why", "first")
    rows = [json.loads(line) for line in (tmp_path / "tonight.jsonl").read_text().splitlines()]
    row = json.dumps(rows[6])
    early = json.loads(typed("offer", "7", "--row", "-", "--json", given=row))
    assert (early["scored"], early["generation"], early["decile"]) == ("now", None, None)
    typed("nightly", "run", "tonight.jsonl")
    for each in (rows[6], rows[50]):
        customer = each["customer_id"]
        night = json.loads(typed("offer", customer, "--json"))
        day = json.loads(typed("offer", customer, "--row", "-", "--json", given=json.dumps(each)))
        alike = ("score", "decile", "status", "generation", "offer", "reason", "rule")
        assert [night[name] for name in alike] == [day[name] for name in alike]
        assert (night["scored"], day["scored"], day["age_seconds"]) == ("nightly", "now", 0)
    assert early["score"] == json.loads(typed("lookup", "7", "--json"))[0]["score"]
    assert "welcome" in typed("offer", "nobody")
    assert "resting of policy 1" in typed("offer", "7", "--contacted", 3)
    policy = tmp_path / "offers.json"
    everybody = {"rules": [{"offer": "gift", "reason": "For all.", "above": None}], "version": 2}
    policy.write_text(json.dumps(SHIPPED.model_dump() | everybody))
    assert "rules.1 of policy 2" in typed("offer", "7", "--set", f"offers.policy={policy}")
    typed("nightly", "run", "tonight.jsonl", "--as-of", "2026-01-01")
    stale = json.loads(typed("offer", "7", "--json"))
    assert (stale["status"], stale["rule"]) == ("stale", "stale")
    assert json.loads(typed("offer", "7", "--row", "-", "--json", given=row))["status"] == "fresh"
    assert "the row of 7, not of 8" in typed("offer", "8", "--row", "-", given=row, code=64)
    assert "the row has no" in typed("offer", "7", "--row", "-", given="{}", code=64)
    assert "not one JSON object" in typed("offer", "7", "--row", "-", given="[]", code=64)


def test_without_anything_published(typed: Offered, tmp_path: Path) -> None:
    """There is an answer, not an error; a Redis that is away is one, and so is what cannot be read."""
    assert "listen" in typed("offer", "7")
    assert "Redis does not answer" in typed("offer", "7", "--redis", "redis://127.0.0.1:1/0", code=69)
    assert "no such file" in typed("offer", "7", "--row", "none.json", code=64).lower()
    assert "offers.policy none.json" in typed("offer", "7", "--set", "offers.policy=none.json", code=78)
    (tmp_path / "scores.csv").write_text("customer_id,score\n7,0.9\n8,0.1\n")
    typed("nightly", "run", "scores.csv", "--scores")
    assert "retain" in typed("offer", "7")
    assert "was scored elsewhere" in typed("offer", "7", "--row", "-", given="{}", code=64)
