"""Flags and environment, read into entries: one value for one leaf, and where it was found."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from schemas.errors import Usage
from schemas.settings.leaves import CONFIG, PREFIX, Leaf, by_env, by_path, find, groups, leaves, nearest
from schemas.settings.masking import is_secret, masked
from schemas.settings.tree import Settings

FLAG: Final = "command line"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is the leaf's, followed by the name of the property where the leaf is a table."""

    leaf: Leaf
    key: str
    value: object
    origin: str

    @property
    def path(self) -> str:
        return f"{self.leaf.path}.{self.key}" if self.key else self.leaf.path


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with `path`, which stands at `origin`. It may have been typed in the place of anything: masked."""

    path: str
    origin: str
    text: str

    def __str__(self) -> str:
        return masked(f"{self.path} ({self.origin}): {self.text}")


Found = Iterator[Entry | Problem]


class Layer(PydanticBaseSettingsSource):
    """One source's entries as the nested tables that pydantic-settings merges, key by key."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        super().__init__(Settings)
        self.entries = tuple(entries)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return self()[field_name], field_name, True

    def __call__(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for entry in self.entries:
            *tables, last = [*entry.leaf.path.split("."), *([entry.key] if entry.key else [])]
            inner = tree
            for table in tables:
                inner = inner.setdefault(table, {})
            inner[last] = entry.value
        return tree


def overrides(pairs: Iterable[str]) -> dict[str, str]:
    """`path=value` as given on a command line; the last one of a path wins."""
    split = [pair.partition("=") for pair in pairs]
    for path, equals, _ in split:
        if not equals:
            raise Usage(f"{masked(path)!r} sets nothing", fix="write --set group.field=value")
    return {path.strip(): value for path, _, value in split}


def flags(given: Mapping[str, str]) -> Found:
    for path, value in given.items():
        yield from entries(path, value, FLAG)


def environment(env: Mapping[str, str]) -> Found:
    """Sorted, so that one property's own variable comes after the JSON of its table and wins."""
    for name in sorted(env):
        if name.startswith(PREFIX) and name != CONFIG:
            yield from _variable(name, env[name])


def _variable(name: str, value: str) -> Found:
    """Properties have dots where a variable has underscores; the few that have underscores themselves need the JSON."""
    origin = f"environment {name}"
    if leaf := by_env().get(name):
        yield from entries(leaf.path, value, origin)
        return
    for table in (leaf for leaf in leaves() if leaf.table and name.startswith(f"{leaf.env}__")):
        key = name.removeprefix(f"{table.env}__").lower().replace("_", ".")
        yield from entries(f"{table.path}.{key}", value, origin)
        return
    yield unknown(name, "environment", nearest(name, by_env()))


def entries(path: str, value: object, origin: str) -> Found:
    match find(path):
        case None:
            yield unknown(path, origin, nearest(path, [*by_path(), *groups()]))
        case (leaf, "") if leaf.table:
            yield from _table(leaf, value, origin)
        case (leaf, key) if leaf.table:
            yield from _property(leaf, key, value, origin)
        case (leaf, key):
            concealed = SecretStr(value) if leaf.secret and isinstance(value, str) else value
            yield Entry(leaf, key, concealed, origin)


def unknown(name: str, origin: str, meant: str) -> Problem:
    return Problem(name, origin, f"there is no such setting{f'; did you mean {meant}?' if meant else ''}")


def _table(leaf: Leaf, value: object, origin: str) -> Found:
    """A whole table comes from a flag or a variable as a JSON object."""
    try:
        properties = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        properties = None
    if not isinstance(properties, dict):
        yield Problem(leaf.path, origin, 'should be a JSON object, such as {"security.protocol": "SSL"}')
        return
    for key, each in properties.items():
        yield from _property(leaf, key, each, origin)


def _property(leaf: Leaf, key: str, value: object, origin: str) -> Found:
    """Clients take their properties as text, whatever the file had."""
    if not key or not isinstance(value, str | int | float):
        yield Problem(f"{leaf.path}.{key}", origin, "should be a name with text, a number, true or false")
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    yield Entry(leaf, key, SecretStr(text) if is_secret(key, text) else text, origin)
