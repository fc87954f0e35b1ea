"""New contracts read old data: the verdict is checked against fastavro, the published files against the verdict."""

import copy
import hashlib
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer

import schemas
from schemas.compatibility import problems
from schemas.contracts import TRANSACTION, VERSIONS, Contract, parse

AVRO = Path(schemas.__file__).parent / "avro"
LIST = AVRO / "published.sha256"
COMMAND = "cd schemas/avro && sha256sum *.avsc > published.sha256"

Schema = dict[str, Any]


def samples(schema: Any) -> list[Any]:  # noqa: PLR0911 - Avro's types are of every kind
    """Values that between them take every branch of a union and every symbol of an enum."""
    plain: dict[str, list[Any]] = {
        "null": [None],
        "boolean": [True],
        "int": [1],
        "long": [2],
        "float": [0.5],
        "double": [0.25],
        "bytes": [b"ab"],
        "string": ["cd"],
    }
    match schema:
        case str():
            return plain[schema]
        case list():
            return [value for branch in schema for value in samples(branch)]
        case {"type": "enum", "symbols": symbols}:
            return list(symbols)
        case {"type": "fixed", "size": size}:
            return [b"x" * size]
        case {"type": "array", "items": items}:
            return [samples(items)]
        case {"type": "map", "values": values}:
            return [{str(number): value for number, value in enumerate(samples(values))}]
        case {"type": "record", "fields": fields}:
            return _records(fields)
    return samples(schema["type"])


def _records(fields: list[Schema]) -> list[Any]:
    choices = {each["name"]: itertools.cycle(samples(each["type"])) for each in fields}
    most = max((len(samples(each["type"])) for each in fields), default=1)
    return [{name: next(values) for name, values in choices.items()} for _ in range(most)]


def reads(reader: Schema, writer: Schema) -> bool:
    """Whether fastavro reads with one schema whatever was written with the other."""
    parsed = parse_schema(writer)
    for value in samples(writer):
        written = io.BytesIO()
        schemaless_writer(written, parsed, value)
        written.seek(0)
        try:
            schemaless_reader(written, parsed, parse_schema(reader))
        except Exception:  # noqa: BLE001 - it has no common error for what it cannot resolve
            return False
    return True


def record(*fields: Schema, name: str = "Outer") -> Schema:
    return {"type": "record", "name": name, "fields": list(fields)}


def a(type_: object, **more: object) -> Schema:
    return {"name": "a", "type": type_, **more}


def enum(symbols: str, **more: object) -> Schema:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


TYPES: dict[str, Any] = {
    **{each: each for each in ("null", "boolean", "int", "long", "float", "double", "bytes", "string")},
    "enum AB": enum("AB"),
    "enum A": enum("A"),
    "enum A, default": enum("A", default="A"),
    "enum ABC": enum("ABC"),
    "enum F": enum("AB", name="F"),
    "enum F, once E": enum("AB", name="F", aliases=["E"]),
    "enum n.E": enum("AB", namespace="n"),
    "fixed 2": {"type": "fixed", "name": "X", "size": 2},
    "fixed 3": {"type": "fixed", "name": "X", "size": 3},
    "fixed Y": {"type": "fixed", "name": "Y", "size": 2},
    "ints": {"type": "array", "items": "int"},
    "longs": {"type": "array", "items": "long"},
    "strings": {"type": "array", "items": "string"},
    "optional ints": {"type": "array", "items": ["null", "int"]},
    "map of int": {"type": "map", "values": "int"},
    "map of double": {"type": "map", "values": "double"},
    "map of enum": {"type": "map", "values": enum("AB")},
    "optional int": ["null", "int"],
    "optional long": ["null", "long"],
    "optional string": ["null", "string"],
    "int or string": ["int", "string"],
    "string or long": ["string", "long"],
    "double or bytes": ["double", "bytes"],
    "optional enum AB": ["null", enum("AB")],
    "optional enum A": ["null", enum("A")],
    "optional ints or not": ["null", {"type": "array", "items": "int"}],
    "record x": record({"name": "x", "type": "int"}, name="R"),
    "record x long": record({"name": "x", "type": "long"}, name="R"),
    "record x string": record({"name": "x", "type": "string"}, name="R"),
    "record x y": record({"name": "x", "type": "int"}, {"name": "y", "type": "int"}, name="R"),
    "record x y default": record({"name": "x", "type": "int"}, {"name": "y", "type": "int", "default": 0}, name="R"),
    "record z once x": record({"name": "z", "type": "int", "aliases": ["x"]}, name="R"),
    "record S": record({"name": "x", "type": "int"}, name="S"),
    "optional record": ["null", record({"name": "x", "type": "int"}, name="R")],
    "records": {"type": "array", "items": record({"name": "x", "type": "int"}, name="R")},
}


