"""The churn generation that is live in Redis."""

from datetime import datetime
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from batch.nightly import standing
from fraudstream.serving.feeds.feeding import away
from schemas.churn import Keys
from schemas.errors import FraudstreamError
from schemas.settings import Settings
from schemas.settings.masking import masked
from serving.page.facts import Churn, Source, State
from serving.page.live import Live

NAME: Final = "redis"
PATIENCE_S: Final = 2.0
UP: Final = "fraudstream up"
RUN: Final = "fraudstream nightly run"


class Generation:
    def __init__(self, settings: Settings, live: Live) -> None:
        url = settings.redis.url.get_secret_value()
        self._where, self._keys, self._live = masked(url), Keys(settings.redis.prefix), live
        self._redis: Any = Redis.from_url(
            url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0)
        )

    def look(self) -> None:
        """What was known stays while Redis is away: the workers go on with it, too."""
        try:
            found = standing.live(self._redis, self._keys)
        except RedisError:
            self._live.source(NAME, Source(State.AWAY, f"{self._where} does not answer", UP))
            return
        except FraudstreamError as error:
            self._live.source(NAME, away(error, RUN))
            return
        self._live.churn(None if found is None else _said(found))
        empty = Source(State.EMPTY, "No generation was published yet: decisions are made without churn scores.", RUN)
        self._live.source(NAME, Source(State.OK, self._where) if found else empty)


def _said(found: standing.Standing) -> Churn:
    meta = found.meta
    return Churn(meta.generation, _ms(meta.published_at), _ms(meta.as_of), meta.rows, meta.model)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
