"""One customer taken out of everything that the nightly run keeps; nobody else's score changes.

    1. lock       no run publishes meanwhile
    2. Redis      generation by generation, in one script each: the bucket, the chunk, what meta says, the log; that
                  of the live one gets a new fence number, so that every host makes its copy anew
    3. archive    every file that has the customer is written again without
    4. this host  the copy of a generation that has the customer is removed, lines of rejects are, and work folders
                  of runs that died

What is whole before is whole after, with a digest of its own; the one before is kept beside it. A part that is not what
its digest says is refused, rather than given a digest that makes it look right. Run again, it finds what is left.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from redis import Redis

from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.lock import Lock
from batch.nightly.pruning import REJECTS
from batch.nightly.publication import LIVE, LOGGED, By, Publication
from batch.nightly.run import sweep
from models.artefact.durable import replace_file
from models.churn.erased import cut, erased, without
from models.churn.packed import Packed, digest
from models.churn.volume import SUFFIX, Damaged, Volume, head, opened
from models.hashing import hash_strings
from schemas.churn import Keys, Meta
from schemas.errors import DependencyAway, Misconfigured

FIX_DAMAGED: Final = "run `fraudstream nightly verify`; publish anew or go back, then erase again"
FIX_MEANWHILE: Final = "run the same command again"
SALT_BYTES: Final = 8
NOWHERE: Final = "-"

Say = Callable[[str, int], None]

# KEYS: pointer, highest fence, meta, log, bucket, chunk.
# ARGV: generation, fence, at, customer, chunk, rows, deciles, digest, digest before, by, why, hash of the customer
ERASE: Final = f"""{LIVE}
if redis.call('HGET', KEYS[3], 'digest') ~= ARGV[9] or redis.call('EXISTS', KEYS[6]) == 0 then return false end
redis.call('HDEL', KEYS[5], ARGV[4])
redis.call('SET', KEYS[6], ARGV[5], 'KEEPTTL')
redis.call('HSETNX', KEYS[3], 'digest_published', ARGV[9])
redis.call('HINCRBY', KEYS[3], 'erased', 1)
redis.call('HSET', KEYS[3], 'rows', ARGV[6], 'deciles', ARGV[7], 'digest', ARGV[8])
local fence = redis.call('HGET', KEYS[3], 'fence')
if string.match(pointer, '^%S+') == ARGV[1] then
    fence = next_fence()
    redis.call('HSET', KEYS[3], 'fence', fence)
    redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. fence)
end
log('event', 'erased', 'fence', fence, 'customer', ARGV[12], 'digest', ARGV[8], 'digest_before', ARGV[9],
    'by', ARGV[10], 'why', ARGV[11])
return tonumber(fence)
"""


@dataclass(slots=True)
class Erased:
    """Where the customer was; in a dry run, where the customer is."""

    redis: list[str] = field(default_factory=list)
    archive: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Generations in Redis that cannot be looked through: of runs that died, or of older releases."""

    @property
    def total(self) -> int:
        return len(self.redis) + len(self.archive) + len(self.copies) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Places:
    """`copies` is where the scorers of this host keep theirs, `work` where the nightly run works."""

    archive: Archive | None
    copies: Path
    work: Path