@pytest.mark.parametrize("writer", TYPES)
def test_the_verdict_is_fastavros(writer: str) -> None:
    """For every pair of types, the list of problems is empty exactly when fastavro reads the data."""
    for reader, type_ in TYPES.items():
        found = problems(record(a(type_)), record(a(TYPES[writer])))
        assert reads(record(a(type_)), record(a(TYPES[writer]))) is (not found), f"{writer} read as {reader}: {found}"


def test_both_verdicts_occur_often() -> None:
    """The comparison above is no comparison of nothing with nothing."""
    verdicts = [bool(problems(record(a(one)), record(a(other)))) for one in TYPES.values() for other in TYPES.values()]
    assert sum(verdicts) > 500
    assert len(verdicts) - sum(verdicts) > 100


def the_field(contract: Schema, name: str) -> Schema:
    return next(each for each in contract["fields"] if each["name"] == name)


def edited(field: str, /, **changes: object) -> Callable[[Schema], None]:
    return lambda schema: the_field(schema, field).update(changes)


def added(field: Schema) -> Callable[[Schema], None]:
    return lambda schema: schema["fields"].append(field)


def removed(name: str) -> Callable[[Schema], None]:
    return lambda schema: schema["fields"].remove(the_field(schema, name))


def channel(**changes: object) -> Callable[[Schema], None]:
    return lambda schema: the_field(schema, "channel")["type"][1].update(changes)


def channel_without_default(schema: Schema) -> None:
    kind = the_field(schema, "channel")["type"][1]
    kind["symbols"].remove("CASH")
    del kind["default"]


BREAKING: dict[str, tuple[Callable[[Schema], None], str]] = {
    "field added without default": (added({"name": "fresh", "type": "string"}), "Transaction.fresh: is not in older"),
    "field renamed": (edited("amount_minor", name="amount"), "Transaction.amount: is not in older data"),
    "type changed": (edited("amount_minor", type="string"), "Transaction.amount_minor: long cannot be read as string"),
    "type narrowed": (edited("amount_minor", type="int"), "Transaction.amount_minor: long cannot be read as int"),
    "optional made required": (
        edited("merchant_category", type="int", default=0),
        "merchant_category: null cannot be read as int",
    ),
    "choice taken away": (
        edited("country", type=["null", "int"]),
        "country: string is not among null, int",
    ),
    "symbol removed without default": (channel_without_default, "channel: CASH stands in older data"),
    "enum renamed": (channel(name="Way"), "channel: enum fraudstream.Channel is not among null, enum fraudstream.Way"),
    "record renamed": (lambda schema: schema.update(name="Payment"), "record fraudstream.Transaction cannot be read"),
}

COMPATIBLE: dict[str, Callable[[Schema], None]] = {
    "nothing": lambda schema: None,
    "field added with default": added({"name": "fresh", "type": ["null", "string"], "default": None}),
    "field dropped": removed("memo"),
    "required field dropped": removed("terminal_id"),
    "field renamed with alias": edited("amount_minor", name="amount", aliases=["amount_minor"]),
    "type widened": edited("merchant_category", type=["null", "long"]),
    "required made optional": edited("terminal_id", type=["null", "string"]),
    "symbol added": channel(symbols=["UNKNOWN", "CHIP", "CONTACTLESS", "SWIPE", "ONLINE", "PHONE", "CASH", "WATCH"]),
    "symbol removed with default": channel(symbols=["UNKNOWN", "CHIP"]),
    "record renamed with alias": lambda schema: schema.update(name="Payment", aliases=["Transaction"]),
    "fields in another order": lambda schema: schema["fields"].reverse(),
    "words changed": lambda schema: schema.update(doc="Otherwise said."),
}


