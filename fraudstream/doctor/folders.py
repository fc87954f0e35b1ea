"""Folders that are written to: the cache of schemas, and the cache of compiled code."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import schemas
from fraudstream.doctor.finding import Finding, ok, warning
from schemas.settings import Settings

COMPILED: Final = "set NUMBA_CACHE_DIR to a folder that this user may write to"
SCHEMAS: Final = "set registry.cache to a folder that this user may write to"


def check(settings: Settings) -> Iterator[Finding]:
    cache = settings.registry.cache.expanduser()
    if writable(cache):
        yield ok("registry.cache", f"{cache} can be written to")
    else:
        what = f"{cache} cannot be written to: while the registry is away, no schema is known after a restart"
        yield warning("registry.cache", what, SCHEMAS)
    if not any(map(writable, compiled())):
        yield warning("compiled code", "no folder can keep it: every start compiles for half a minute", COMPILED)


def compiled() -> list[Path]:
    """Where the compiler keeps what it made: beside the source, else in the user's cache."""
    if told := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(told)]
    return [Path(schemas.__file__).parent / "__pycache__", Path("~/.cache").expanduser()]


def writable(folder: Path) -> bool:
    """Also where it does not exist yet and may be made; makes nothing."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
