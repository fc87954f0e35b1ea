"""What stands between a candidate and the traffic: gates, each a judgement with its numbers.

A gate sees the candidate and the champion, and says pass or fail in a sentence. One that breaks has failed. The figures
are those that the candidate's artefact brings along; they count only against the champion that is live now. Each kind
of model has gates of its own; one that only predicts, for files and requests, is asked for its use alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Final, Generic, Protocol, TypeVar

from pydantic import JsonValue

from models.artefact.load import Loaded
from models.churn import gates as churn
from models.churn.evidence import evidence as churn_evidence
from models.judging import gates
from models.judging.evidence import evidence
from models.judging.gates import RULES, Verdict
from models.registry.entry import Judged
from schemas.errors import Misconfigured, Usage

SHOWN: Final = 12
"""Digits of a digest that people read."""
OWN_NAME: Final = "give it a name of its own"


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


def _decides(model: Loaded) -> bool:
    return not model.manifest.predict_only


def _scores_customers(model: Loaded) -> bool:
    return model.manifest.task == "churn"


class _Found(Protocol):
    @property
    def against(self) -> str: ...


F = TypeVar("F", bound=_Found)


@dataclass(frozen=True, slots=True)
class _Exam(Generic[F]):
    """Of one kind of model: what its figures say, and the words for whom they were compared with."""

    kind: Callable[[Loaded], bool]
    read: Callable[[Mapping[str, JsonValue], str], F]
    without: str
    without_words: str
    again: str

    def gate(self, ask: Callable[[F], Verdict], *, compares: bool = False, overridable: bool = False) -> Gate:
        def judge(candidate: Loaded, champion: Loaded | None) -> Judgement:
            try:
                found = self.read(candidate.manifest.metrics, "the artefact")
            except Misconfigured as error:
                return Judgement(passed=False, said=f"{error.message}; {error.fix}")
            if compares and (said := self._another_champion(found, champion)):
                return Judgement(passed=False, said=said)
            verdict = ask(found)
            numbers = {name: each if isfinite(each) else None for name, each in verdict.numbers.items()}
            return Judgement(verdict.passed, verdict.said, numbers)

        return Gate(ask.__name__, judge, self.kind, overridable)

    def _another_champion(self, found: F, champion: Loaded | None) -> str:
        """Empty where the candidate was judged against what is live now."""
        if champion is not None and _scores_customers(champion) and self.kind is _decides:
            return f"the champion of that name scores customers; {OWN_NAME}"
        live = champion.manifest.content if champion is not None and self.kind(champion) else self.without
        if found.against == live:
            return ""
        judged, now = (self.without_words if each == self.without else each[:SHOWN] for each in (found.against, live))
        return f"judged against {judged}, but live is {now}; {self.again}"


FRAUD: Final = _Exam(
    _decides,
    evidence,
    RULES,
    "the rules alone",
    "`fraudstream evaluate … --against champion` judges both on the same weeks",
)
CHURN: Final = _Exam(
    _scores_customers,
    churn_evidence,
    churn.NOTHING,
    "nothing",
    "`fraudstream churn evaluate … --against champion --record` judges both on the same customers",
)


def _use(candidate: Loaded, champion: Loaded | None) -> Judgement:
    use = "scores for customers" if _scores_customers(candidate) else "predictions for files and requests"
    if champion is not None and (_decides(champion) or _scores_customers(champion) != _scores_customers(candidate)):
        theirs = "decides in the stream" if _decides(champion) else "has another use"
        return Judgement(passed=False, said=f"{use} only, and the champion of that name {theirs}; {OWN_NAME}")
    return Judgement(passed=True, said=f"{use} only; never decides in the stream")


GATES: Final = (
    FRAUD.gate(gates.split),
    FRAUD.gate(gates.leak),
    FRAUD.gate(gates.enough),
    FRAUD.gate(gates.plausible, overridable=True),
    FRAUD.gate(gates.recall, compares=True),
    FRAUD.gate(gates.alarms),
    FRAUD.gate(gates.average_precision, compares=True),
    FRAUD.gate(gates.cost, compares=True),
    FRAUD.gate(gates.gain, compares=True),
    CHURN.gate(churn.enough),
    CHURN.gate(churn.plausible, overridable=True),
    CHURN.gate(churn.ranking),
    CHURN.gate(churn.calibration),
    CHURN.gate(churn.progress, compares=True, overridable=True),
    Gate("use", _use, lambda candidate: candidate.manifest.predict_only),
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
