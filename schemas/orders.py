"""What operators ask of the workers of a group: one JSON object per record, appended and never changed.

    pause, resume          a partition is no longer scored, and is again
    skip                   the record at an offset is not decided: it goes to the dead letters
    drain, undrain         a worker leaves its partitions to others, and is there again
    resume_dead_letters    a partition that stopped for too many dead letters goes on
    moved                  the group's offset was moved; what it was and what it is
    replayed               dead letters were sent back to the input; their offsets as 3-7,12

`parse` reads what newer releases write as far as it can: fields it does not know mean nothing, verbs it does not know
are an error that a reader tells and passes over.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError


class Verb(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    DRAIN = "drain"
    UNDRAIN = "undrain"
    RESUME_DEAD_LETTERS = "resume_dead_letters"
    MOVED = "moved"
    REPLAYED = "replayed"


NEEDS: Final = {
    Verb.PAUSE: ("partition",),
    Verb.RESUME: ("partition",),
    Verb.SKIP: ("partition", "offset"),
    Verb.DRAIN: ("slot",),
    Verb.UNDRAIN: ("slot",),
    Verb.RESUME_DEAD_LETTERS: ("partition", "stop"),
    Verb.MOVED: ("partition", "offset"),
    Verb.REPLAYED: ("partition", "offsets"),
}
OF_THE_INPUT: Final = frozenset({Verb.PAUSE, Verb.RESUME, Verb.SKIP, Verb.RESUME_DEAD_LETTERS, Verb.MOVED})
"""Their partition is one of the transactions."""
LONGEST: Final = 2_000

Count = Annotated[int, Field(ge=0, lt=2**63)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]


class Unreadable(ValueError):
    """Says why a record is no order, without quoting it."""


class Order(BaseModel):
    """`group` is whose workers it is for. `before` is where a moved group stood, if it stood anywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    verb: Verb
    group: Words
    who: Words
    why: Words
    at: datetime
    partition: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    offset: Count | None = None
    before: Count | None = None
    slot: Words | None = None
    stop: Words | None = None
    topic_id: Words | None = None
    """Of the transactions: the topic that is made again under the same name is another, and its offsets mean others."""
    offsets: Annotated[str, StringConstraints(pattern=r"^\d{1,19}(-\d{1,19})?(,\d{1,19}(-\d{1,19})?)*$")] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in NEEDS[self.verb]:
            if getattr(self, name) is None:
                raise PydanticCustomError("missing", "{verb} without {name}", {"verb": self.verb.value, "name": name})
        if self.at.tzinfo is None:
            raise PydanticCustomError("zone", "a time without its zone")
        return self

    def about(self, topic_id: str | None) -> bool:
        """Whether it holds for that topic; one that does not say of which it is holds for every topic."""
        return self.verb not in OF_THE_INPUT or None in {self.topic_id, topic_id} or self.topic_id == topic_id

    @property
    def when(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def to_bytes(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


def parse(content: bytes | None) -> Order:
    """Raises Unreadable where it is none that this release knows."""
    try:
        return Order.model_validate_json(content or b"")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Unreadable(f"{where}: {first['msg']}" if where else str(first["msg"])) from None


def stop_id(partition: int, offset: int) -> str:
    """Names a stop: where the partition would have gone on. It gets there once, unless the group is moved back."""
    return f"{partition}@{offset}"


def as_ranges(offsets: list[int]) -> str:
    """3, 4, 5, 12 as 3-5,12."""
    ranges: list[list[int]] = []
    for each in sorted(set(offsets)):
        if ranges and each == ranges[-1][1] + 1:
            ranges[-1][1] = each
        else:
            ranges.append([each, each])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def from_ranges(text: str) -> list[tuple[int, int]]:
    """First and last of each."""
    pairs = (each.partition("-") for each in text.split(","))
    return [(int(low), int(high or low)) for low, _, high in pairs]
