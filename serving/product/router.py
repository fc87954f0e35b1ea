"""The product's routes, below /v1: read what is asked, have it done on a lane, say what came of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from models.churn.offers import Contacts
from schemas.errors import Usage
from schemas.settings.serve import Serve
from serving.door.body import Gone
from serving.product import told
from serving.product.answer import answer
from serving.product.asked import Asked, Object, listed, moment_ms, only
from serving.product.lanes import KAFKA, Lanes
from serving.product.parameters import (
    Card,
    Customer,
    DaysAgo,
    EventId,
    InAYear,
    Most,
    Newest,
    OfCard,
    Offset,
    Partition,
    Since,
    Value,
)
from serving.product.ports import Irreproducible, Ports, Unknown, Unpublished
from serving.product.scoring import ask, scored
from serving.refusal import Refusal, unavailable

MOST_LABELS: Final = 1_000
NO_GENERATION_S: Final = 60
ELSEWHERE: Final = "the model, policy or settings that decided it are not those that are here; the log has more"
UNPUBLISHED: Final = "no churn generation was published yet; `fraudstream nightly` publishes one"


@dataclass(slots=True)
class Product:
    """Its routes, what has to run while they are open, and what is still being waited for."""

    router: APIRouter
    running: Callable[[], AbstractAsyncContextManager[None]]
    waits_for: Callable[[], str]


def product(ports: Ports, settings: Serve) -> Product:
    lanes = Lanes.of(settings)
    routes = _Routes(ports, lanes, Asked(settings), settings.score_rows)
    return Product(_router(routes), partial(_running, ports, lanes), lambda: "" if lanes.warm else "it is warming up")


@asynccontextmanager
async def _running(ports: Ports, lanes: Lanes) -> AsyncIterator[None]:
    """Warming up goes on beside what is asked meanwhile; scoring waits for it."""
    for lane in lanes.all:
        lane.start()

    def warm() -> None:
        ports.scoring.start()
        lanes.warm = True

    lanes.scoring.post(warm)
    try:
        yield
    finally:
        lanes.scoring.post(ports.scoring.close)
        lanes.verdicts.post(ports.verdicts.close)
        for lane in lanes.all:
            lane.close()


@dataclass(frozen=True, slots=True)
class _Routes:
    ports: Ports
    lanes: Lanes
    asked: Asked
    most_rows: int

    async def score(self, request: Request) -> Response:
        try:
            wanted = ask(await self.asked.object(request), self.most_rows)
        except Gone:
            return Response()
        return answer(await self.lanes.scoring.run(partial(scored, self.ports.scoring, wanted)))

    async def churn(self, customer: Customer) -> Response:
        try:
            return answer(await self.lanes.customers.run(partial(self.ports.customers.churn, customer)))
        except Unknown as unknown:
            raise Refusal(404, unknown.words, code="UNKNOWN_CUSTOMER") from None
        except Unpublished:
            raise unavailable(UNPUBLISHED, code="NO_GENERATION", after_s=NO_GENERATION_S) from None

    async def offer(
        self,
        customer: Customer,
        value_minor: Value = None,
        contacted_days_ago: DaysAgo = None,
        contacts: InAYear = 0,
    ) -> Response:
        had = Contacts(contacted_days_ago, contacts)
        return answer(await self.lanes.customers.run(partial(self.ports.customers.offer, customer, value_minor, had)))

    async def flags(self, card: Card = None, limit: Most = 100) -> Response:
        found = self.ports.flags.recent(card, limit)
        if found is None:
            raise KAFKA.refusal()
        return answer({"since": found.since_ms, "current": found.current, "flags": found.flags})

    async def history(
        self, card: OfCard, limit: Newest = 20, partition: Partition = None, offset: Offset = None
    ) -> Response:
        if (partition is None) is not (offset is None):
            raise Refusal(400, "partition and offset go together: they are of one transaction")
        place = None if partition is None or offset is None else (partition, offset)
        try:
            return answer(await self.lanes.histories.run(partial(self.ports.histories.of_card, card, place, limit)))
        except Usage as error:
            raise Refusal(400, error.message) from None

    async def explain(self, event_id: EventId, since: Since = None) -> Response:
        since_ms = moment_ms(since, "since")
        try:
            return answer(await self.lanes.explaining.run(partial(self.ports.explaining.explain, event_id, since_ms)))
        except Unknown as unknown:
            raise Refusal(404, unknown.words, code="UNKNOWN_EVENT") from None
        except Irreproducible:
            raise Refusal(409, ELSEWHERE, code="IRREPRODUCIBLE") from None

    async def verdicts(self, request: Request) -> Response:
        try:
            labels = _labels(await self.asked.object(request))
        except Gone:
            return Response()
        try:
            await asyncio.to_thread(self.ports.verdicts.check, labels)
            sent = await self.lanes.verdicts.run(partial(self.ports.verdicts.publish, labels))
        except Unknown as unknown:
            raise Refusal(404, unknown.words, code="UNKNOWN_EVENT") from None
        except Usage as error:
            raise Refusal(400, error.message, code="INVALID_LABEL") from None
        return answer({"delivered": len(sent), "labels": sent})

    async def model(self) -> Response:
        return answer(self.ports.scoring.told())


def _labels(asked: Object) -> list[Mapping[str, Any]]:
    if "labels" not in asked:
        return [asked]
    only(asked, frozenset({"labels"}))
    found = listed(asked, "labels") or []
    if len(found) > MOST_LABELS:
        raise Refusal(413, f"more than {MOST_LABELS} labels; send less of them, or a file: `fraudstream labels import`")
    if not all(isinstance(each, Mapping) for each in found):
        raise Refusal(400, "wrong_type: a label is an object", code="INVALID_LABEL")
    return found


def _router(routes: _Routes) -> APIRouter:
    found = APIRouter(prefix="/v1")

    def add(path: str, call: Callable[..., Any], operation: told.Operation) -> None:
        found.add_api_route(path, call, **operation.options)

    add("/transactions/score", routes.score, told.SCORE)
    add("/customers/{customer:path}/churn", routes.churn, told.CHURN)
    add("/customers/{customer:path}/offer", routes.offer, told.OFFER)
    add("/flags", routes.flags, told.FLAGS)
    add("/cards/{card:path}/transactions", routes.history, told.HISTORY)
    add("/decisions/{event_id:path}", routes.explain, told.EXPLAIN)
    add("/labels", routes.verdicts, told.LABELS)
    add("/model", routes.model, told.MODEL)
    return found
