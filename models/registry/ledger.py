"""The ledger: an append-only file, one line an entry, each naming the hash of the one before.

It is the truth about what is registered and what is live. Beside it, `ledger.head` says how many entries were
acknowledged and the hash of the last. An append is

    1. lock      one writer at a time; readers need none
    2. write     the line, synced
    3. head      replaced atomically; from here on the entry is acknowledged

A crash before 3 leaves a line that nobody was told of: whole, it stands; cut short, it is named, kept aside at the next
append and never counted. An entry that was acknowledged and is gone or altered stops everything: exit code 78.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from models.artefact import durable
from models.artefact.folder import MIB, read_one
from models.artefact.refusal import refused
from models.registry.entry import BEGINNING, Entry
from schemas.errors import DependencyAway

FILE: Final = "ledger.jsonl"
HEAD: Final = "ledger.head"
LOCK: Final = "ledger.lock"
MOST_BYTES: Final = 256 * MIB
FIX: Final = "put the ledger back from a copy; it is the truth about what is live, so nothing is guessed"


@dataclass(frozen=True, slots=True)
class Torn:
    """The end of the file that is no entry, and that nobody was told of."""

    line: int
    reason: str
    content: bytes

    def __str__(self) -> str:
        return f"{FILE} line {self.line} {self.reason} ({len(self.content)} bytes); it was never acknowledged"


@dataclass(frozen=True, slots=True)
class Ledger:
    entries: tuple[Entry, ...] = ()
    torn: Torn | None = None


def read(root: Path) -> Ledger:
    """Every entry with its chain checked. Raises Misconfigured naming the line."""
    acknowledged, last = _head(root / HEAD)
    path = root / FILE
    if not path.exists():
        if acknowledged:
            raise refused(path, f"is missing, and {acknowledged} entries were written to it", fix=FIX)
        return Ledger()
    ledger = _parse(read_one(path, MOST_BYTES), acknowledged, path)
    _check_head(ledger.entries, acknowledged, last, path)
    return ledger


@contextmanager
def writing(root: Path) -> Iterator["Writer"]:
    """Waits until nobody else writes. What is read inside stays true until the end."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / LOCK).open("a")
    except OSError as error:
        said = f"{root} cannot be written: {error.strerror}"
        raise DependencyAway(said, fix="give this user the right to, or correct models.root") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Writer(root)


class Writer:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = read(root)

    def append(self, **facts: Any) -> Entry:  # noqa: ANN401 - the fields of an Entry
        """On return the entry is on disk and acknowledged. Raises DependencyAway when it could not be written."""
        entries = self.ledger.entries
        previous = entries[-1].hash if entries else BEGINNING
        mended = self._set_aside()
        entry = Entry(number=len(entries) + 1, previous=previous, mended=mended, **facts).hashed()
        try:
            self._acknowledge_what_stands()
            before = self._write(entry.to_line())
            self._acknowledge(entry, before)
        except OSError as error:
            said = f"{self.root / FILE} could not be written: {error.strerror}"
            raise DependencyAway(said, fix="make room or give the right to; what was live stays live") from error
        self.ledger = Ledger((*entries, entry))
        return entry

    def _acknowledge_what_stands(self) -> None:
        """Before another line is written: two that nobody acknowledged could not be told from lines put in by hand."""
        entries = self.ledger.entries
        if _head(self.root / HEAD)[0] < len(entries):
            durable.replace_file(self.root / HEAD, _head_text(entries[-1]))

    def _acknowledge(self, entry: Entry, before: int) -> None:
        """A line that cannot be acknowledged is taken out again: whoever wanted it is told that it is not there."""
        try:
            durable.replace_file(self.root / HEAD, _head_text(entry))
        except OSError:
            if _head(self.root / HEAD)[0] < entry.number:
                os.truncate(self.root / FILE, before)
            raise

    def _write(self, line: bytes) -> int:
        """Where the line begins. One that does not go in whole is taken out again."""
        path = self.root / FILE
        with path.open("ab", buffering=0) as file:
            before = os.fstat(file.fileno()).st_size
            try:
                _all_of(line, file.write(line))
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)
                raise
        durable.sync(self.root)
        return before

    def _set_aside(self) -> str | None:
        torn = self.ledger.torn
        if torn is None:
            return None
        name = f"{FILE}.torn-{hashlib.sha256(torn.content).hexdigest()[:12]}"
        durable.replace_file(self.root / name, torn.content)
        path = self.root / FILE
        os.truncate(path, path.stat().st_size - len(torn.content))
        _warn("ledger.torn_line_set_aside", line=torn.line, kept_as=name)
        return f"{torn}; kept as {name}"


def _all_of(line: bytes, written: int) -> None:
    if written != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _parse(content: bytes, acknowledged: int, path: Path) -> Ledger:
    entries: list[Entry] = []
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        reason = _wrong(line, entries)
        if not reason:
            entries.append(Entry.model_validate_json(line))
        elif number == len(lines) and number > acknowledged:
            torn = Torn(number, reason, line)
            _warn("ledger.torn", what=str(torn))
            return Ledger(tuple(entries), torn)
        else:
            raise refused(path, f"line {number} {reason}", fix=FIX)
    return Ledger(tuple(entries))


def _wrong(line: bytes, before: list[Entry]) -> str:
    """Empty where the line is the next entry."""
    if not line.endswith(b"\n"):
        return "is cut short"
    try:
        entry = Entry.model_validate_json(line)
    except (ValidationError, RecursionError):
        return "is no entry"
    if not entry.is_whole or entry.to_line() != line:
        return "was altered: its hash is not that of its words"
    previous = before[-1].hash if before else BEGINNING
    if entry.previous != previous or entry.number != len(before) + 1:
        return "does not follow the line before it"
    return ""


def _head(path: Path) -> tuple[int, str]:
    if not path.exists():
        return 0, BEGINNING
    try:
        said = json.loads(read_one(path, MIB))
        return int(said["entries"]), str(said["hash"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused(path, "cannot be read", fix=FIX) from None


def _head_text(entry: Entry) -> bytes:
    return json.dumps({"entries": entry.number, "hash": entry.hash}).encode() + b"\n"


def _check_head(entries: tuple[Entry, ...], acknowledged: int, last: str, path: Path) -> None:
    if len(entries) < acknowledged:
        raise refused(path, f"ends after line {len(entries)}, but {acknowledged} entries were acknowledged", fix=FIX)
    if acknowledged and entries[acknowledged - 1].hash != last:
        raise refused(path, f"line {acknowledged} is not the entry that {HEAD} acknowledges", fix=FIX)
    if len(entries) > acknowledged + 1:
        raise refused(path, f"has {len(entries)} entries, but {HEAD} knows of {acknowledged} only", fix=FIX)


def _warn(event: str, **facts: object) -> None:
    import structlog  # noqa: PLC0415 - seldom needed, and slow to come for those who only look

    structlog.get_logger(__name__).warning(event, **facts)
