"""The commands as people type them, on a real past."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.deployment import Deployment
from support.past import decided_again

from consumer.replaying.difference import COLD
from schemas.settings import Settings
from schemas.topics import Role

Run = Callable[..., subprocess.CompletedProcess[str]]
Fields = dict[str, Any]


@pytest.fixture
def run(past: Deployment) -> Run:
    """The command with the topics of these settings, else those of the past."""

    def of(*arguments: str, settings: Settings | None = None) -> subprocess.CompletedProcess[str]:
        topics = (settings or past.settings).topics
        given = past._environment() | {"FRAUDSTREAM_LABELS_STEP": past.settings.labels.step}
        given |= {f"FRAUDSTREAM_TOPICS_{role.upper()}": topics.name(role) for role in Role}
        command = [sys.executable, "-m", "fraudstream", *arguments]
        return subprocess.run(command, env=os.environ | given, capture_output=True, text=True, timeout=120, check=False)

    return of


def flag(past: Deployment) -> Fields:
    return next(each for each in past.read(Role.FLAGS).decisions if not each["marks"] and each["outcome"] == "block")


def test_replay_ends_with_0_when_all_is_equal(run: Run) -> None:
    """It says what was compared, which epochs, and where state came from."""
    found = run("replay", "--from", "2026-02-14T00:00:00Z", "--to", "2026-02-18T00:00:00Z")
    assert (found.returncode, found.stderr.count("Traceback")) == (0, 0), found.stderr
    for words in ("equal: 192 transactions", "partition=00001/", "rules/1", "review_at=0.5"):
        assert words in found.stdout


def test_replay_ends_with_1_when_something_differs(past: Deployment, run: Run) -> None:
    """JSON has every count, and the differences with what was published and what should have been."""
    victim = flag(past)

    def alter(each: Fields) -> Iterator[Fields]:
        if COLD in each["marks"] or each["event_id"] != victim["event_id"]:
            yield each
        else:
            yield each | {"score": 0.75}

    place = victim["source"]
    given = ("--partition", str(place["partition"]), "--from", str(place["offset"]), "--to", str(place["offset"] + 1))
    settings = decided_again(past, alter)
    found = run("replay", *given, "--json", settings=settings)
    assert found.returncode == 1, found.stderr
    said = json.loads(found.stdout)
    assert (said["equal"], said["rows"], said["fields"]) == (False, 1, {"score": 1})
    (difference,) = said["differences"]
    assert (difference["published"], difference["recomputed"]) == (0.75, victim["score"])
    words = run("replay", *given, settings=settings).stdout
    assert f"score is 0.75 in {settings.topics.flags}/{place['partition']}/" in words
    assert f"the logs give {victim['score']!r}" in words
    assert "differs: 1 decisions that differ" in words


def test_replay_of_another_policy_tells_what_it_would_have_cost(run: Run) -> None:
    """Other settings are other rules: thresholds are part of their policy."""
    found = run("replay", "--model", "rules", "--json")
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    assert said["before"] == said["after"]
    assert "no outcome changes" in run("replay", "--model", "rules").stdout


def test_explain_shows_a_decision_and_that_it_comes_out_again(past: Deployment, run: Run) -> None:
    """Features with meanings, contributions, rules, thresholds, churn, epoch, model; and both checks."""
    victim = flag(past)
    found = run("explain", victim["event_id"])
    assert found.returncode == 0, found.stderr
    for words in (
        f"{victim['event_id']}: block, score {victim['score']!r}",
        "review at 0.5, block at 0.9",
        f"digest {victim['model']['digest']}",
        "The amount alone is reason enough to stop.",
        "events of the card in the last hour, with this one",
        "no score, unavailable, generation none",
        "equal: features, score and outcome come out of the logs again, to the last bit",
    ):
        assert words in found.stdout
    place = f"{victim['source']['partition']}/{victim['source']['offset']}"
    said = json.loads(run("explain", victim["event_id"], "--coordinates", place, "--json").stdout)
    assert (said["equal"], said["checks"]) == (True, {"recorded": [], "rebuilt": [], "why_not": ""})
    assert said["features"]["amount_minor"] == {
        "value": victim["features"][0],
        "meaning": "amount in minor units of the reference currency",
    }


def test_explain_ends_with_1_for_an_altered_flag(past: Deployment, run: Run) -> None:
    """The field is named, with what it should be."""
    victim = flag(past)

    def alter(each: Fields) -> Iterator[Fields]:
        yield each | ({"outcome": "review"} if each["event_id"] == victim["event_id"] else {})

    found = run("explain", victim["event_id"], settings=decided_again(past, alter))
    assert found.returncode == 1, found.stderr
    assert "outcome is review" in found.stdout
    assert "it should be block" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("replay", "--from", "yesterday"), "--from yesterday is not a time"),
        (("replay", "--partition", "77"), "has no partition 77"),
        (("replay", "--policy", "policies:/a/1"), "--policy belongs to a model"),
        (("explain", "nobody"), "neither a decision nor a transaction of 'nobody'"),
        (("explain", "e", "--coordinates", "3"), "--coordinates 3 is no place in a topic"),
        (("explain", "e", "--coordinates", "0/1"), "not e"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 64, and what is wrong in words."""
    found = run(*arguments)
    assert (found.returncode, words in found.stderr) == (64, True), found.stderr
