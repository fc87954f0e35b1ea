"""`fraudstream models promote`, the real program: which candidates the gates let through, and what they say."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from support.forked import Forked

from models.artefact.golden import choose
from models.artefact.write import Parts, write
from models.judging.contender import Contender
from models.judging.evidence import SECTION, record
from models.judging.figures import About, Report, Weeks
from models.judging.gates import RULES, AsOf
from models.judging.report import judge
from models.judging.rows import Rows
from models.judging.thresholds import Costs, Thresholds
from models.registry.registry import By, Registry

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BY = By("ada", "because", NOW)
FRAUDS, COUNT, DAY = 100, 5_000, 86_400_000
AT = Thresholds(0.5, 0.99)
SPLIT = Weeks(train=(0, 28 * DAY), pick=(35 * DAY, 42 * DAY), test=(49 * DAY, 56 * DAY))
Run = Callable[..., subprocess.CompletedProcess[str]]


def scores(found: int, alarms: int) -> np.ndarray:
    """So many of the frauds and so many genuine ones score high; the rest is guessed."""
    fraud = np.arange(COUNT) < FRAUDS
    score = np.random.default_rng(found).random(COUNT) * 0.4
    score[:found] = 0.9
    score[FRAUDS : FRAUDS + alarms] = 0.9
    assert fraud[:found].all()
    return score


def report(found: int, alarms: int, champion: np.ndarray) -> Report:
    rows = Rows(
        fraud=np.arange(COUNT) < FRAUDS,
        known=np.ones(COUNT, bool),
        amount=np.full(COUNT, 20_000),
        card=np.arange(COUNT),
        day=49 + np.arange(COUNT) % 7,
    )
    entered = [Contender("candidate", scores(found, alarms), AT), Contender("champion", champion, AT)]
    return judge(rows, entered, Costs(), 0, about=About(split=SPLIT), draws=50)


@dataclass(frozen=True)
class Bench:
    """A registry, and candidates of any worth in it."""

    registry: Registry
    folder: Path
    run: Run
    champion: np.ndarray = field(default_factory=lambda: scores(60, 60))

    def enter(self, found: int = 80, alarms: int = 40, against: str = RULES, **changes: Any) -> str:
        """A new version of `fraud`; its reference."""
        kept = {"as_of": AsOf(500, 0), "by_time": True, **changes}
        section = record(report(found, alarms, self.champion), "champion", against, **kept)
        return self.add({SECTION: section})

    def add(self, metrics: dict[str, Any], version: int | None = 2, name: str = "fraud") -> str:
        number = len(list(self.folder.iterdir()))
        rows = np.random.default_rng(number).normal(size=(400, 3))
        model = HistGradientBoostingClassifier(max_iter=3, random_state=number).fit(rows, rows[:, 0] > 0)
        parts = Parts(model, ("a", "b", "c"), version, choose(rows, model.decision_function), NOW, metrics=metrics)
        write(parts, folder := self.folder / str(number))
        return str(self.registry.add(name, folder, BY))

    def promote(self, model: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run("promote", model, "--why", "test", *more)

    def live(self) -> str:
        return str(self.registry.resolve("models:/fraud@champion").digest)


@pytest.fixture
def bench(tmp_path: Path, forked: Forked) -> Bench:
    (folder := tmp_path / "artefacts").mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")}
    env["FRAUDSTREAM_MODELS_ROOT"] = str(tmp_path / "registry")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run("models", *arguments, cwd=Path(__file__).parents[2], env=env)

    return Bench(Registry(tmp_path / "registry"), folder, run)


def refused(done: subprocess.CompletedProcess[str], gates: str, said: str) -> None:
    assert done.returncode == 78, done.stderr
    assert f"is not promoted: {gates}: " in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_better_one_is_promoted_and_every_gate_says_why(bench: Bench) -> None:
    """First against the rules alone, then against the champion of the day."""
    done = bench.promote(bench.enter())
    assert done.returncode == 0, done.stderr
    for gate in ("split", "leak", "enough", "plausible", "recall", "alarms", "average_precision", "cost", "gain"):
        assert f"gate {gate}: passed, " in done.stdout
    assert "accuracy" not in done.stdout
    second = json.loads(bench.promote(bench.enter(found=84, against=bench.live()), "--json").stdout)
    assert (second["version"], second["replaced"]) == (2, 1)
    numbers = {each["gate"]: each["numbers"] for each in second["gates"]}
    assert numbers["recall"] == {"candidate": 0.84, "live": 0.6, "needed": pytest.approx(0.59)}


@pytest.mark.parametrize(
    ("candidate", "gate", "said"),
    [
        ({"as_of": AsOf(500, 3, ("terminal_count_1d",))}, "leak", "3 of 500 rows have other features"),
        ({"as_of": AsOf(0, 0)}, "leak", "0 of 0 rows"),
        ({"by_time": False}, "split", "days that overlap, or on rows drawn at random"),
        ({"found": 99, "alarms": 0}, "plausible", "above 0.97 somebody has to explain it"),
    ],
)
def test_what_is_too_good_is_refused(bench: Bench, candidate: dict[str, Any], gate: str, said: str) -> None:
    """Exit code 78; the message names the gate, every gate is printed, the ledger keeps the refusal."""
    done = bench.promote(bench.enter(**candidate))
    refused(done, f"gate {gate}", said)
    assert f"gate {gate}: failed, " in done.stdout
    assert done.stdout.count("passed, ") == 8
    assert "champion:" not in done.stdout
    entry = bench.registry.read().entries[-1]
    assert (entry.action, [each.gate for each in entry.gates if not each.passed]) == ("refuse", [gate])


def test_accuracy_carries_nobody(bench: Bench) -> None:
    """98 % accuracy with 12 % recall is refused."""
    found = report(12, 12, bench.champion).first.review.tally
    assert (found.accuracy, found.recall) == (pytest.approx(0.98), pytest.approx(0.12))
    done = bench.promote(bench.enter(found=12, alarms=12))
    assert done.returncode == 78
    assert "gate recall: finds 0.120 of the fraud at review_at, needs 0.590" in done.stderr


def test_a_suspicion_can_be_overruled_and_nothing_else(bench: Bench) -> None:
    """On the record; a leak or a bad split cannot."""
    good = bench.promote(bench.enter(found=99, alarms=0), "--override", "plausible", "--json")
    assert good.returncode == 0, good.stderr
    judged = {each["gate"]: each for each in json.loads(good.stdout)["gates"]}
    assert (judged["plausible"]["passed"], judged["plausible"]["overridden"]) == (False, True)
    leaky = bench.promote(bench.enter(as_of=AsOf(500, 1)), "--alias", "challenger", "--override", "leak")
    assert leaky.returncode == 64
    assert "gate leak cannot be overridden" in leaky.stderr
    assert "plausible" in leaky.stderr


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_figures_against_another_champion_are_none(bench: Bench, alias: str) -> None:
    """What was live when the candidate was judged is not what is live now; the way to new figures is said."""
    assert bench.promote(bench.enter()).returncode == 0
    done = bench.promote(bench.enter(found=90), "--alias", alias)
    refused(
        done,
        "gates recall, average_precision, cost, gain",
        f"judged against the rules alone, but live is {bench.live()[:12]}",
    )
    assert "fraudstream evaluate … --against champion" in done.stderr
    other = bench.promote(bench.enter(found=90, against="c" * 64), "--alias", alias)
    refused(other, "gates recall, average_precision, cost, gain", "judged against cccccccccccc")
    assert bench.promote(bench.enter(found=90, against=bench.live()), "--alias", alias).returncode == 0


def test_without_evidence_no_gate_opens(bench: Bench) -> None:
    """Nor with figures that cannot be read; what records them is said."""
    gates = "gates split, leak, enough, plausible, recall, alarms, average_precision, cost, gain"
    refused(bench.promote(bench.add({"average_precision": 0.9})), gates, "has no evidence; `fraudstream train`")
    refused(bench.promote(bench.add({SECTION: {"format": 1}})), gates, "evidence.split")


def test_models_that_only_predict_are_asked_for_their_use(bench: Bench) -> None:
    """They go live for files and requests, and never in the place of one that decides in the stream."""
    done = bench.promote(bench.add({}, version=None, name="iris"))
    assert done.returncode == 0, done.stderr
    assert "gate use: passed, predictions for files and requests only; never decides in the stream" in done.stdout
    assert done.stdout.count("gate ") == 1
    assert bench.promote(bench.enter()).returncode == 0
    refused(bench.promote(bench.add({}, version=None)), "gate use", "decides in the stream; give it a name of its own")
