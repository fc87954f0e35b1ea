"""SIGKILLs at load: the short run of what `make chaos` does for longer."""

from pathlib import Path

from support.chaos import chaos
from support.scene import scene

from fraudstream.local.running import Servers


def test_workers_that_are_killed_at_load(services: Servers, tmp_path: Path) -> None:
    """At random moments, most of them inside an open transaction: nothing lost, doubled, out of order or wrong."""
    with scene(services, tmp_path, rate=250.0) as on:
        outcome = chaos(on, kills=30, seconds=60, workers=4, seed=5)
    assert outcome.toll.clean, outcome.toll.examples
    assert outcome.deaths == outcome.killed.total() >= 8
    assert outcome.inside * 2 >= outcome.killed.total()
    assert outcome.events > 5_000