def changed(change: Callable[[Schema], None]) -> Schema:
    schema = copy.deepcopy(TRANSACTION.schema)
    change(schema)
    return schema


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_found(name: str) -> None:
    """The message says which place of the contract breaks and why; fastavro fails on it as well."""
    change, said = BREAKING[name]
    assert said in " / ".join(problems(changed(change), TRANSACTION.schema))
    assert not reads(changed(change), TRANSACTION.schema)


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_harmless_change_is_let_through(name: str) -> None:
    """What readers can live with is no problem, for fastavro neither."""
    assert problems(changed(COMPATIBLE[name]), TRANSACTION.schema) == []
    assert reads(changed(COMPATIBLE[name]), TRANSACTION.schema)


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ({"type": "long", "logicalType": "timestamp-micros"}, "timestamp-millis has become timestamp-micros"),
        ("long", "timestamp-millis has become a plain value"),
    ],
)
def test_a_change_of_meaning_is_found_though_it_can_be_read(type_: object, said: str) -> None:
    """The bytes resolve, and every time would be wrong: here the verdict is stricter than fastavro's."""
    schema = changed(edited("event_time", type=type_))
    assert problems(schema, TRANSACTION.schema) == [f"fraudstream.Transaction.event_time: {said}"]
    assert reads(schema, TRANSACTION.schema)


def test_a_type_that_contains_itself_is_compared_once() -> None:
    """Recursive schemas end, and what is wrong inside them is found."""
    node = record({"name": "next", "type": ["null", "Node"]}, {"name": "x", "type": "long"}, name="Node")
    narrow = record({"name": "next", "type": ["null", "Node"]}, {"name": "x", "type": "int"}, name="Node")
    assert problems(node, narrow) == []
    assert problems(narrow, node) == ["Node.x: long cannot be read as int"]


def test_all_problems_are_told() -> None:
    """One run shows everything that has to be mended."""

    def change(schema: Schema) -> None:
        added({"name": "fresh", "type": "string"})(schema)
        edited("amount_minor", type="int")(schema)

    assert len(problems(changed(change), TRANSACTION.schema)) == 2


def incompatible(versions: Iterable[Contract]) -> list[str]:
    """What each version cannot read of every older version of the same contract."""
    pairs = itertools.permutations(versions, 2)
    older = ((new, old) for new, old in pairs if new.name == old.name and new.version > old.version)
    return [
        f"{new.name}-v{new.version} reading v{old.version}: {problem}"
        for new, old in older
        for problem in problems(new.schema, old.schema)
    ]


def test_every_published_version_reads_all_older_ones() -> None:
    """BACKWARD, not only from one version to the next."""
    assert incompatible(VERSIONS) == []


def test_an_incompatible_new_version_would_be_noticed() -> None:
    """A default that is removed again does no harm to the version before, only to the ones before that."""
    fresh = {"name": "fresh", "type": "string"}
    second = parse("transaction", 2, json.dumps(changed(added({**fresh, "default": ""}))))
    third = parse("transaction", 3, json.dumps(changed(added(fresh))))
    assert incompatible([*VERSIONS, second]) == []
    assert incompatible([second, third]) == []
    assert incompatible([*VERSIONS, second, third]) == [
        "transaction-v3 reading v1: fraudstream.Transaction.fresh: is not in older data and has no default"
    ]


def test_no_two_versions_share_a_fingerprint() -> None:
    """The fingerprint alone says which schema a record was written with."""
    assert len({each.fingerprint for each in VERSIONS}) == len(VERSIONS)


def published() -> Iterator[tuple[str, str]]:
    for line in LIST.read_text("utf-8").splitlines():
        digest, name = line.split()
        yield name, digest


def test_published_versions_never_change() -> None:
    """Data written with them is out there: a change goes into a new file with the next version number."""
    now = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in AVRO.glob("*.avsc")}
    listed = dict(published())
    touched = sorted(name for name, digest in listed.items() if now.get(name) != digest)
    assert not touched, f"{touched} changed or gone: restore them, and put the change into the next version's file"
    assert not now.keys() - listed.keys(), f"not in {LIST.name} yet: {sorted(now.keys() - listed.keys())}: {COMMAND}"
    assert len(now) == len(VERSIONS)
