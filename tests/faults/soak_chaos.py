"""SIGKILLs at load, for longer than there is time for in every run."""

from pathlib import Path

import pytest
from support.chaos import chaos
from support.scene import scene

from fraudstream.local.running import Servers


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, 2])
def test_workers_that_are_killed_by_the_hundred(services: Servers, tmp_path: Path, seed: int) -> None:
    """At random moments, most of them inside an open transaction: nothing lost, doubled, out of order or wrong."""
    with scene(services, tmp_path) as on:
        outcome = chaos(on, kills=100, seconds=900, workers=4, seed=seed)
    assert outcome.toll.clean, outcome.toll.examples
    assert outcome.deaths == outcome.killed.total() >= 50
    assert outcome.inside * 2 >= outcome.killed.total()
