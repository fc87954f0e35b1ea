"""Which column of a file holds which field: by the field's own name unless it was told otherwise."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from batch.history.files import File
from schemas.contracts import LABEL, TRANSACTION, Contract
from schemas.errors import Usage

AMOUNT: Final = "amount"
AMOUNT_MINOR: Final = "amount_minor"
IS_FRAUD: Final = "is_fraud"
LABEL_TIME: Final = "label_time"
SCENARIO: Final = "scenario"
TIMESTAMP: Final = "timestamp"


def _of(contract: Contract) -> tuple[str, ...]:
    return tuple(each["name"] for each in contract.schema["fields"])


@dataclass(frozen=True, slots=True)
class Kind:
    """What a table holds: its name, the option that maps it, its fields, and those without which it is nothing."""

    name: str
    option: str
    fields: tuple[str, ...]
    needed: tuple[str, ...]
    told_only: frozenset[str] = frozenset({AMOUNT})
    """Fields that are never taken by their name: an `amount` may be in major or in minor units."""


TRANSACTIONS: Final = Kind(
    "transactions",
    "--map",
    (*_of(TRANSACTION), AMOUNT, IS_FRAUD, LABEL_TIME, SCENARIO, TIMESTAMP),
    ("event_time", "card_id", AMOUNT_MINOR),
)
LABELS: Final = Kind("labels", "--label-map", (*_of(LABEL), AMOUNT, LABEL_TIME, TIMESTAMP), ("event_id", IS_FRAUD))
TRUTHS: Final = Kind("truths", "--truth-map", ("event_id", IS_FRAUD, SCENARIO), ("event_id", IS_FRAUD, SCENARIO))


@dataclass(frozen=True, slots=True)
class Assignment:
    """`columns` and `fills` are what was told, by field."""

    kind: Kind
    columns: Mapping[str, str] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)

    def of(self, file: File, names: Sequence[str]) -> dict[str, str]:
        """Field to column, of the file's columns. A column that was given to one field is no other's."""
        for told, column in self.columns.items():
            if column not in names:
                raise self._missing(file, names, told, column)
        claimed = set(self.columns.values())
        by_name = {each: each for each in self._by_name() if each in names and each not in claimed}
        found = {**by_name, **self.columns}
        for needed in self.kind.needed:
            if not (found.keys() | self.fills.keys()) & ({needed, AMOUNT} if needed == AMOUNT_MINOR else {needed}):
                raise self._needed(file, names, needed)
        return found

    def told(self, name: str) -> bool:
        return name in self.columns

    def _by_name(self) -> list[str]:
        left_out = {*self.columns, *self.kind.told_only}
        if AMOUNT in self.columns:
            left_out.add(AMOUNT_MINOR)
        return [each for each in self.kind.fields if each not in left_out]

    def _missing(self, file: File, names: Sequence[str], told: str, column: str) -> Usage:
        meant = difflib.get_close_matches(column, names, n=1)
        said = f"{file} has no column {column} ({self.kind.option} {told}={column})"
        return Usage(said + (f"; did you mean {meant[0]}?" if meant else ""), fix=f"its columns are {', '.join(names)}")

    def _needed(self, file: File, names: Sequence[str], needed: str) -> Usage:
        option = self.kind.option
        how = f"{option} {needed}=COLUMN"
        if needed == AMOUNT_MINOR:
            how = f"{option} amount=COLUMN (12.34) or {option} amount_minor=COLUMN (1234)"
        return Usage(
            f"{file}: no column is known to be the {needed} of {self.kind.name}",
            fix=f"say which one it is: {how}; its columns are {', '.join(names)}",
        )


def assignment(kind: Kind, columns: Iterable[str], fills: Iterable[str] = ()) -> Assignment:
    """From FIELD=COLUMN and FIELD=VALUE as they stand on a command line."""
    told, filled = _pairs(columns, kind, kind.option, "COLUMN"), _pairs(fills, kind, "--fill", "VALUE")
    if {AMOUNT, AMOUNT_MINOR} <= told.keys():
        raise Usage(f"{kind.option} names both amount and amount_minor", fix="give the one that the table has")
    return Assignment(kind, told, filled)


def _pairs(texts: Iterable[str], kind: Kind, option: str, what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise Usage(f"{option} {text} is not FIELD={what}", fix=f"write it as {option} card_id={what}")
        if name not in kind.fields:
            raise Usage(f"{option} {text}: {name} is no field{_meant(name, kind.fields)}", fix=_fields(kind))
        if name in found:
            raise Usage(f"{option} gives {name} twice", fix="give it once")
        found[name] = value
    return found


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _fields(kind: Kind) -> str:
    return f"the fields of {kind.name} are {', '.join(kind.fields)}"
