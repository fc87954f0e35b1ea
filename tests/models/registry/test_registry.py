"""Versions, aliases, promotions past gates and ways back, all of it by the ledger."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.artefact.load import Loaded
from models.registry.gates import Gate, Judgement
from models.registry.registry import By, Registry
from schemas.errors import Misconfigured, Usage


def gate(name: str, *, passed: bool) -> Gate:
    judgement = Judgement(passed, f"{name} says {passed}", {"recall": 0.61})
    return Gate(name, lambda candidate, live: judgement, overridable=True)


def live(registry: Registry, alias: str = "champion") -> int | None:
    return registry.resolve(f"models:/fraud@{alias}").version


def test_versions_are_numbered_and_found(filled: Registry, artefacts: list[Path]) -> None:
    """Each by its number; the newest as `latest`; each with the digest the ledger has."""
    assert [filled.resolve(f"models:/fraud/{number}").version for number in (1, 2, 3)] == [1, 2, 3]
    newest = filled.resolve("models:/fraud/latest")
    assert newest.folder == filled.root / "fraud" / "3"
    assert filled.load("models:/fraud/3").manifest.content == newest.digest


def test_a_path_is_a_model_too(filled: Registry, artefacts: list[Path]) -> None:
    """Outside of the registry there is no name and no ledger to hold it to."""
    found = filled.resolve(str(artefacts[0]))
    assert (found.folder, found.name, found.seal) == (artefacts[0], None, None)
    assert filled.load(str(artefacts[0])).exact


@pytest.mark.parametrize(
    ("text", "said", "fix"),
    [
        ("models:/churn/1", "has no model churn", "it has fraud"),
        ("models:/fraud/9", "has no version 9", "it has 1, 2, 3"),
        ("models:/fraud/Production", "has no champion", "promote models:/fraud/3"),
    ],
)
def test_what_is_not_there_is_named(filled: Registry, text: str, said: str, fix: str) -> None:
    """Exit code 78, with what there is."""
    with pytest.raises(Misconfigured, match=said) as error:
        filled.resolve(text)
    assert fix in error.value.fix


def test_promote_and_roll_back(filled: Registry, by: By) -> None:
    """Each rollback goes one further back; what was rolled back is not what the next rollback goes to."""
    for version in (1, 2):
        filled.promote(f"models:/fraud/{version}", by)
    assert filled.rollback("fraud", by).replaced == 2
    filled.promote("models:/fraud/3", by)
    assert live(filled) == 3
    assert filled.rollback("fraud", by).version == 1
    assert filled.resolve("models:/fraud/Production").version == 1
    with pytest.raises(Usage, match="no champion before"):
        filled.rollback("fraud", by)


def test_aliases_do_not_touch_each_other(filled: Registry, by: By) -> None:
    """Champion and challenger each have their own history."""
    filled.promote("models:/fraud/1", by)
    filled.promote("models:/fraud/2", by, alias="challenger")
    assert (live(filled), live(filled, "challenger")) == (1, 2)
    assert filled.resolve("models:/fraud/Staging").aliases == ("challenger",)


def test_what_is_live_is_not_promoted_again(filled: Registry, by: By) -> None:
    """A history of the same version twice would make rollback do nothing."""
    filled.promote("models:/fraud/1", by)
    with pytest.raises(Usage, match="champion already"):
        filled.promote("models:/fraud@champion", by)


def test_a_gate_that_fails_is_named_and_recorded(filled: Registry, by: By) -> None:
    """Exit code 78; the ledger has every gate's numbers, and what was live stays live."""
    filled.promote("models:/fraud/1", by, gates=[gate("leak", passed=True)])
    with pytest.raises(Misconfigured, match="gate recall: recall says False"):
        filled.promote("models:/fraud/2", by, gates=[gate("leak", passed=True), gate("recall", passed=False)])
    entry = filled.read().entries[-1]
    assert (entry.action, entry.version, entry.replaced) == ("refuse", 2, 1)
    assert [(each.gate, each.passed, each.numbers) for each in entry.gates] == [
        ("leak", True, {"recall": 0.61}),
        ("recall", False, {"recall": 0.61}),
    ]
    assert live(filled) == 1


def test_an_override_is_recorded(filled: Registry, by: By) -> None:
    """The gate still says that it failed; who promoted, and why, is beside it."""
    filled.promote("models:/fraud/1", by, gates=[gate("auc", passed=False)], overrides=["auc"])
    (judged,) = filled.read().entries[-1].gates
    assert (judged.passed, judged.overridden) == (False, True)
    assert live(filled) == 1


@pytest.mark.parametrize("overrides", [["auc"], ["no-such-gate"]])
def test_an_override_of_nothing_is_a_wrong_word(filled: Registry, by: By, overrides: list[str]) -> None:
    """A gate that passed, or is none, is not overridden in advance."""
    with pytest.raises(Usage, match="nothing to override"):
        filled.promote("models:/fraud/1", by, gates=[gate("auc", passed=True)], overrides=overrides)
    assert filled.read().entries[-1].action == "register"


def test_a_gate_that_breaks_has_failed(filled: Registry, by: By) -> None:
    """Its error is the reason."""

    def broken(candidate: Loaded, champion: Loaded | None) -> Judgement:
        raise ZeroDivisionError("no weeks")

    with pytest.raises(Misconfigured, match="gate cost: the gate broke: ZeroDivisionError: no weeks"):
        filled.promote("models:/fraud/1", by, gates=[Gate("cost", broken)])


