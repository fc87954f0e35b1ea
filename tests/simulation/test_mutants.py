"""The audit finds out every worker with one mistake, so it would find a mistake like it."""

import pytest
from support.simulation.audit import schedule
from support.simulation.mutants import MUTANTS

MOST = 1000


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_found_out(name: str) -> None:
    """Within a bounded number of schedules, which the sound worker passes."""
    mutant = MUTANTS[name]
    parts, given = mutant.make(), {"exactly_once": mutant.exactly_once, "crowded": mutant.crowded}
    caught = next((seed for seed in range(MOST) if schedule(seed, parts, **given).wrong), None)
    assert caught is not None, f"{MOST} schedules did not tell {name!r} from the sound worker"
