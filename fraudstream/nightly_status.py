"""What is live, how old it is, what there is besides, and who is at work: for people and for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from redis import Redis

from batch.nightly import lock, standing
from batch.nightly.archive import Archive
from batch.nightly.lock import Holder
from batch.nightly.standing import Standing
from fraudstream.generations import known, span
from schemas.churn import Keys, to_text


@dataclass(frozen=True, slots=True)
class NightlyStatus:
    """`held` is who holds the lock and for how many seconds more; `kept` how many files the archive has."""

    now: datetime
    live: Standing | None
    held: tuple[Holder | None, float] | None
    others: tuple[Standing, ...]
    archive: str | None
    kept: int

    @classmethod
    def read(cls, redis: Redis, keys: Keys, archive: Archive | None, now: datetime) -> "NightlyStatus":
        live = standing.live(redis, keys)
        names = [name for name in standing.generations(redis, keys) if live is None or name != live.meta.generation]
        found = [standing.standing(redis, keys, name) for name in names]
        return cls(
            now=now,
            live=live,
            held=lock.holder(redis, keys),
            others=tuple(each for each in found if each is not None),
            archive=None if archive is None else str(archive),
            kept=0 if archive is None else len(archive.kept()),
        )

    def facts(self) -> dict[str, object]:
        live = self.live
        return {
            "live": None if live is None else known(live.meta) | {"fence": live.fence},
            "age_seconds": None if live is None else round((self.now - live.meta.as_of).total_seconds()),
            "previous": None if live is None else live.replaced or None,
            "lock": None if self.held is None else {"holder": str(self.held[0]), "ends_in_seconds": self.held[1]},
            "others": [
                known(each.meta) | {"status": each.status, "expires_in_seconds": each.expires_s} for each in self.others
            ],
            "archive": None if self.archive is None else {"where": self.archive, "kept": self.kept},
        }

    def lines(self) -> Iterator[str]:
        if self.live is None:
            yield "live      nothing: no generation was published yet"
        else:
            meta, age = self.live.meta, span(self.now - self.live.meta.as_of)
            of = f"{meta.as_of:%Y-%m-%d %H:%M} UTC, {age} ago"
            yield f"live      {meta.generation}, fence {self.live.fence}, of {of}"
            yield f"          {meta.rows:,} customers by {meta.model}, mean {to_text(meta.mean)}"
            yield f"previous  {self.live.replaced or 'none'}"
        for each in self.others:
            ends = "" if each.expires_s is None else f", kept for {each.expires_s} s more"
            yield f"          {each.meta.generation}: {each.status}, {each.meta.rows:,} customers{ends}"
        yield f"lock      {self._lock()}"
        yield f"archive   {'none: archive.url is not set' if not self.archive else f'{self.archive}, {self.kept} kept'}"

    def _lock(self) -> str:
        if self.held is None:
            return "free"
        holder, left = self.held
        if holder is not None and holder.gone:
            return f"{holder}, which has ended: the next run takes over"
        return f"{holder}, ends in {left:.0f} s unless it is renewed"
