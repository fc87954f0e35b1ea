"""Whether data written with one Avro schema can be read with another: BACKWARD, said in words.

Avro's own resolution rules (names and aliases, defaults, promotions, unions), and one rule more: a logical type may not
change, because a number that was milliseconds and is now microseconds reads without complaint and means something else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastavro.schema import parse_schema

Schema = Any
"""As Avro has it: a name, a list (union) or an object."""

PROMOTIONS: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
NAMED: Final = frozenset({"record", "enum", "fixed", "error"})
MEANING: Final = ("logicalType", "precision", "scale")


def problems(reader: Schema, writer: Schema) -> list[str]:
    """What goes wrong when `reader` reads what `writer` wrote, each with the place; empty when nothing can."""
    readers: dict[str, Schema] = {}
    writers: dict[str, Schema] = {}
    pair = parse_schema(reader, named_schemas=readers), parse_schema(writer, named_schemas=writers)
    return list(_Resolution(readers, writers).compare(*pair, ""))


@dataclass(frozen=True, slots=True)
class _Resolution:
    readers: Mapping[str, Schema]
    writers: Mapping[str, Schema]
    met: set[tuple[str, str]] = field(default_factory=set)

    def compare(self, reader: Schema, writer: Schema, where: str) -> Iterator[str]:
        reader, writer = _definition(reader, self.readers), _definition(writer, self.writers)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.compare(reader, branch, where)
        elif isinstance(reader, list):
            yield from self._one_of(reader, writer, where)
        elif not _alike(reader, writer):
            yield f"{where or _said(reader)}: {_said(writer)} cannot be read as {_said(reader)}"
        else:
            yield from self._inside(reader, writer, where)

    def _one_of(self, branches: list[Schema], writer: Schema, where: str) -> Iterator[str]:
        """A reader's union is read by its first branch that fits, even if that one fails further inside."""
        defined = [_definition(branch, self.readers) for branch in branches]
        fitting = next((branch for branch in defined if _alike(branch, writer)), None)
        if fitting is None:
            yield f"{where}: {_said(writer)} is not among {', '.join(map(_said, defined))}"
        else:
            yield from self._inside(fitting, writer, where)

    def _inside(self, reader: Schema, writer: Schema, where: str) -> Iterator[str]:
        if (before := _meaning(writer)) != (now := _meaning(reader)):
            yield f"{where}: {before or 'a plain value'} has become {now or 'a plain value'}"
        match _kind(reader):
            case "record" | "error":
                yield from self._fields(reader, writer, where or reader["name"])
            case "enum":
                yield from _symbols(reader, writer, where or reader["name"])
            case "array":
                yield from self.compare(reader["items"], writer["items"], f"{where}[]")
            case "map":
                yield from self.compare(reader["values"], writer["values"], f"{where}{{}}")

    def _fields(self, reader: Schema, writer: Schema, where: str) -> Iterator[str]:
        if (reader["name"], writer["name"]) in self.met:
            return
        self.met.add((reader["name"], writer["name"]))
        written = {each["name"]: each for each in writer["fields"]}
        for each in reader["fields"]:
            names = [name for name in (each["name"], *each.get("aliases", ())) if name in written]
            place = f"{where}.{each['name']}"
            if names:
                yield from self.compare(each["type"], written[names[0]]["type"], place)
            elif "default" not in each:
                yield f"{place}: is not in older data and has no default"


def _symbols(reader: Schema, writer: Schema, where: str) -> Iterator[str]:
    gone = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if gone and "default" not in reader:
        yield f"{where}: {', '.join(gone)} stands in older data, and there is no default symbol to read it as"


def _definition(schema: Schema, named: Mapping[str, Schema]) -> Schema:
    return named.get(schema, schema) if isinstance(schema, str) else schema


def _kind(schema: Schema) -> str:
    return str(schema["type"] if isinstance(schema, dict) else schema)


def _alike(reader: Schema, writer: Schema) -> bool:
    """Whether resolution goes on inside: the same kind (and name and size) or a promotion."""
    kind = _kind(writer)
    if kind != _kind(reader):
        return _kind(reader) in PROMOTIONS.get(kind, ())
    if kind not in NAMED:
        return True
    return _same_name(reader, writer) and reader.get("size") == writer.get("size")


def _same_name(reader: Schema, writer: Schema) -> bool:
    """Avro compares names without their namespace; an alias may have one or not."""
    short = writer["name"].rpartition(".")[2]
    aliases = reader.get("aliases", ())
    return short == reader["name"].rpartition(".")[2] or short in aliases or writer["name"] in aliases


def _meaning(schema: Schema) -> str:
    return " ".join(str(schema[key]) for key in MEANING if key in schema) if isinstance(schema, dict) else ""


def _said(schema: Schema) -> str:
    if isinstance(schema, list):
        return f"one of {', '.join(_said(branch) for branch in schema)}"
    return f"{_kind(schema)} {schema['name']}" if _kind(schema) in NAMED else _kind(schema)
