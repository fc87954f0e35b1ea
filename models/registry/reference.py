"""How a model is named on a command line: in MLflow's words, or by the path of its folder.

models:/name/3            a version
models:/name/latest       the newest version
models:/name@champion     the version an alias names
models:/name/Production   the same as @champion; Staging is @challenger
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import Usage

SCHEME: Final = "models:"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
STAGES: Final = {"production": CHAMPION, "staging": CHALLENGER}
UNKNOWN_STAGES: Final = {"none", "archived"}
LATEST: Final = "latest"
NAME: Final = re.compile(r"(?!ledger\.)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ALIAS: Final = re.compile(r"(?!latest$|v\d+$)[a-z][a-z0-9_-]{0,63}")
VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
FIX: Final = "write models:/name/3, models:/name@champion, models:/name/Production, or the path of a folder"


@dataclass(frozen=True, slots=True)
class Reference:
    """One of `version` and `alias` is set, or neither: then the newest version is meant."""

    name: str
    version: int | None = None
    alias: str | None = None

    def __str__(self) -> str:
        if self.alias is not None:
            return f"{SCHEME}/{self.name}@{self.alias}"
        return f"{SCHEME}/{self.name}/{self.version or LATEST}"


def parse(text: str) -> Reference | Path:
    """Raises Usage for what begins like a reference and is none."""
    if not text.strip() or "\0" in text:
        raise Usage(f"{text!r} names no model", fix=FIX)
    if text.startswith("runs:"):
        raise Usage(
            f"{text} is a run on a tracking server, which is not asked",
            fix="download it, then `fraudstream models import`",
        )
    if not text.startswith(SCHEME):
        return Path(text)
    return _reference(text, text.removeprefix(SCHEME))


def model_name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise Usage(
            f"{text!r} cannot name a model",
            fix="use up to 64 letters, digits and . _ -, beginning with a letter or digit",
        )
    return text


def alias_name(text: str) -> str:
    """Stages are other words for aliases; capitals make no difference."""
    found = STAGES.get(text.lower(), text.lower())
    if not ALIAS.fullmatch(found) or found in UNKNOWN_STAGES:
        raise Usage(
            f"{text!r} cannot be an alias", fix="use champion, challenger, or a word of small letters, digits, _ and -"
        )
    return found


def version_number(text: str) -> int:
    if not VERSION.fullmatch(text):
        raise Usage(
            f"{text!r} is no version", fix="versions are numbers from 1 on; `fraudstream models list` shows them"
        )
    return int(text)


def _reference(text: str, rest: str) -> Reference:
    if not rest.startswith("/") or rest.startswith("//"):
        raise Usage(f"{text!r} is no model of a registry", fix=FIX)
    name, at, alias = rest[1:].partition("@")
    if at:
        return Reference(model_name(name), alias=alias_name(alias))
    name, slash, last = rest[1:].partition("/")
    model_name(name)
    if not slash or not last or "/" in last:
        raise Usage(f"{text!r} says no version, alias or stage", fix=FIX)
    if last.isascii() and last.isdigit():
        return Reference(name, version=version_number(last))
    if last.lower() == LATEST:
        return Reference(name)
    if last.lower() not in STAGES:
        raise Usage(f"{text!r}: {last!r} is neither a version nor a stage that is known", fix=FIX)
    return Reference(name, alias=alias_name(last))
