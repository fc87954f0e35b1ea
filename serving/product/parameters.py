"""What is asked in paths and queries, with its limits."""

from typing import Annotated, Final

from fastapi import Path, Query

from schemas.lot.limits import LENGTHS, RANGES
from serving.product import examples

LONGEST: Final = {each.column: each.most for each in LENGTHS}
MINOR: Final = int(next(each.high for each in RANGES if each.column == "amount_minor"))
MOST_FLAGS: Final = 1_000
MOST_TRANSACTIONS: Final = 200
LAST_PARTITION: Final = (1 << 31) - 1
LAST_OFFSET: Final = (1 << 63) - 1

Customer = Annotated[str, Path(max_length=LONGEST["customer_id"], examples=[examples.CUSTOMER])]
EventId = Annotated[str, Path(max_length=LONGEST["event_id"], examples=[examples.EVENT])]
Card = Annotated[
    str | None, Query(max_length=LONGEST["card_id"], description="Of this card alone.", examples=[examples.CARD])
]
OfCard = Annotated[str, Path(max_length=LONGEST["card_id"], examples=[examples.CARD])]
Newest = Annotated[int, Query(ge=1, le=MOST_TRANSACTIONS, description="Of the newest, so many.")]
Partition = Annotated[
    int | None,
    Query(ge=0, le=LAST_PARTITION, description="Where the card's transactions stand, if it is known; with offset."),
]
Offset = Annotated[
    int | None, Query(ge=0, le=LAST_OFFSET, description="Of a transaction that is to be among them; with partition.")
]
Most = Annotated[int, Query(ge=1, le=MOST_FLAGS, description="Of the newest, so many.")]
Value = Annotated[int | None, Query(ge=0, le=MINOR, description="What the customer is worth, in minor units.")]
DaysAgo = Annotated[int | None, Query(ge=0, le=10_000, description="Days since an offer was made last.")]
InAYear = Annotated[int, Query(ge=0, le=10_000, description="Offers made within a year.")]
Since = Annotated[str | None, Query(max_length=64, description="Look no further back: ISO 8601 with an offset.")]
