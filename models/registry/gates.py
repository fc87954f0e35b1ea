"""What stands between a candidate and the traffic: gates, each a judgement with its numbers.

A gate sees the candidate and what it would replace, and says pass or fail in a sentence. One that breaks has failed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from models.artefact.load import Loaded
from models.registry.entry import Judged
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class Judgement:
    passed: bool
    said: str
    numbers: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """`judge(candidate, live)`; live is None where nothing is live yet."""

    name: str
    judge: Callable[[Loaded, Loaded | None], Judgement]


GATES: Final[tuple[Gate, ...]] = ()
"""Those that `fraudstream models promote` asks, in this order."""


def judge(gates: Iterable[Gate], candidate: Loaded, live: Loaded | None, overrides: Collection[str]) -> list[Judged]:
    """All of them are asked, so that whoever is refused knows every reason at once."""
    judged = [_one(gate, candidate, live, overrides) for gate in gates]
    idle = set(overrides) - {each.gate for each in judged if each.overridden}
    if idle:
        said = f"{', '.join(sorted(idle))} did not fail, or is no gate: there is nothing to override"
        raise Usage(
            said,
            fix="override only what refused; the gates are: " + (", ".join(each.gate for each in judged) or "none"),
        )
    return judged


def failed(judged: Iterable[Judged]) -> list[Judged]:
    return [each for each in judged if not each.passed and not each.overridden]


def _one(gate: Gate, candidate: Loaded, live: Loaded | None, overrides: Collection[str]) -> Judged:
    try:
        found = gate.judge(candidate, live)
    except Exception as error:  # noqa: BLE001 - whatever breaks in a gate, the candidate does not pass it
        found = Judgement(passed=False, said=f"the gate broke: {type(error).__name__}: {str(error)[:500]}")
    overridden = not found.passed and gate.name in overrides
    return Judged(
        gate=gate.name, passed=found.passed, said=found.said, numbers=dict(found.numbers), overridden=overridden
    )
