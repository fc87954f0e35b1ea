"""The settings as a list: what the loader, the settings page and `fraudstream settings` are all made from."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from schemas.settings.masking import shown
from schemas.settings.tree import Settings

PREFIX: Final = "FRAUDSTREAM_"
CONFIG: Final = "FRAUDSTREAM_CONFIG"
"""The one variable that is no setting: which file to read."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting. `type` says in words what is allowed; a `table` takes any name below it (`kafka.properties.…`)."""

    path: str
    env: str
    type: str
    default: object
    doc: str
    secret: bool
    table: bool

    @property
    def default_text(self) -> str:
        return in_words(self.default)


def in_words(value: object) -> str:
    """A value as it would be given on a command line; its passwords masked, nothing for what is empty."""
    match value:
        case SecretStr() | str():
            return shown(value)
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case None | {}:
            return ""
    return str(value)


@cache
def leaves() -> tuple[Leaf, ...]:
    return tuple(leaf for name, field in Settings.model_fields.items() for leaf in _group(name, field.annotation))


def _group(group: str, model: Any) -> list[Leaf]:  # noqa: ANN401 - pydantic keeps a field's class as Any
    schema = model.model_json_schema()
    return [
        Leaf(
            path=f"{group}.{name}",
            env=f"{PREFIX}{group}_{name}".upper(),
            type=_words(schema["properties"][name], schema.get("$defs", {})),
            default=field.get_default(call_default_factory=True),
            doc=" ".join((field.description or "").split()),
            secret=field.annotation is SecretStr,
            table=schema["properties"][name].get("type") == "object",
        )
        for name, field in _fields(model).items()
    ]


def _fields(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_fields


def _words(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line for each kind of type
    match schema:
        case {"words": str(words)}:
            return words
        case {"$ref": str(name)}:
            return _words(named[name.rpartition("/")[2]], named)
        case {"anyOf": list(choices)}:
            return " or ".join("empty" if each == {"type": "null"} else _words(each, named) for each in choices)
        case {"enum": list(choices)}:
            return " | ".join(choices)
        case {"type": "array", "items": items}:
            return f"list of {_words(items, named)}"
        case {"type": "integer" | "number" as kind, "minimum": low, "maximum": high}:
            return f"{kind} from {low} to {high}"
        case {"type": "boolean"}:
            return "true | false"
        case {"type": "object"}:
            return "table of text"
        case {"format": "path"}:
            return "path"
    return "text"


@cache
def by_path() -> Mapping[str, Leaf]:
    return {leaf.path: leaf for leaf in leaves()}


@cache
def by_env() -> Mapping[str, Leaf]:
    return {leaf.env: leaf for leaf in leaves()}


def groups() -> frozenset[str]:
    return frozenset(Settings.model_fields)


def find(path: str) -> tuple[Leaf, str] | None:
    """The leaf of a dotted path and, below a table, the name of the property."""
    if leaf := by_path().get(path):
        return leaf, ""
    for table in (leaf for leaf in leaves() if leaf.table):
        if path.startswith(f"{table.path}.") and path != f"{table.path}.":
            return table, path.removeprefix(f"{table.path}.")
    return None


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that was probably meant: the same last part, else the most similar; empty if nothing is."""
    last_part = [each for each in known if each.endswith(f".{name.rpartition('.')[2]}")]
    close = difflib.get_close_matches(name, known, n=1)
    return next(iter(close or last_part), "")
