"""Nothing is compiled between two lots."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.registered import Shop

SCRIPT = """
import gc, sys
from numba.core.dispatcher import Dispatcher
from support.registered import sights
from consumer.deciding import live
from models.bank import Bank
from schemas.settings.loading import load

def compiled():
    return sum(len(each.signatures) for each in gc.get_objects() if isinstance(each, Dispatcher))

settings = load({"models.root": sys.argv[1], "rules.home_countries": "DE"}, env={})
every = [each for size in (1, 7, 1_000) for each in sights(Bank.of(settings), size)[:300]]
seen = compiled()
decider = live(settings)
before = compiled()
assert before > seen, (seen, before)
flags = sum(len(decider.decide(rows, sight).codes) for rows, sight in every)
assert flags > 10, flags
assert compiled() == before, (before, compiled())
"""


@pytest.mark.parametrize("model", [True, False])
def test_all_is_compiled_before_the_first_lot(model: bool, shop: Shop) -> None:
    """With a model and lists, and by rules alone, whatever the size of a lot."""
    if model:
        shop.champion(exploration=0.3)
        shop.listing("terminal_block", "t3")
    else:
        shop.listing("terminal_block", *(f"t{number}" for number in range(30)))
    path = os.pathsep.join([str(Path.cwd()), str(Path.cwd() / "tests")])
    command = [sys.executable, "-c", SCRIPT, str(shop.settings.models.root)]
    subprocess.run(command, check=True, timeout=240, env={**os.environ, "PYTHONPATH": path})
