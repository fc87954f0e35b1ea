"""What a card's past says about a lot, one entry per row in every column."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.cards.layout import (
    COUNTS,
    HIGHEST,
    MEDIAN_TWICE,
    NEW_COUNTRY,
    NEW_DEVICE,
    OUTLIERS,
    PLACE_TIME,
    PREVIOUS,
    TOTALS,
    WINDOWS,
    Ints,
)
from schemas.lot.cells import Cells

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CardFacts:
    """Integers are -1 where nothing is known; windows in the order of `models.cards.layout.WINDOWS`."""

    card: NDArray[np.uint64]
    """The card id's hash."""

    at: Ints
    """The time as of which the event was scored."""

    amount: Ints
    """In minor units of the reference currency."""

    marks: NDArray[np.uint32]
    """To be added to those of the lot."""

    found: Ints
    """The columns below, as the kernels wrote them."""

    kilometres: Floats
    """From the card's place before to this one; NaN where either is not known."""

    terminal: NDArray[np.uint64]
    """The terminal id's hash."""

    rows: pa.RecordBatch
    """That these are facts on."""

    cells: Cells
    """Where they lie."""

    @property
    def counts(self) -> Ints:
        """Events in each window that ends with this one, this one included."""
        return self.found[:, COUNTS : COUNTS + len(WINDOWS)]

    @property
    def totals(self) -> Ints:
        """Their amounts."""
        return self.found[:, TOTALS : TOTALS + len(WINDOWS)]

    @property
    def counts_before(self) -> Ints:
        """Events in each window without this one: what ratios are based on."""
        return self.counts - 1

    @property
    def totals_before(self) -> Ints:
        return self.totals - self.amount[:, None]

    @property
    def previous(self) -> Ints:
        """Time of the event before, in the longest window."""
        return self.found[:, PREVIOUS]

    @property
    def highest(self) -> Ints:
        """Greatest amount in the longest window, without this one; so are the two that follow."""
        return self.found[:, HIGHEST]

    @property
    def median_twice(self) -> Ints:
        """The sum of the two middle amounts."""
        return self.found[:, MEDIAN_TWICE]

    @property
    def outliers(self) -> Ints:
        """Events of the last 14 days of more than three times that median."""
        return self.found[:, OUTLIERS]

    @property
    def new_device(self) -> Ints:
        return self.found[:, NEW_DEVICE]

    @property
    def new_country(self) -> Ints:
        return self.found[:, NEW_COUNTRY]

    @property
    def place_before(self) -> Ints:
        """When the card was at its place before."""
        return self.found[:, PLACE_TIME]