class Erasure:
    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        places: Places,
        by: By,
        *,
        lease_s: float = 30.0,
        say: Say = lambda _what, _rows: None,
    ) -> None:
        self._redis, self._keys, self._places, self._by = redis, keys, places, by
        self._lease_s, self._say = lease_s, say

    def __call__(self, customer: str, now: datetime, *, dry: bool = False) -> Erased:
        found = Erased()
        alone = nullcontext() if dry else Lock(self._redis, self._keys, self._lease_s).held()
        with alone:
            known = _Customer(customer)
            for name in standing.generations(self._redis, self._keys):
                self._say("looking through Redis", len(found.redis))
                self._in_redis(name, known, now, found, dry=dry)
            self._in_archive(known, now, found, dry=dry)
            found.copies = [str(path) for path in _copies(self._places.copies, known, dry=dry)]
            rejects = self._places.work / REJECTS
            found.rejects = [str(path) for path in _rejects(rejects, customer, dry=dry)]
            found.folders = [str(path) for path in sweep(self._places.work, dry=dry)]
            if not dry and (found.archive or found.copies or found.rejects):
                self._log(known, now, found)
        return found

    def _in_redis(self, name: str, known: "_Customer", now: datetime, found: Erased, *, dry: bool) -> None:
        client: Any = self._redis
        stands = standing.standing(self._redis, self._keys, name)
        if stands is None or stands.status != standing.PUBLISHED:
            if client.exists(self._keys.meta(name)):
                found.left.append(name)
                if not dry and stands is not None:
                    Publication(self._redis, self._keys).forget(name)
            return
        meta = stands.meta
        cut_out = self._cut(meta, known)
        if cut_out is None:
            return
        found.redis.append(name)
        if not dry:
            self._erase(meta, known, cut_out, now)

    def _cut(self, meta: Meta, known: "_Customer") -> "_CutOut | None":
        place = None
        whole: list[Packed] = []
        for number, part in enumerate(Publication(self._redis, self._keys).chunks(meta)):
            whole.append(part)
            if mine := cut(part, known.number):
                place = number, mine
        if digest(whole) != meta.digest:
            said = f"the packed form of {meta.generation!r} is not what its digest says: nothing of it was erased"
            raise Misconfigured(said, fix=FIX_DAMAGED)
        if place is None:
            return None
        number, mine = place
        whole[number] = mine.rest
        return _CutOut(number, mine.rest, without(meta, mine.score, digest(whole)))

    def _erase(self, meta: Meta, known: "_Customer", cut_out: "_CutOut", now: datetime) -> None:
        keys, client = self._keys, self._redis
        after = cut_out.meta.fields()
        bucket = meta.rule.bucket(known.id)
        names = (
            keys.current,
            keys.fence,
            keys.meta(meta.generation),
            keys.log,
            keys.bucket(meta.generation, bucket or 0),
            keys.chunk(meta.generation, cut_out.chunk),
        )
        words = (
            meta.generation,
            0,
            now.isoformat(timespec="seconds"),
            known.id,
            cut_out.rest.chunk(),
            after["rows"],
            after["deciles"],
            after["digest"],
            meta.digest,
            self._by.who,
            self._by.why,
            known.told,
        )
        script: Any = client.eval
        if script(ERASE, len(names), *names, *words) is None:
            raise Misconfigured(f"{meta.generation!r} was changed by somebody else meanwhile", fix=FIX_MEANWHILE)

    def _log(self, known: "_Customer", now: datetime, found: Erased) -> None:
        """One entry for all files: the log is short, and names the generations that are to expire."""
        live = standing.pointer(self._redis, self._keys)
        counts = {"archive": len(found.archive), "copies": len(found.copies), "rejects": len(found.rejects)}
        entry: dict[Any, Any] = {
            "generation": live.generation if live else NOWHERE,
            "at": now.isoformat(timespec="seconds"),
            "event": "erased",
            "customer": known.told,
            "by": self._by.who,
            "why": self._by.why,
        }
        self._redis.xadd(self._keys.log, entry | counts, maxlen=LOGGED, approximate=True)

    def _in_archive(self, known: "_Customer", now: datetime, found: Erased, *, dry: bool) -> None:
        archive = self._places.archive
        for count, kept in enumerate(archive.kept() if archive else [], 1):
            self._say("looking through the archive", count)
            volume = archive.read(kept.generation) if archive else None
            rest = erased(volume, known.number) if volume else None
            if archive is None or volume is None or rest is None:
                continue
            found.archive.append(kept.path)
            if not dry:
                archive.rewrite(kept, _pieces(rest, volume, now))


@dataclass(frozen=True, slots=True)
class _CutOut:
    chunk: int
    rest: Packed
    meta: Meta


class _Customer:
    """`told` is what the log says: a salted hash, so that whoever knows the id can find it, and nobody reads it."""

    def __init__(self, customer: str) -> None:
        salt = secrets.token_hex(SALT_BYTES)
        self.id = customer
        self.number = hash_strings(pa.array([customer], pa.string()))
        self.told = f"sha256:{salt}:{hashlib.sha256(f'{salt}:{customer}'.encode()).hexdigest()}"


def _pieces(rest: Volume, before: Volume, now: datetime) -> Iterator[bytes]:
    told = {"erased_at": now.isoformat(timespec="seconds"), "digest_before": before.meta.digest}
    yield head(rest.meta, told)
    yield rest.packed.chunk()


def _copies(folder: Path, known: _Customer, *, dry: bool) -> Iterator[Path]:
    """Whoever has one mapped lets go of it when he sees the new fence."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            there = erased(opened(path.read_bytes(), whole=False), known.number) is not None
        except Damaged:
            there = True
        except OSError as error:
            raise _refused(path, error) from error
        if there:
            yield path
            if not dry:
                path.unlink(missing_ok=True)


def _rejects(folder: Path, customer: str, *, dry: bool) -> Iterator[Path]:
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not _is_of(line, customer)]
            if len(kept) == len(lines):
                continue
            if not dry:
                before = path.stat()
                replace_file(path, *kept)
                os.utime(path, (before.st_atime, before.st_mtime))
        except OSError as error:
            raise _refused(path, error) from error
        yield path


def _is_of(line: bytes, customer: str) -> bool:
    with suppress(ValueError, AttributeError):
        return bool(json.loads(line).get("id") == customer)
    return False


def _refused(path: Path, error: OSError) -> DependencyAway:
    return DependencyAway(f"{path}: {error.strerror}", fix="see that this user may read and write there; run it again")
