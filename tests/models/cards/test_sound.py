"""Arrays from outside: only such as a book makes are let in, and what is let in never brings a kernel down."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.card_oracle import MINUTE, stream
from support.snapshots import TERMS, book, log

from models.cards import Terms
from models.cards.extract import Arrays
from models.cards.layout import CLOCK, LOWEST, RUN
from models.cards.sound import STATE_VERSION, WIDTHS, unsound

SUPPORT = Path(__file__).parents[2]
GOLDEN = "f58b34ce680af50252641ed7efd5ff1e80eaeca11156ed4f8373f3e051bdaf29"


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return book(log()).to_arrays(1)


@pytest.mark.parametrize("terms", [Terms(), Terms(entries=1), Terms(entries=7, late_ms=0), Terms(entries=50)])
@pytest.mark.parametrize("cut", [0, 1, 63, 64, 65, 1_000, 5_000])
def test_what_a_book_makes_is_sound(terms: Terms, cut: int) -> None:
    """At whatever point of a log in which everything happens, and with nothing folded at all."""
    rows = stream(cut, cut, 30, 20 * MINUTE)
    assert unsound(book(rows, terms).to_arrays(0), terms) == ""


def changed(name: str, change: Callable[[np.ndarray], object]) -> Callable[[dict[str, np.ndarray]], None]:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        array = arrays[name].copy()
        result = change(array)
        arrays[name] = result if isinstance(result, np.ndarray) else array

    return spoil


def put(place: object, value: object) -> Callable[[np.ndarray], object]:
    return lambda array: array.__setitem__(place, value)


def swap_first_entries(array: np.ndarray) -> None:
    array[:9] = array[8::-1]


FAULTS = {
    "not there": (lambda arrays: arrays.pop("sides"), "the arrays are"),
    "not integers": (changed("keys", lambda array: array.astype(float)), "keys holds float64"),
    "32 bits": (changed("counts", lambda array: array.astype(np.int32)), "counts holds int32"),
    "flat": (changed("entries", lambda array: array.reshape(-1)), "entries holds int64 in the shape"),
    "narrow": (changed("sides", lambda array: array[:, 1:].copy()), "sides holds int64 in the shape"),
    "short": (changed("newest", lambda array: array[1:].copy()), "newest has"),
    "twice": (changed("keys", lambda array: put(1, array[0])(array)), "one is there twice"),
    "unsorted": (changed("keys", lambda array: array[::-1].copy()), "not sorted"),
    "of never": (changed("newest", put(0, -(2**63))), "newest time is none"),
    "of far away": (changed("newest", put(0, 2**62)), "newest time is none"),
    "no entries": (changed("counts", put(0, 0)), "none or more than 9 entries"),
    "too many": (changed("counts", put(0, 10)), "none or more than 9 entries"),
    "endless": (changed("counts", put(0, 2**62)), "none or more than 9 entries"),
    "more than there": (changed("counts", lambda array: put(0, 9 if array[0] < 9 else 8)(array)), "entries, and"),
    "entries missing": (changed("entries", lambda array: array[:-1].copy()), "entries, and"),
    "hours below 0": (changed("lengths", put(0, -1)), "more hours than"),
    "endless hours": (changed("lengths", put(0, 2**62)), "more hours than"),
    "hours missing": (changed("hours", lambda array: array[:-1].copy()), "hours, and"),
    "other newest": (changed("newest", lambda array: put(0, array[0] + 1)(array)), "not that of its last entry"),
    "entries unsorted": (changed("entries", swap_first_entries), "not in order of time"),
    "too old": (changed("entries", put((0, 0), -(2**63))), "older than are remembered"),
    "hours unsorted": (changed("hours", lambda array: array[::-1].copy()), "hours"),
    "hours of never": (changed("hours", put((slice(None), 0), -(2**63))), "outside of what is remembered"),
    "hours to come": (changed("hours", put((slice(None), 0), 2**62)), "hours are not in order"),
    "nothing counted": (changed("hours", put((0, 1), 0)), "nothing was counted"),
    "no such place": (changed("sides", put((0, 13), 2**62)), "not on the globe"),
    "no such time": (changed("sides", put((0, 14), -1)), "not on the globe"),
    "no clock": (changed("clock", lambda array: array[:2].copy()), "the clock has 2"),
    "clock stands": (changed("clock", put(RUN, 64)), "what no clock can"),
    "clock runs off": (changed("clock", put(CLOCK, 2**62)), "what no clock can"),
    "clock without a lowest": (changed("clock", put(LOWEST, -5)), "what no clock can"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_no_book_makes_is_named(name: str, arrays: Arrays) -> None:
    """Before anything is put into a book."""
    spoil, said = FAULTS[name]
    spoilt = dict(arrays)
    spoil(spoilt)  # type: ignore[no-untyped-call]
    assert said in unsound(spoilt, TERMS)


def test_rings_of_other_terms_are_not_sound(arrays: Arrays) -> None:
    """What fits into a book of one size overruns another."""
    assert unsound(arrays, TERMS) == ""
    assert "more than 5 entries" in unsound(arrays, Terms(entries=5))


FUZZ = """
import random, sys
import numpy as np
from support.card_oracle import lots
from support.snapshots import TERMS, book, log
from models.cards import CardBook
from models.cards.sound import WIDTHS, unsound

rows, chance, let_in = log(1_500), random.Random(int(sys.argv[1])), 0
arrays, rest = book(rows[:1_000]).to_arrays(1), [row for row in rows[1_000:] if row["partition"] == 1]
edges = [0, 1, -1, 2, 7, 8, 9, 2**31, -(2**31), 2**41, 2**62, -(2**63), 2**63 - 1]
for number in range(int(sys.argv[2])):
    spoilt = {name: array.copy() for name, array in arrays.items()}
    for _ in range(chance.choice((1, 1, 2, 5))):
        flat = spoilt[chance.choice(list(WIDTHS))].reshape(-1)
        place = chance.randrange(flat.size)
        flat[place] = chance.choice((
            chance.choice(edges), chance.getrandbits(63), int(flat[place]) ^ 1 << chance.randrange(63),
            flat[chance.randrange(flat.size)]))
    if unsound(spoilt, TERMS):
        continue
    let_in += 1
    made = CardBook(TERMS)
    made.from_arrays(1, spoilt)
    for piece in lots(rest, 250):
        made.fold(piece)
    made.to_arrays(1)
    made.drop(1)
    assert len(made) == 0
print(let_in)
"""


@pytest.mark.parametrize(("plain", "number", "least"), [("0", 3_000, 300), ("1", 40, 4)])
def test_what_is_let_in_can_be_folded_on(plain: str, number: int, least: int) -> None:
    """Whatever was changed in the arrays: no crash, no loop without end; as plain Python, no index out of bounds."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FUZZ, "11", str(number)],
        env=os.environ
        | {"NUMBA_DISABLE_JIT": plain, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(SUPPORT.parent)])},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert int(done.stdout) > least


def test_another_fold_has_another_version() -> None:
    """Should this fail, the same log folds into other arrays: raise STATE_VERSION, and note the new digest here."""
    found, digest = book(log(), Terms()).to_arrays(1), hashlib.sha256()
    for name in WIDTHS:
        digest.update(found[name].tobytes())
    assert (STATE_VERSION, digest.hexdigest()) == (1, GOLDEN)
