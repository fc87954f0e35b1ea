"""One line of the ledger: who did what, when and why, chained to the line before it."""

import hashlib
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from models.artefact.canonical import canonical

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Action = Literal["register", "promote", "refuse", "rollback"]
BEGINNING: Final = "0" * 64


class Judged(BaseModel):
    """What one gate said. `overridden`: it failed, and somebody promoted all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    gate: Words
    passed: bool
    said: str
    numbers: dict[str, JsonValue]
    overridden: bool = False


class Entry(BaseModel):
    """`digest` is of the content, `seal` of the artefact with all its files; `replaced` was live before."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: Annotated[int, Field(ge=1)]
    at: Words
    who: Words
    why: Words
    action: Action
    name: Words
    version: Annotated[int, Field(ge=1)]
    alias: str | None = None
    replaced: int | None = None
    digest: Hex
    seal: Hex
    gates: list[Judged] = []
    mended: str | None = None
    previous: Hex
    hash: str = ""

    @model_validator(mode="after")
    def _an_alias_where_one_is_moved(self) -> Self:
        if (self.alias is None) != (self.action == "register"):
            raise ValueError(f"{self.action} and alias {self.alias} do not go together")
        return self

    def hashed(self) -> Self:
        return self.model_copy(update={"hash": self._hash()})

    @property
    def is_whole(self) -> bool:
        return self.hash == self._hash()

    def to_line(self) -> bytes:
        return canonical(self._facts() | {"hash": self.hash}) + b"\n"

    def _hash(self) -> str:
        return hashlib.sha256(canonical(self._facts())).hexdigest()

    def _facts(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"hash"})
