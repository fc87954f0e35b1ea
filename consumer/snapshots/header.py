"""What a snapshot says of itself: whose state it is, up to where, what it covers, and what its bytes must be."""

import hashlib
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.artefact.canonical import canonical

FORMAT: Final = 1
MARK_DIGITS: Final = 8

Count = Annotated[int, Field(ge=0, lt=2**63)]
Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Exact(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Origin(Exact):
    """Which log was folded and how. State of another origin is other state, however much it looks alike."""

    cluster_id: Text
    topic_id: Text
    """A topic that was deleted and made again has another, and its offsets begin anew."""
    topic: Text
    partitions: Annotated[int, Field(ge=1)]
    group: Text
    fold_digest: Digest

    @property
    def mark(self) -> str:
        """A few letters that tell origins apart in names; the header decides."""
        return hashlib.sha256(canonical(self.model_dump())).hexdigest()[:MARK_DIGITS]


class Taken(Exact):
    """What whoever takes a snapshot knows of it.

    `offset` is the next to be folded: all below it are, and nothing else is. `cold_since_ms` is null where the state
    knows all that the longest window needs. Otherwise it knows the records from that record timestamp on and none
    before, so a window that reaches further back is not covered; it stays so until the log is the longest window past
    it, from then on it means nothing.
    """

    origin: Origin
    partition: Count
    offset: Count
    leader_epoch: Count | None = None
    """Of the last record folded, where the broker told it: it is asked to go on from there."""
    label_offsets: dict[int, Count] = Field(default_factory=dict)
    """How far each partition of the labels was read by then: nothing of the cards depends on it."""
    log_ms: Count = 0
    """Record timestamp of the last record folded."""
    cold_since_ms: Count | None = None


class Header(Taken):
    format: Literal[1] = FORMAT
    made_at_ms: Count
    cards: Count
    entries: Count
    length: Count
    """Bytes after the header."""
    sha256: Digest
    """Of these bytes."""

    def to_bytes(self) -> bytes:
        return canonical(self.model_dump(mode="json"))


def parse(content: bytes) -> Header | None:
    """None where it is not a header that this program writes."""
    try:
        return Header.model_validate_json(content)
    except ValidationError:
        return None


def covers(cold_since_ms: int | None, at_ms: int, window_ms: int) -> bool:
    """Whether all records of a window that ends then were folded."""
    return cold_since_ms is None or at_ms - window_ms >= cold_since_ms
