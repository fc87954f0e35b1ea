"""One nightly run: from files to what everybody reads.

    1. the lock; what runs that died have left is removed
    2. rows are scored, checked and set aside, those that are left out told; nobody else sees anything of that
    3. what is live already with the same day, content and model is not published again
    4. gates
    5. the archive
    6. publish: see `batch.nightly.publication`

Whatever fails leaves the live generation as it is, and the run may be started again.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from redis import Redis

from batch.generation import answering
from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.content import Facts, volume_pieces
from batch.nightly.gates import Counted, Gate, are_gates, judge, refuse
from batch.nightly.limits import Limits, read_limits
from batch.nightly.lock import Lock
from batch.nightly.prepare import Prepared, prepare
from batch.nightly.publication import By, Live, Publication
from batch.nightly.rejects import Rejects, rejects_in
from batch.nightly.source import Rejected, Source
from batch.nightly.spill import room_in
from schemas.churn import Keys, Meta
from schemas.errors import Misconfigured, Usage
from schemas.settings.nightly import Nightly

WORK: Final = "run-"
LONGEST_S: Final = 43_200.0
"""No run takes half a day."""
NAMED: Final = 8
"""Digits of the digest in a generation's name: of one day, so a few are enough."""
ZONES: Final = timedelta(days=1)
"""Somewhere the next day has begun."""
PUBLISHED, UNCHANGED, DRY = "published", "unchanged", "dry run"

Say = Callable[[str, int], None]
Prepare = Callable[[Source, Path, Limits, Rejects, Say], Prepared]
"""An engine: `batch.nightly.prepare` for one machine, `batch.spark.engine` for many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`model_digest` is of what scored; `rejects` where rows that are left out go to."""

    source: Source
    model: str
    model_digest: str
    as_of: datetime
    rejects: Path
    by: By = field(default_factory=By)
    expected: int | None = None
    overrides: tuple[str, ...] = ()
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`live` is what is live now if anything was published; `previous` what was live when the run began to compare."""

    status: str
    meta: Meta
    facts: Facts
    counted: Counted
    gates: tuple[Gate, ...]
    previous: Meta | None
    live: Live | None
    fence: int | None
    archived: str | None
    rejected: dict[str, int]
    first: tuple[Rejected, ...]
    rejects: Path
    limits: Limits
    seconds: dict[str, float]
    is_live: bool = True


class Run:
    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        terms: Nightly,
        archive: Archive | None = None,
        *,
        prepare: Prepare = prepare,
        say: Say = lambda _what, _rows: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._terms = terms
        self._archive = archive
        self._prepare = prepare
        self._say = say
        self._now = now
        self._seconds: dict[str, float] = {}

    def __call__(self, asked: Asked) -> Outcome:
        """Raises Held, Refused, Usage, DependencyAway, Misconfigured."""
        are_gates(asked.overrides)
        if asked.as_of > self._now() + ZONES:
            said = f"the customers are of {asked.as_of:%Y-%m-%d}, which is to come: their scores would not grow old"
            raise Usage(said, fix="correct --as-of, or the clock of this machine")
        work = self._terms.work.expanduser()
        with answering(), room_in(work, "the rows of this run"):
            lock = None if asked.dry else Lock(self._redis, self._keys, self._terms.lease_s)
            with lock.held() if lock else nullcontext(), folder_in(work) as folder:
                limits = read_limits(self._redis)
                with rejects_in(asked.rejects) as rejects, self._timed("prepare"):
                    prepared = self._prepare(asked.source, folder, limits, rejects, self._say)
                return self._judged(asked, prepared, limits, rejects, lock)

    def _judged(self, asked: Asked, prepared: Prepared, limits: Limits, rejects: Rejects, lock: Lock | None) -> Outcome:
        facts, previous = prepared.content.facts, self._previous()
        meta = facts.meta(
            generation_name(asked, facts),
            as_of=asked.as_of,
            published_at=self._now().replace(microsecond=0),
            model=asked.model,
            model_digest=asked.model_digest,
        )
        known = standing.standing(self._redis, self._keys, meta.generation)
        there = known is not None and known.status == standing.PUBLISHED
        gates = judge(
            prepared.tally,
            prepared.counted,
            limits,
            previous.meta if previous and not there else None,
            self._terms,
            expected=asked.expected,
            overrides=asked.overrides,
        )
        status, live, archived = UNCHANGED if there else DRY, None, None
        if lock is not None and not there:
            refuse(gates)
            archived = self._keep(meta, prepared)
            with self._timed("publish"):
                publication = Publication(self._redis, self._keys, self._say)
                live = publication.run(meta, prepared.content, _by(asked, gates), lock.still)
            status = PUBLISHED
        fence = live.fence if live else previous.fence if previous else None
        return Outcome(
            status=status,
            meta=known.meta if known and there else meta,
            facts=facts,
            counted=prepared.counted,
            gates=tuple(gates),
            previous=previous.meta if previous else None,
            live=live,
            fence=fence,
            archived=archived,
            rejected=dict(rejects.reasons),
            first=tuple(rejects.first),
            rejects=asked.rejects,
            limits=limits,
            seconds=self._seconds,
            is_live=live is not None or (previous is not None and previous.meta.generation == meta.generation),
        )

    def _keep(self, meta: Meta, prepared: Prepared) -> str | None:
        if self._archive is None:
            return None
        with self._timed("archive"):
            self._archive.write(meta.generation, volume_pieces(meta, prepared.content))
        return self._archive.where(meta.generation)

    def _previous(self) -> standing.Standing | None:
        """One that is broken is no reason not to publish a whole one."""
        with suppress(Misconfigured):
            return standing.live(self._redis, self._keys)
        return None

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._seconds[what] = time.perf_counter() - began


def generation_name(asked: Asked, facts: Facts) -> str:
    """The same for the same day, content and model, so that a run that is started again goes on with its own."""
    day = asked.as_of.astimezone(UTC)
    time_ = "" if (day.hour, day.minute, day.second) == (0, 0, 0) else f"T{day:%H%M%S}"
    content = f"{facts.digest} {asked.model_digest} {facts.rule.buckets}"
    return f"{day:%Y%m%d}{time_}-{hashlib.sha256(content.encode()).hexdigest()[:NAMED]}"


def _by(asked: Asked, gates: list[Gate]) -> By:
    overridden = [gate.name for gate in gates if gate.overridden]
    return By(asked.by.who, f"{', '.join(overridden)} overridden: {asked.by.why}" if overridden else asked.by.why)


@contextmanager
def folder_in(work: Path) -> Iterator[Path]:
    """A work folder of this process, removed when the block ends; those of processes that ended are removed first."""
    work.mkdir(parents=True, exist_ok=True)
    sweep(work)
    folder = Path(tempfile.mkdtemp(prefix=f"{WORK}{os.getpid()}-{socket.gethostname()}-", dir=work))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(work: Path, *, dry: bool = False) -> list[Path]:
    """Work folders whose process is gone from this machine, and those of others that no run can still be using."""
    gone = [path for path in work.glob(f"{WORK}*") if not _used(path)]
    for path in gone if not dry else []:
        shutil.rmtree(path, ignore_errors=True)
    return gone


def _used(path: Path) -> bool:
    pid, _, rest = path.name.removeprefix(WORK).partition("-")
    if rest.rpartition("-")[0] != socket.gethostname():  # containers may share the folder, each with its own processes
        with suppress(OSError):
            return time.time() - path.stat().st_mtime < LONGEST_S
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        return True
    return True
