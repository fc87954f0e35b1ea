"""Churn as decisions of the past weighed it: out of the archive, by the generation that their epoch names.

No Redis is asked. What the archive does not keep is said to be missing, and never guessed at.
"""

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from consumer.epochs import CHURN_UNAVAILABLE
from consumer.replaying.epochs import Epoch
from models.churn.volume import BELOW, SUFFIX, Damaged, Volume, opened
from models.churn.weighed import Basis, Churn, Times, nothing, weighed
from models.decide import Decider
from models.hashing import hash_strings
from schemas.errors import DependencyAway, Misconfigured
from schemas.file_systems import connected
from schemas.settings import Settings
from schemas.settings.masking import masked

MOST_OPEN: Final = 3
"""Of 12 MB for a million customers each; stretches of several partitions go over the same ones again."""

Read = Callable[[str], Volume | None]


class Generations:
    """`read` gives None for a generation that is not kept."""

    def __init__(self, read: Read, max_age_ms: int) -> None:
        self._read, self._max_age_ms = read, max_age_ms
        self._open: dict[str, Volume | None] = {}

    @classmethod
    def of(cls, settings: Settings) -> "Generations":
        """Opens nothing yet. Without `archive.url` nothing is kept."""
        url = settings.archive.url
        read = _nowhere if url is None else Shelf(url.get_secret_value()).read
        return cls(read, settings.enrich.max_age_ms)

    def churn(self, rows: pa.RecordBatch, at: Times, epoch: Epoch, decider: Decider) -> Churn | None:
        """As the epoch's decisions had it, judged by what that decider calls stale. None: it is not kept."""
        if epoch.churn_generation is None:
            return nothing(len(at))
        volume = self._volume(epoch.churn_generation)
        if volume is None:
            return None
        basis = Basis.of(epoch.churn_generation, volume.meta.as_of, volume.meta.mean)
        asked = CHURN_UNAVAILABLE not in epoch.degraded
        own = volume.packed.look_up(hash_strings(rows["customer_id"])) if asked else None
        max_age_ms = decider.sparing.max_age_ms if decider.sparing else self._max_age_ms
        return weighed(basis, own, at, max_age_ms)

    def _volume(self, generation: str) -> Volume | None:
        if generation not in self._open:
            if len(self._open) >= MOST_OPEN:
                del self._open[next(iter(self._open))]
            self._open[generation] = self._read(generation)
        return self._open[generation]


class Shelf:
    """The archive of generations, for reading."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connected: tuple[Any, str] | None = None

    def read(self, generation: str) -> Volume | None:
        where = f"{masked(self._url).rstrip('/')}/{BELOW}/{generation}{SUFFIX}"
        if self._connected is None:
            self._connected = connected(self._url, "archive.url")
        system, root = self._connected
        try:
            with system.open_input_file(f"{root.rstrip('/')}/{BELOW}/{generation}{SUFFIX}") as stream:
                found = opened(stream.read())
        except FileNotFoundError:
            return None
        except Damaged as error:
            said, fix = f"{where} is damaged: {error}", "restore it from a backup of the archive, or remove it"
            raise Misconfigured(said, fix=fix) from error
        except OSError as error:
            said = f"{where} cannot be read: {masked(str(error))}"
            raise DependencyAway(said, fix="see that archive.url is right and that this user may read there") from error
        if found.meta.generation != generation:
            said = f"{where} holds generation {found.meta.generation}"
            raise Misconfigured(said, fix="restore it from a backup of the archive, or remove it")
        return found


def _nowhere(_: str) -> None:
    return None
