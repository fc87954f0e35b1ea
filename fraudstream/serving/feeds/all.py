"""Everything that tells the page of a deployment, by its settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fraudstream.serving.feeds.churn import Generation
from fraudstream.serving.feeds.feeding import Feed, every, feeding
from fraudstream.serving.feeds.flags import Flags
from fraudstream.serving.feeds.registry import LiveModel
from fraudstream.serving.feeds.workers import Workers, unasked
from fraudstream.top.nodes import nodes
from schemas.errors import Misconfigured
from schemas.settings import Settings
from serving.page.live import Live

EVERY_S: Final = 5.0


@contextmanager
def deployment(settings: Settings, live: Live, named: Sequence[str] = ()) -> Iterator[None]:
    """`named` are workers to ask instead of this machine's."""
    flags = Flags(settings, live)
    with feeding(flags.read, flags.look, *_workers(settings, live, named), *standing_facts(settings, live)):
        yield


def standing_facts(settings: Settings, live: Live) -> tuple[Feed, Feed]:
    """What changes once a day."""
    return every(EVERY_S, Generation(settings, live).look), every(EVERY_S, LiveModel(settings, live).look)


def _workers(settings: Settings, live: Live, named: Sequence[str]) -> list[Feed]:
    try:
        return [Workers(nodes(settings, named), live).read]
    except Misconfigured as error:
        unasked(live, error.message, "fraudstream serve --node HOST:PORT")
        return []
