"""Whether the broker is there at all, found out sooner than by what waits long for it."""

from contextlib import closing

from producer.topic_log import TopicLog
from schemas.settings import Settings


def require_broker(settings: Settings, patience_s: float) -> None:
    """Raises DependencyAway where it does not answer within that time."""
    with closing(TopicLog(settings, settings.topics.transactions, patience_s)) as log:
        log.ends()
