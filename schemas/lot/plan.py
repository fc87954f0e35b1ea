"""A flat writer schema, read as a contract, is a small table of numbers that one kernel can follow.

One line per thing on the wire: its kind, the slot it fills or none, for a union's branch which one is null (the next
line is then left out), for an enum where its symbols are translated and how many there are. Schema resolution is
fastavro's: fields by name, then by the reader's aliases; dropped fields are skipped, added ones take their default;
int widens to long and double, long and float to double, bytes read as string; a symbol the reader lacks becomes its
enum's default. Whatever does not fit (nested types, wider unions, a logical type that would have to be converted,
names that do not match) has no plan and is read by fastavro itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.contracts import Schema
from schemas.lot.logical import same_on_the_wire
from schemas.lot.table import AvroType, kind, optional, symbols, value_type

STRING, BYTES, INT, LONG, ENUM, BRANCH, DOUBLE, FLOAT, BOOLEAN, NULL = range(10)
LAST_VARINT: Final = BRANCH
KIND, SLOT, ARGUMENT, SIZE = range(4)
SKIPPED: Final = -1
NO_SYMBOL: Final = -1

KINDS: Final = {
    "string": STRING,
    "bytes": BYTES,
    "int": INT,
    "long": LONG,
    "enum": ENUM,
    "double": DOUBLE,
    "float": FLOAT,
    "boolean": BOOLEAN,
    "null": NULL,
}
FIXED_SIZES: Final = {DOUBLE: 8, FLOAT: 4, BOOLEAN: 1}
READ_AS: Final[Mapping[int, tuple[str, ...]]] = {
    STRING: ("string",),
    BYTES: ("string",),
    INT: ("int", "long", "double"),
    LONG: ("long", "double"),
    FLOAT: ("double",),
    DOUBLE: ("double",),
    BOOLEAN: ("boolean",),
    ENUM: ("enum",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`texts` and `numbers` name the column of each slot, `wires` the kind behind each number, `defaults` the rest."""

    ops: NDArray[np.int64]
    translation: NDArray[np.int64]
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    wires: tuple[int, ...]
    defaults: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Wire:
    """`null_branch` is None for what cannot be null."""

    kind: int
    null_branch: int | None
    type: AvroType


class NoPlan(Exception):
    pass


def compile_plan(writer: Schema, reader: Schema) -> Plan | None:
    try:
        return _Compiler(reader).plan(writer)
    except NoPlan:
        return None


def _wire(avro_type: AvroType) -> Wire:
    branch = None
    if isinstance(avro_type, list):
        if len(avro_type) != 2 or "null" not in avro_type:  # noqa: PLR2004 - null and one more
            raise NoPlan
        branch, avro_type = avro_type.index("null"), value_type(avro_type)
    if kind(avro_type) not in KINDS:
        raise NoPlan
    return Wire(KINDS[kind(avro_type)], branch, avro_type)


def _same_name(writer: Schema, reader: Schema) -> bool:
    """As fastavro has it: namespaces do not count, the reader's aliases do."""
    last = writer["name"].split(".")[-1]
    aliases = reader.get("aliases", [])
    return last == reader["name"].split(".")[-1] or last in aliases or writer["name"] in aliases


class _Compiler:
    def __init__(self, reader: Schema) -> None:
        self.reader = reader
        self.open = {each["name"]: each for each in reader["fields"]}
        self.aliases = {alias: each for each in reader["fields"] for alias in each.get("aliases", [])}
        self.translation: list[int] = []
        self.texts: list[str] = []
        self.numbers: list[str] = []
        self.wires: list[int] = []
        self.defaults: dict[str, object] = {}

    def plan(self, writer: Schema) -> Plan:
        if not isinstance(writer, dict) or writer.get("type") != "record" or not _same_name(writer, self.reader):
            raise NoPlan
        ops = [op for field in writer["fields"] for op in self._ops(field)]
        for name, field in self.open.items():
            if "default" not in field:
                raise NoPlan
            self.defaults[name] = field["default"]
        return Plan(
            np.array(ops, np.int64).reshape(-1, 4),
            np.array(self.translation, np.int64),
            tuple(self.texts),
            tuple(self.numbers),
            tuple(self.wires),
            self.defaults,
        )

    def _ops(self, field: Schema) -> list[list[int]]:
        wire = _wire(field["type"])
        argument, size = len(self.translation), FIXED_SIZES.get(wire.kind, len(symbols(wire.type)))
        op = [wire.kind, self._slot(wire, field["name"]), argument, size]
        branch = [] if wire.null_branch is None else [[BRANCH, SKIPPED, wire.null_branch, 0]]
        return branch if wire.kind == NULL else [*branch, op]

    def _slot(self, wire: Wire, name: str) -> int:
        target = self.open.get(name) or self.aliases.get(name)
        if target is None:
            self.translation += [0] * len(symbols(wire.type))
            return SKIPPED
        if self.open.pop(target["name"], None) is None:
            raise NoPlan
        return self._filled(wire, target)

    def _filled(self, wire: Wire, target: Schema) -> int:
        may_be_null = wire.kind == NULL or wire.null_branch is not None
        if (may_be_null and not optional(target["type"])) or not same_on_the_wire(wire.type):
            raise NoPlan
        if wire.kind == NULL:
            self.defaults[target["name"]] = None
            return SKIPPED
        if kind(target["type"]) not in READ_AS[wire.kind]:
            raise NoPlan
        writer, reader = value_type(wire.type), value_type(target["type"])
        if isinstance(writer, dict) and isinstance(reader, dict) and wire.kind == ENUM:
            self._translate(writer, reader)
        return self._filed(wire, target["name"])

    def _translate(self, writer: Schema, reader: Schema) -> None:
        if not _same_name(writer, reader):
            raise NoPlan
        places = {symbol: place for place, symbol in enumerate(reader["symbols"])}
        otherwise = places.get(reader.get("default", ""), NO_SYMBOL)
        self.translation += [places.get(symbol, otherwise) for symbol in writer["symbols"]]

    def _filed(self, wire: Wire, name: str) -> int:
        if wire.kind in (STRING, BYTES):
            self.texts.append(name)
            return len(self.texts) - 1
        self.numbers.append(name)
        self.wires.append(wire.kind)
        return len(self.numbers) - 1
