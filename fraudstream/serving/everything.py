"""All that `fraudstream serve` has behind one port: the live page, the product's routes, the live model's /invocations.

1. the port, so that a taken one is said at once
2. what cannot be used is said: a model, a policy of offers
3. feeds begin, and are given a moment to find out who answers
4. the line that says where it is and what it hears from; requests are answered until the program is asked to end
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from fraudstream.serving import model
from fraudstream.serving.feeds.all import deployment
from fraudstream.serving.feeds.registry import promoted
from fraudstream.serving.product import product_of
from fraudstream.serving.program import serve
from models.registry.reference import Reference, parse
from models.registry.registry import Registry
from schemas.settings import Settings
from serving.app import Parts, build
from serving.door.live import Live as Answering
from serving.page.about import about
from serving.page.facts import Source, State
from serving.page.live import Live
from serving.page.router import open_paths, router
from serving.server import listen

PROGRAM: Final = "fraudstream"
SOURCES: Final = {"flags": "Kafka", "workers": "workers", "redis": "Redis", "registry": "registry"}
FOUND_OUT_S: Final = 4.0
LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Opened:
    """What there is to say when it begins to answer. `model` is empty where the rules decide."""

    url: str
    model: str
    sources: Sequence[tuple[str, Source | None]]


def serve_everything(settings: Settings, nodes: Sequence[str], opened: Callable[[Opened], None]) -> None:
    """Returns when it was asked to end and has. `nodes` are workers to ask instead of this machine's."""
    listener = listen(settings.serve)
    live = Live(about(PROGRAM, version(PROGRAM)))
    answering = invocations(settings)
    app = application(settings, live, answering)
    with deployment(settings, live, nodes):
        _find_out(live)
        ref = answering.model.ref if answering and answering.model else None
        name = f"{ref.name} {ref.version}, digest {ref.digest}" if ref else ""
        serve(app, settings, listener, lambda url: opened(Opened(url, name, _said(live))))


def application(settings: Settings, live: Live, answering: Answering | None = None) -> FastAPI:
    product = product_of(settings)
    return build(
        Parts(
            settings.serve,
            version(PROGRAM),
            live=answering,
            routers=(router(live), product.router),
            running=(product.running,),
            waits_for=(product.waits_for,),
            open_paths=open_paths(),
        )
    )


def invocations(settings: Settings) -> Answering | None:
    """None where the rules are wanted: no row of a model can be asked of them."""
    wanted = settings.models.live
    if not isinstance(parse(wanted) if wanted else None, Reference):
        return None
    find = partial(promoted, Registry(settings.models.root.expanduser(), settings.models.trusted), wanted)
    return model.live(settings, wanted) if find() else model.awaited(settings, wanted, find)


def _find_out(live: Live) -> None:
    end = time.monotonic() + FOUND_OUT_S
    while time.monotonic() < end and not SOURCES.keys() <= live.sources().keys():
        time.sleep(LOOK_S)


def _said(live: Live) -> list[tuple[str, Source | None]]:
    found = live.sources()
    return [(words, found.get(name)) for name, words in SOURCES.items()]


def line(name: str, source: Source | None) -> str:
    """One source, for a person at a terminal."""
    if source is None:
        return f"  {name}, not heard of yet: it is asked again and again"
    marks = {State.OK: "there", State.EMPTY: "nothing yet", State.AWAY: "away", State.UNUSED: "not asked"}
    fix = f" [{source.fix}]" if source.fix and source.state is not State.OK else ""
    return f"  {name}, {marks[source.state]}: {source.said}{fix}"
