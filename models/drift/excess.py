"""How unusual a day is in each column, measured against the reference's own days.

Two measures, because they see different things. The index over twenty bins sees any change of shape. The mean rank sees
that all values moved one way, and sees it at a third of the rows.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.drift.bins import Doubles, Integers
from models.drift.psi import Flags, psi, ranks, shares, standard
from models.drift.usual import Usual, rows

RARE: Final = 200
"""Rows of a day. What is rarer comes in clumps, of one card or one terminal, and no theory says how large they get."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Of one day from what is usual, by column. `bins` and `spread` times noise are what chance alone makes of them.

    `outside` counts the rows that are not in the usually largest bin: as many as usual, or as were seen if more.
    """

    psi: Doubles
    shift: Doubles
    outside: Doubles
    bins: Doubles
    spread: Doubles
    noise: float


@dataclass(frozen=True, slots=True)
class Unrest:
    """How much more than by chance a column differs from day to day, found on days of which each had so much `noise`.

    `index` and `rank` are ratios to chance, at least 1; `freedom` is how many squares the index is a sum of.
    """

    index: Doubles
    rank: Doubles
    freedom: Doubles
    noise: float


@dataclass(frozen=True, slots=True)
class Excess:
    psi: Doubles
    expected: Doubles
    """The index on a day like others."""
    deviations: Doubles
    """Standard deviations above it, of the measure that shows more."""


def distance(counts: Integers, usual: Usual, used: Flags) -> Distance:
    seen, place = shares(counts, used), ranks(usual.shares)
    spread = (usual.shares * place**2).sum(axis=-1) - (usual.shares * place).sum(axis=-1) ** 2
    largest = usual.shares.argmax(axis=-1, keepdims=True)
    inside = np.minimum(*(np.take_along_axis(each, largest, -1)[..., 0] for each in (seen, usual.shares)))
    return Distance(
        psi=psi(seen, usual.shares),
        shift=((seen - usual.shares) * place).sum(axis=-1),
        outside=rows(counts) * (1 - inside),
        bins=np.maximum(used.sum(axis=-1) - 1.0, 1.0),
        spread=np.maximum(spread, np.finfo(np.float64).tiny),
        noise=float(1 / rows(counts)) + usual.noise,
    )


def excess(found: Distance, unrest: Unrest) -> Excess:
    """What is more than chance in the reference is taken to be there however many rows a day has."""
    index, rank = (found.noise + (ratio - 1) * max(found.noise, unrest.noise) for ratio in (unrest.index, unrest.rank))
    expected = found.bins * index
    moved = np.abs(found.shift) / np.sqrt(found.spread * rank)
    deviations = np.maximum(standard(found.psi, expected, unrest.freedom), moved)
    return Excess(found.psi, expected, np.where(found.outside < RARE, 0.0, deviations))
