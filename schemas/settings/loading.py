"""One answer from four places: flag, environment, file, default, in that order, for every setting by itself.

Nothing is guessed: a name nobody knows or a value that is not allowed ends the program with all of them listed, each
with where it stands. A secret is never quoted.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from schemas.errors import Misconfigured
from schemas.settings import file as toml
from schemas.settings.leaves import in_words, leaves
from schemas.settings.masking import masked, shown
from schemas.settings.sources import DEFAULT, Entry, Layer, Problem, environment, flags
from schemas.settings.tree import Settings

NOTHING: Final[Mapping[str, str]] = {}
QUOTED: Final = 60
BUILD: Final[Callable[..., Settings]] = Settings
"""Takes sources too, which the library hides from type checkers."""
FIX: Final = "correct it where it stands; `fraudstream settings` shows what holds and where it comes from"


@dataclass(frozen=True, slots=True)
class Effective:
    """One value that holds, ready to be shown, and where it comes from."""

    path: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and, for each path that is not at its default, the entry that won."""

    settings: Settings
    winners: Mapping[str, Entry]

    def origin(self, path: str) -> str:
        return self.winners[path].origin if path in self.winners else DEFAULT

    def effective(self) -> list[Effective]:
        """Every setting in the order of the tree, and each property of a table by itself. Secrets are masked."""
        return [Effective(path, text, self.origin(path)) for path, text in _shown(self.settings)]


def load(
    given: Mapping[str, str] = NOTHING, *, env: Mapping[str, str] | None = None, file: Path | None = None
) -> Settings:
    return read(given, env=env, file=file).settings


def read(
    given: Mapping[str, str] = NOTHING, *, env: Mapping[str, str] | None = None, file: Path | None = None
) -> Loaded:
    """`given` are dotted paths and text, as from flags; without `env` the process environment counts."""
    variables = os.environ if env is None else env
    path = toml.located(file, variables)
    found = [list(flags(given)), list(environment(variables)), list(toml.entries_of(path) if path else ())]
    if problems := [each for source in found for each in source if isinstance(each, Problem)]:
        raise refusal(problems)
    layers = [Layer(each for each in source if isinstance(each, Entry)) for source in found]
    winners = {entry.path: entry for layer in reversed(layers) for entry in layer.entries}
    try:
        return Loaded(BUILD(_build_sources=((*layers,), {})), winners)
    except ValidationError as error:
        wrong = [_problem(each, winners) for each in error.errors(include_input=False)]
    raise refusal(wrong)  # out here, so that no traceback drags the values along


def refusal(problems: list[Problem]) -> Misconfigured:
    if len(problems) == 1:
        return Misconfigured(str(problems[0]), fix=FIX)
    return Misconfigured("\n  - ".join([f"{len(problems)} settings are wrong:", *map(str, problems)]), fix=FIX)


def _problem(error: Mapping[str, Any], winners: Mapping[str, Entry]) -> Problem:
    paths = error.get("ctx", {}).get("paths") or [".".join(map(str, error["loc"][:2]))]
    origins = dict.fromkeys(winners[path].origin if path in winners else DEFAULT for path in paths)
    return Problem(" and ".join(paths), "; ".join(origins), _said(error, winners.get(paths[0])))


def _said(error: Mapping[str, Any], entry: Entry | None) -> str:
    """Never pydantic's own sentence: those are written for programmers, and some quote the value."""
    if error["type"] == "wrong":
        return str(error["msg"])
    quoted = "" if entry is None or entry.leaf.secret or entry.leaf.table else f"{_quoted(entry.value)} "
    if error["type"] == "value_error":
        return f"{quoted}{error['ctx']['error']}"
    return f"{quoted}should be: {entry.leaf.type if entry else error['type']}"


def _quoted(value: object) -> str:
    text = masked(repr(value))
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def _shown(settings: Settings) -> Iterable[tuple[str, str]]:
    for leaf in leaves():
        group, field = leaf.path.split(".")
        value = getattr(getattr(settings, group), field)
        if leaf.table and value:
            yield from ((f"{leaf.path}.{name}", shown(each, name)) for name, each in sorted(value.items()))
        else:
            yield leaf.path, in_words(value)
