"""When a partition stops because too many of its records are refused."""

from typing import Annotated

from pydantic import Field

from schemas.settings.group import Group


class DeadLetters(Group):
    max_consecutive: Annotated[int, Field(ge=0, le=1_000_000_000)] = 1_000
    """How many records of a partition in a row may be refused before it stops; 0 is any number. Bad records of one
    producer among several never come to so many in a row, while a release that writes garbage does within seconds."""
    max_ratio: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Which share of the last dead_letters.window records may be refused before the partition stops; 0 is any share.
    Beyond one half more is lost than scored, and nobody should find that out from a bill of replays."""
    window: Annotated[int, Field(ge=100, le=10_000_000)] = 10_000
    """Over how many records of a partition dead_letters.max_ratio is taken, in tenths; before so many were seen the
    share is not looked at. Fewer would let a burst stop what mends itself."""