def test_gates_see_the_candidate_and_the_champion(filled: Registry, by: By) -> None:
    """Both loaded; no champion the first time."""
    seen: list[tuple[str, str | None]] = []

    def look(candidate: Loaded, champion: Loaded | None) -> Judgement:
        seen.append((candidate.folder.name, champion.folder.name if champion else None))
        assert np.isfinite(candidate.margins(np.zeros((1, 3)))).all()
        return Judgement(passed=True, said="seen")

    filled.promote("models:/fraud/1", by, gates=[Gate("look", look)])
    filled.promote("models:/fraud/2", by, gates=[Gate("look", look)])
    assert seen == [("1", None), ("2", "1")]


def test_a_spoilt_version_is_not_promoted(filled: Registry, by: By, spoil: Callable[[Path], None]) -> None:
    """Nor is it rolled back to."""
    filled.promote("models:/fraud/1", by)
    filled.promote("models:/fraud/2", by)
    spoil(filled.root / "fraud" / "1")
    spoil(filled.root / "fraud" / "3")
    with pytest.raises(Misconfigured, match="sha256"):
        filled.promote("models:/fraud/3", by)
    with pytest.raises(Misconfigured, match="sha256"):
        filled.rollback("fraud", by)
    assert live(filled) == 2


def test_a_good_artefact_in_the_place_of_another_is_refused(filled: Registry, artefacts: list[Path]) -> None:
    """The folder is whole, but it is not the one that was registered."""
    shutil.rmtree(filled.root / "fraud" / "1")
    shutil.copytree(artefacts[1], filled.root / "fraud" / "1")
    with pytest.raises(Misconfigured, match="not what was registered"):
        filled.load("models:/fraud/1")


def test_a_bad_artefact_is_not_registered(
    registry: Registry, artefacts: list[Path], by: By, copy: Callable[[Path], Path], spoil: Callable[[Path], None]
) -> None:
    """Nothing is left of the attempt."""
    spoil(folder := copy(artefacts[0]))
    with pytest.raises(Misconfigured, match="sha256"):
        registry.add("fraud", folder, by)
    assert not registry.root.exists()


@pytest.mark.parametrize(("who", "why"), [("", "because"), ("ada", " ")])
def test_the_ledger_wants_names_and_reasons(
    registry: Registry, artefacts: list[Path], by: By, who: str, why: str
) -> None:
    """Without them nothing happens."""
    with pytest.raises(Usage, match="who did it and why"):
        registry.add("fraud", artefacts[0], By(who, why, by.at))
    assert not registry.root.exists()


@pytest.mark.parametrize("name", ["..", "a/b", ".x", "ledger.jsonl", "", "x" * 65])
def test_names_stay_inside(registry: Registry, artefacts: list[Path], by: By, name: str) -> None:
    """A name is one plain folder, and none of the registry's own files."""
    with pytest.raises(Usage, match="cannot name a model"):
        registry.add(name, artefacts[0], by)


KILLED = """
import os, sys; from datetime import datetime, UTC; from pathlib import Path
from models.registry.registry import By, Registry
count, at = [0], int(sys.argv[3])
def killing(real):
    def call(*args, **kwargs):
        count[0] += 1
        if count[0] == at: os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
os.fsync, os.rename, os.replace = killing(os.fsync), killing(os.rename), killing(os.replace)
Registry(Path(sys.argv[1])).add("fraud", Path(sys.argv[2]), By("ada", "killed", datetime.now(UTC)))
"""


@pytest.mark.parametrize("at", [1, 5, 8, 9, 10, 11, 12, 13, 14])
def test_a_kill_between_steps_is_survived(registry: Registry, artefacts: list[Path], by: By, at: int) -> None:
    """SIGKILL at the n-th step of adding a version: others go on, and what is half is neither seen nor left."""
    registry.add("fraud", artefacts[0], by)
    command = [sys.executable, "-c", KILLED, str(registry.root), str(artefacts[1]), str(at)]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    known = [each.version for each in registry.read().entries]
    added = registry.add("fraud", artefacts[2], by)
    assert added.version not in known
    assert registry.load(str(added)).exact
    for version in known:
        registry.load(f"models:/fraud/{version}")
    assert not list(registry.root.rglob(".part-*"))
    stray = [found for found in registry.findings() if "did not finish" in found]
    assert len(stray) == (0 if added.version == len(known) + 1 else 1)


PROMOTER = """
import sys, time; from datetime import datetime, UTC; from pathlib import Path
from models.registry.gates import Gate, Judgement; from models.registry.registry import By, Registry
def slow(candidate, live):
    time.sleep(0.5)
    return Judgement(True, live.folder.name if live else "none")
Registry(Path(sys.argv[1])).promote(sys.argv[2], By(sys.argv[2], "race", datetime.now(UTC)), gates=[Gate("slow", slow)])
"""


def test_two_promoters_take_turns(filled: Registry) -> None:
    """The second one's gates compare with the first one's candidate, not with what was live before both."""
    command = [sys.executable, "-c", PROMOTER, str(filled.root)]
    running = [subprocess.Popen([*command, f"models:/fraud/{version}"]) for version in (1, 2)]
    assert [each.wait(120) for each in running] == [0, 0]
    first, second = (entry for entry in filled.read().entries if entry.action == "promote")
    assert (first.replaced, second.replaced) == (None, first.version)
    assert (first.gates[0].said, second.gates[0].said) == ("none", str(first.version))


def test_what_is_not_as_the_ledger_says_is_found(filled: Registry, artefacts: list[Path]) -> None:
    """A version that is gone, and a folder that nobody registered."""
    assert filled.findings() == []
    shutil.rmtree(filled.root / "fraud" / "2")
    shutil.copytree(artefacts[0], filled.root / "fraud" / "7")
    gone, stray = filled.findings()
    assert "models:/fraud/2 is registered, but its folder is gone" in gone
    assert "fraud/7" in stray
