"""The audit that all of these tests end with finds what it is there to find."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastavro import schemaless_reader, schemaless_writer
from support.audit import Expected, Toll, audited, expected
from support.deployment import Deployment, Read
from support.scene import scene

from fraudstream.local.running import Servers
from schemas.contracts import DECISION
from schemas.topics import Role

Alter = Callable[[list[Any]], list[Any]]
See = Callable[[Role, Alter], Toll]


@dataclass
class Tampered(Deployment):
    """As somebody reads it who is told something else of one topic."""

    role: Role = Role.SCORES
    alter: Alter = list

    def read(self, role: Role, isolation: str = "read_committed") -> Read:
        found = Deployment.read(self, role, isolation)
        return Read(self.alter(found.messages)) if role is self.role else found


@dataclass(frozen=True)
class Copy:
    payload: bytes

    def value(self) -> bytes:
        return self.payload


def changed(message: Any, **fields: Callable[[Any], Any]) -> Copy:
    value = message.value()
    decision: Any = schemaless_reader(io.BytesIO(value[10:]), DECISION.schema)
    payload = io.BytesIO()
    payload.write(value[:10])
    altered = {name: change(decision[name]) for name, change in fields.items()}
    schemaless_writer(payload, DECISION.schema, decision | altered)
    return Copy(payload.getvalue())


def a_bit(numbers: Any) -> Any:
    moved = np.nextafter(numbers, np.inf)
    return moved.tolist()


@pytest.fixture(scope="module")
def scored(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with scene(services, tmp_path_factory.mktemp("audit")) as on:
        worker = on.slot()
        on.load.burst(1_200)
        on.answered()
        on.deployment.besides.clear()
        assert on.deployment.stop(worker) == 0
        yield on.deployment


@pytest.fixture(scope="module")
def wanted(scored: Deployment) -> Expected:
    return expected(scored)


@pytest.fixture
def seen(scored: Deployment, wanted: Expected) -> See:
    def see(role: Role, alter: Alter) -> Toll:
        return audited(Tampered(scored.settings, Path(scored.folder), role=role, alter=alter), wanted)

    return see


def test_what_is_right_is_clean(scored: Deployment) -> None:
    """Nothing is found where nothing is wrong, and there were dead letters, flags and scores to look at."""
    assert audited(scored).clean
    assert all(scored.read(role).messages for role in (Role.SCORES, Role.FLAGS, Role.DLQ))


@pytest.mark.parametrize("role", [Role.SCORES, Role.FLAGS, Role.DLQ])
def test_what_is_lost_and_what_is_there_twice(seen: See, role: Role) -> None:
    """One of each on every output is one too few and one too many."""
    assert seen(role, lambda found: found[1:]) == Toll(lost=1)
    assert seen(role, lambda found: [found[0], *found]) == Toll(duplicated=1)


def test_what_stands_before_what_came_first(seen: See) -> None:
    """Two neighbours of a partition that have changed places."""
    toll = seen(Role.SCORES, lambda found: [found[1], found[0], *found[2:]])
    assert (toll.lost, toll.duplicated, toll.wrong) == (0, 0, 0)
    assert toll.out_of_order >= 1


@pytest.mark.parametrize(
    "change",
    [
        {"features": a_bit},
        {"raw_margin": a_bit},
        {"score": a_bit},
        {"outcome": lambda said: "review" if said == "block" else "block"},
        {"reasons": lambda said: [*said, "RULES_MANY"]},
        {"marks": lambda said: [*said, "late"] if "late" not in said else []},
        {"epoch": lambda said: said + 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_differs_in_a_bit(seen: See, change: dict[str, Callable[[Any], Any]]) -> None:
    """Of a single decision, in whatever is compared."""
    assert seen(Role.SCORES, lambda found: [changed(found[0], **change), *found[1:]]) == Toll(wrong=1)
