"""One line of the ledger: who did what, when and why, chained to the line before it."""

import hashlib
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from models.artefact.canonical import canonical

MOST_LETTERS: Final = 2_000
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=MOST_LETTERS)]
Action = Literal["register", "promote", "refuse", "rollback"]
Kind = Literal["model", "policy", "lists"]
BEGINNING: Final = "0" * 64
LATER: Final = {"kind": "model", "bound_to": None, "change": None}
"""Fields that came later, with what they are in the entries that were there before: left out of those, as their hashes
are of the words they had."""


class Judged(BaseModel):
    """What one gate said. `overridden`: it failed, and somebody promoted all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    gate: Words
    passed: bool
    said: str
    numbers: dict[str, JsonValue]
    overridden: bool = False


class Entry(BaseModel):
    """`digest` is of the content, `seal` of the artefact with all its files; `replaced` was live before.

    `kind` says of what it is a version. A policy is `bound_to` the content digest of its model; `change` says what a
    version of the lists has that the one before had not.
    """

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
    kind: Kind = "model"
    bound_to: Hex | None = None
    change: Words | None = None

    @model_validator(mode="after")
    def _an_alias_where_one_is_moved(self) -> Self:
        if (self.alias is None) != (self.action == "register"):
            raise ValueError(f"{self.action} and alias {self.alias} do not go together")
        return self

    @model_validator(mode="after")
    def _what_its_kind_has(self) -> Self:
        if (self.bound_to is None) == (self.kind == "policy") or (self.change is None) == (self.kind == "lists"):
            raise ValueError(f"a {self.kind} is not bound to {self.bound_to} with the change {self.change}")
        return self

    def __str__(self) -> str:
        """What it is about, as on a command line."""
        if self.kind == "lists":
            return f"lists:/{self.version}"
        return f"{'models' if self.kind == 'model' else 'policies'}:/{self.name}/{self.version}"

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
        absent = {name for name, before in LATER.items() if getattr(self, name) == before}
        return self.model_dump(mode="json", exclude={"hash"} | absent)
