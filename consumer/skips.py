"""Records that an operator ordered to be passed over: not even decoded, they go to the dead letters as they are.

What a skipped record holds may be what ends the worker, so the decoder is given nothing in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from schemas.lot import Decoder, Lot, Raw, Refusal
from schemas.standing import Standing
from schemas.verdicts import Reason

Skipped = Mapping[int, str]
"""By row: by whose order."""


def decoded(decoder: Decoder, raw: Raw, standing: Standing) -> Lot:
    """As if nobody had sent what was ordered to be passed over."""
    skipped = skipped_rows(raw, standing)
    lot = decoder.decode(without(raw, skipped))
    return replace(lot, refusals=tuple(as_skipped(lot.refusals, skipped))) if skipped else lot


def skipped_rows(raw: Raw, standing: Standing) -> Skipped:
    found = {}
    low, high = (int(raw.offset.min()), int(raw.offset.max())) if standing.skipped else (0, -1)
    for partition, offset in standing.skipped:
        if not low <= offset <= high:
            continue
        for row in np.flatnonzero((raw.partition == partition) & (raw.offset == offset)).tolist():
            found[row] = f"by order of {standing.skipped[partition, offset].who}"
    return found


def without(raw: Raw, skipped: Skipped) -> Raw:
    """The same rows, those without what was in them."""
    if not skipped:
        return raw
    keys, values = list(raw.keys), list(raw.values)
    for row in skipped:
        keys[row], values[row] = None, None
    return replace(raw, keys=keys, values=values)


def as_skipped(refusals: Sequence[Refusal], skipped: Skipped) -> list[Refusal]:
    """What was found of the others, and why those were passed over."""
    return [
        replace(each, reason=Reason.SKIPPED, detail=skipped[each.row]) if each.row in skipped else each
        for each in refusals
    ]
