"""An earlier generation is live again: checked first, then one script, under a new fence number."""

from dataclasses import dataclass
from typing import Final

from redis import Redis

from batch.nightly import standing
from batch.nightly.publication import By, Publication
from batch.nightly.standing import Standing
from schemas.churn import Keys
from schemas.errors import Misconfigured, Usage

FIX: Final = "`fraudstream nightly status` tells which are there; where none will do, run the nightly job again"


@dataclass(frozen=True, slots=True)
class Back:
    """`left` is what was live before."""

    to: Standing
    left: str
    fence: int


def roll_back(redis: Redis, keys: Keys, wanted: str | None, by: By, at: str) -> Back:
    """To `wanted`, or to what the live one replaced. Its buckets and its packed form must be whole."""
    live = standing.live(redis, keys)
    if live is None:
        raise Usage("nothing is live, so there is nothing to go back from", fix="run the nightly job")
    name = wanted or live.replaced
    if not name:
        raise Usage(f"generation {live.meta.generation!r} replaced none", fix=FIX)
    if name == live.meta.generation:
        raise Usage(f"generation {name!r} is live already", fix=FIX)
    known = standing.standing(redis, keys, name)
    if known is None or known.status != standing.PUBLISHED:
        state = "is not in Redis any more" if known is None else "was never live"
        raise Usage(f"generation {name!r} {state}", fix=FIX)
    standing.verify(redis, keys, known.meta)
    fence = Publication(redis, keys).back(known.meta, live.meta.generation, by, at)
    if fence is None:
        raise Misconfigured(
            f"generation {name!r} does not go live: somebody published meanwhile", fix="look again, then try again"
        )
    return Back(known, live.meta.generation, fence)
