"""An earlier generation is live again: checked first, then one script, under a new fence number."""

from dataclasses import dataclass
from typing import Final

from redis import Redis

from batch.nightly import standing
from batch.nightly.publication import By, Publication
from batch.nightly.standing import Standing
from schemas.churn import Keys
from schemas.errors import FraudstreamError, Misconfigured, Usage

FIX: Final = "`fraudstream nightly status` tells which are there; where none will do, run the nightly job again"


@dataclass(frozen=True, slots=True)
class Back:
    """`left` is what was live before."""

    to: Standing
    left: str
    fence: int


def roll_back(redis: Redis, keys: Keys, wanted: str | None, by: By, at: str) -> Back:
    """To `wanted`, or to what the live one replaced. Its buckets and its packed form must be whole.

    What was to expire is kept before it is looked at: what was found whole does not go before it is live.
    """
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
    publication = Publication(redis, keys)
    publication.keep(name)
    try:
        standing.verify(redis, keys, known.meta)
        fence = publication.back(known.meta, live.meta.generation, by, at)
    except FraudstreamError:
        _as_it_was(publication, known)
        raise
    if fence is None:
        _as_it_was(publication, known)
        raise Misconfigured(
            f"generation {name!r} does not go live: somebody published meanwhile", fix="look again, then try again"
        )
    return Back(known, live.meta.generation, fence)


def _as_it_was(publication: Publication, known: Standing) -> None:
    if known.expires_s is not None:
        publication.forget(known.meta.generation)
