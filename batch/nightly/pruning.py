"""What no run and no reader needs: old files of the archive, generations that never went live, work folders."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from redis import Redis

from batch.nightly import lock, standing
from batch.nightly.archive import Archive, Kept
from batch.nightly.publication import Publication
from batch.nightly.run import sweep
from schemas.churn import Keys

REJECTS: Final = "rejects"
UNPUBLISHED: Final = frozenset({b"writing", "writing", b"abandoned", "abandoned"})


@dataclass(frozen=True, slots=True)
class Pruned:
    archived: tuple[Kept, ...]
    abandoned: tuple[str, ...]
    folders: tuple[Path, ...]
    rejects: tuple[Path, ...]


def prune(
    redis: Redis, keys: Keys, work: Path, archive: Archive | None, *, keep_days: int, now: datetime, dry: bool
) -> Pruned:
    """What is live and what it replaced stay. Nothing of Redis is touched while a run holds the lock."""
    known = standing.live(redis, keys)
    spared = [known.meta.generation, known.replaced] if known else []
    gone = archive.prune(keep_days, spared, now, dry=dry) if archive else []
    return Pruned(
        tuple(gone),
        tuple(_abandoned(redis, keys, spared, dry=dry)),
        tuple(sweep(work, dry=dry)),
        tuple(_old(work / REJECTS, keep_days, now, dry=dry)),
    )


def _abandoned(redis: Redis, keys: Keys, spared: list[str], *, dry: bool) -> list[str]:
    found = lock.holder(redis, keys)
    if found is not None and not (found[0] and found[0].gone):
        return []
    client: Any = redis
    names = [name for name in standing.generations(redis, keys) if name not in spared]
    left = [name for name in names if client.hget(keys.meta(name), "status") in UNPUBLISHED]
    left = [name for name in left if client.ttl(keys.meta(name)) < 0]
    if not dry:
        publication = Publication(redis, keys)
        left = [name for name in left if publication.abandon(name)]
    return left


def _old(folder: Path, keep_days: int, now: datetime, *, dry: bool) -> list[Path]:
    limit = now.timestamp() - keep_days * 86_400
    gone = [path for path in sorted(folder.glob("*")) if path.is_file() and path.stat().st_mtime < limit]
    for path in gone if not dry else []:
        path.unlink(missing_ok=True)
    return gone
