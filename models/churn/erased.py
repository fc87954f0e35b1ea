"""A generation without one of its customers: counts and digest follow, what is said of all together stays."""

from dataclasses import dataclass, replace

import numpy as np

from models.churn.packed import Packed, digest
from models.churn.volume import Volume, parts
from models.hashing import Hashes
from schemas.churn import Meta


@dataclass(frozen=True, slots=True)
class Cut:
    """`rest` is a part without the customer, who had that score."""

    rest: Packed
    score: int


def cut(part: Packed, number: Hashes) -> Cut | None:
    """None: there is nobody of that number."""
    at = int(np.searchsorted(part.numbers, number[0]))
    if at == len(part) or part.numbers[at] != number[0]:
        return None
    return Cut(Packed(np.delete(part.numbers, at), np.delete(part.scores, at)), int(part.scores[at]))


def without(meta: Meta, score: int, digest_now: str) -> Meta:
    """Mean and bounds of deciles stay: past decisions on others rest on them."""
    own = meta.decile(score) - 1
    deciles = tuple(max(count - (place == own), 0) for place, count in enumerate(meta.deciles))
    return replace(meta, rows=meta.rows - 1, deciles=deciles, digest=digest_now)


def erased(volume: Volume, number: Hashes) -> Volume | None:
    found = cut(volume.packed, number)
    if found is None:
        return None
    return Volume(without(volume.meta, found.score, digest(parts(found.rest))), found.rest)
