"""A version of the lists as a file: who stands on which list, from when until when in event time, by whom and why.

Nothing here looks at a clock: a value holds for a row whose event time is in [from, until), for ever. Entries that were
made together stand together. What is added never shortens what is there: a value holds while any of its entries does.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.artefact.canonical import canonical
from models.policies.kinds import BY_NAME, Kind
from models.registry.entry import Words
from schemas.errors import Usage

MOST_VALUES: Final = 1_000_000
LAST_MS: Final = 4_102_444_800_000
"""2100-01-01: no transaction is later."""
Millis = Annotated[int, Field(ge=0, le=LAST_MS)]


class Entries(BaseModel):
    """Values of one list that were put there together; sorted, each once."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    values: tuple[str, ...]
    from_ms: Millis
    until_ms: Millis
    who: Words
    why: Words

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in BY_NAME:
            raise ValueError("is no list")
        return name

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.from_ms < self.until_ms:
            raise ValueError("ends before it begins")
        if not self.values or list(self.values) != sorted(set(self.values)):
            raise ValueError("the values are not sorted, each once")
        return self

    def of(self, values: Iterable[str]) -> Self:
        return self.model_copy(update={"values": tuple(sorted(values))})


class ListFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    entries: tuple[Entries, ...] = ()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises ValueError, in a few words, for what this program did not write."""
        try:
            found = cls.model_validate_json(content)
        except ValidationError as error:
            raise ValueError(str(error.errors()[0]["msg"])) from None
        if found.to_bytes() != content:
            raise ValueError("is not in the one form that lists are written in")
        return found

    def to_bytes(self) -> bytes:
        return canonical(self.model_dump(mode="json")) + b"\n"

    def values(self, kind: Kind) -> set[str]:
        return {value for each in self.entries if each.name == kind.name for value in each.values}


Edit = Callable[[ListFile], ListFile]


def added(file: ListFile, new: Entries) -> ListFile:
    """Raises Usage where nothing would be new."""
    there = {value for each in file.entries if _same(each, new) for value in each.values}
    if set(new.values) <= there:
        raise Usage(f"all of that is on {new.name} already", fix="`fraudstream lists show` has who put it there")
    kept = [each for each in file.entries if not _same(each, new)]
    made = ListFile(entries=tuple(sorted([*kept, new.of({*new.values, *there})], key=_place)))
    if sum(len(each.values) for each in made.entries) > MOST_VALUES:
        raise Usage(f"the lists would hold more than {MOST_VALUES:,} values", fix="remove what is over")
    return made


def removed(file: ListFile, kind: Kind, values: Iterable[str]) -> ListFile:
    """Raises Usage naming a value that is not there."""
    gone = set(values)
    if missing := sorted(gone - file.values(kind)):
        raise Usage(f"{missing[0]} is not on {kind.name}", fix=f"`fraudstream lists show {kind.name}` has what is")
    left = [each if each.name != kind.name else each.of(set(each.values) - gone) for each in file.entries]
    return ListFile(entries=tuple(each for each in left if each.values))


def _same(one: Entries, other: Entries) -> bool:
    return _place(one) == _place(other)


def _place(entries: Entries) -> tuple[str, int, int, str, str]:
    return entries.name, entries.from_ms, entries.until_ms, entries.who, entries.why
