"""A share of what the score would block is reviewed instead, so that its verdicts become known and can be learned from.

Which events are in it follows from their ids alone: the same event is in it on every machine and at every redelivery,
and one that is in it for some share is in it for every larger one.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.hashing import hash_strings

BITS: Final = 53
"""Those that a double holds exactly."""


def explored(event_ids: pa.Array, share: float) -> NDArray[np.bool_]:
    if share <= 0.0:
        return np.zeros(len(event_ids), np.bool_)
    parts = (hash_strings(event_ids) >> np.uint64(64 - BITS)).astype(np.float64)
    inside: NDArray[np.bool_] = parts < share * (1 << BITS)
    return inside
