"""`fraudstream.toml`: found, read, and turned into entries that know their line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from schemas.errors import Misconfigured
from schemas.settings.leaves import CONFIG, groups
from schemas.settings.sources import Found, Problem, entries

NAME: Final = "fraudstream.toml"
HEADER: Final = re.compile(r"\s*\[+(?P<name>[^\[\]]+)\]")
KEY: Final = re.compile(r"\s*(?P<name>[^\s=#][^=#]*?)\s*=")


def located(given: Path | None, env: Mapping[str, str]) -> Path | None:
    """The file that counts: the one named by a flag, else by the environment, else the one in this folder if there."""
    if named := given or (Path(env[CONFIG]) if env.get(CONFIG) else None):
        return named
    return Path(NAME) if Path(NAME).exists() else None


def entries_of(path: Path) -> Found:
    text = _text(path)
    lines = _lines(text)
    for name, value in _flat(_parsed(text, path)):
        line = lines.get(name)
        origin = f"{path} line {line}" if line else str(path)
        if name not in groups():
            yield from entries(name, value, origin)
        elif value != {}:
            yield Problem(name, origin, f"is a group of settings: write [{name}] and its settings below")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured(
            f"the settings file {path} cannot be read: {reason}",
            fix=f"name another with --config or {CONFIG}, or make this one readable",
        ) from error


def _parsed(text: str, path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"the settings file {path} is not valid TOML: {error}",
            fix='text goes in quotes, as in bootstrap = "broker:9092"',
        ) from None


def _flat(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted paths to values; an empty table is itself a value, so that a misspelt one is noticed."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _lines(text: str) -> dict[str, int]:
    """Where each dotted path is set. It only serves messages, so oddly written files may go without."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = f"{_unquoted(header['name'])}."
            found.setdefault(table[:-1], number)
        elif key := KEY.match(line):
            found.setdefault(f"{table}{_unquoted(key['name'])}", number)
    return found


def _unquoted(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)
