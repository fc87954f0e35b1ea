"""What a range comes to: each customer once, and which rows came too often. Pure: any engine may call it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from batch.nightly.scored import Scored
from schemas.errors import Misconfigured


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """`kept` ascends by number; `again` are rows of customers who were there before."""

    kept: Scored
    again: Scored


def settled(rows: Scored) -> Settled:
    """The first row of each customer counts, in the order of the input. All rows of a customer must be among these."""
    order = np.lexsort((rows.places, rows.numbers))
    ordered = rows.take(order)
    again = np.zeros(len(rows), np.bool_)
    again[1:] = ordered.numbers[1:] == ordered.numbers[:-1]
    places = np.flatnonzero(again)
    if not places.size:
        return Settled(ordered, ordered.take(places))
    before, after = (ordered.ids.take(pa.array(each)) for each in (places - 1, places))
    other = pc.not_equal(before, after)
    if pc.any(other).as_py():
        row = pc.index(other, True).as_py()
        raise collision(before[row].as_py(), after[row].as_py())
    return Settled(ordered.take(np.flatnonzero(~again)), ordered.take(places))


def collision(one: str, other: str) -> Misconfigured:
    return Misconfigured(
        f"customers {one!r} and {other!r} have the same 64-bit number, so that they could not be told apart",
        fix="take one of them out of the input, or spell it otherwise; this happens once in billions of customers",
    )
