"""What stands between a candidate and the traffic: gates, each a judgement with its numbers.

A gate sees the candidate and the champion, and says pass or fail in a sentence. One that breaks has failed. The figures
are those that the candidate's artefact brings along; they count only against the champion that is live now. Models
that only predict, for files and requests, are asked for their use alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from pydantic import JsonValue

from models.artefact.load import Loaded
from models.judging import gates
from models.judging.evidence import evidence
from models.judging.gates import RULES, Evidence, Verdict
from models.registry.entry import Judged
from schemas.errors import Misconfigured, Usage

SHOWN: Final = 12
"""Digits of a digest that people read."""


@dataclass(frozen=True, slots=True)
class Judgement:
    passed: bool
    said: str
    numbers: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """`judge(candidate, champion)`; champion is None where nothing is live yet. Few can be overridden."""

    name: str
    judge: Callable[[Loaded, Loaded | None], Judgement]
    applies: Callable[[Loaded], bool] = lambda candidate: True  # noqa: ARG005
    overridable: bool = False


def _of_figures(ask: Callable[[Evidence], Verdict], *, compares: bool = False, overridable: bool = False) -> Gate:
    def judge(candidate: Loaded, champion: Loaded | None) -> Judgement:
        try:
            found = evidence(candidate.manifest.metrics, "the artefact")
        except Misconfigured as error:
            return Judgement(passed=False, said=f"{error.message}; {error.fix}")
        if compares and (said := _another_champion(found, champion)):
            return Judgement(passed=False, said=said)
        verdict = ask(found)
        numbers = {name: each if isfinite(each) else None for name, each in verdict.numbers.items()}
        return Judgement(verdict.passed, verdict.said, numbers)

    return Gate(ask.__name__, judge, _decides, overridable)


def _another_champion(found: Evidence, champion: Loaded | None) -> str:
    """Empty where the candidate was judged against what is live now."""
    live = champion.manifest.content if champion is not None and _decides(champion) else RULES
    if found.against == live:
        return ""
    judged, now = ("the rules alone" if each == RULES else each[:SHOWN] for each in (found.against, live))
    return (
        f"judged against {judged}, but live is {now}; `fraudstream evaluate … --against champion` judges both on the "
        "same weeks"
    )


def _decides(model: Loaded) -> bool:
    return not model.manifest.predict_only


def _predicts_only(model: Loaded) -> bool:
    return model.manifest.predict_only


def _use(_: Loaded, champion: Loaded | None) -> Judgement:
    if champion is not None and _decides(champion):
        said = "predictions for files and requests only, and the champion of that name decides in the stream"
        return Judgement(passed=False, said=f"{said}; give it a name of its own")
    return Judgement(passed=True, said="predictions for files and requests only; never decides in the stream")


GATES: Final = (
    _of_figures(gates.split),
    _of_figures(gates.leak),
    _of_figures(gates.enough),
    _of_figures(gates.plausible, overridable=True),
    _of_figures(gates.recall, compares=True),
    _of_figures(gates.alarms),
    _of_figures(gates.average_precision, compares=True),
    _of_figures(gates.cost, compares=True),
    _of_figures(gates.gain, compares=True),
    Gate("use", _use, _predicts_only),
)
"""Those that `fraudstream models promote` asks, in this order."""


def judge(
    asked: Iterable[Gate], candidate: Loaded, champion: Loaded | None, overrides: Collection[str]
) -> list[Judged]:
    """All that apply are asked, so that whoever is refused knows every reason at once."""
    asked = [gate for gate in asked if gate.applies(candidate)]
    judged = [_one(gate, candidate, champion, overrides) for gate in asked]
    idle = set(overrides) - {each.gate for each in judged if each.overridden}
    if idle:
        _refuse(sorted(idle), judged, [gate.name for gate in asked if gate.overridable])
    return judged


def _refuse(idle: list[str], judged: list[Judged], overridable: list[str]) -> None:
    firm = [each for each in judged if each.gate in idle and not each.passed]
    if firm:
        said = "; ".join(f"gate {each.gate} cannot be overridden: {each.said}" for each in firm)
        raise Usage(said, fix=f"what a person may overrule: {', '.join(overridable) or 'nothing'}")
    raise Usage(
        f"{', '.join(idle)} did not fail, or is no gate: there is nothing to override",
        fix="override only what refused; the gates are: " + (", ".join(each.gate for each in judged) or "none"),
    )


def _one(gate: Gate, candidate: Loaded, champion: Loaded | None, overrides: Collection[str]) -> Judged:
    try:
        found = gate.judge(candidate, champion)
    except Exception as error:  # noqa: BLE001 - whatever breaks in a gate, the candidate does not pass it
        found = Judgement(passed=False, said=f"the gate broke: {type(error).__name__}: {str(error)[:500]}")
    overridden = not found.passed and gate.overridable and gate.name in overrides
    return Judged(
        gate=gate.name, passed=found.passed, said=found.said, numbers=dict(found.numbers), overridden=overridden
    )
