"""A door with the product's routes, on a deployment whose stream was scored by a real worker."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.deployment import Deployment, fresh_settings

from fraudstream.local.running import Servers
from fraudstream.serving.product import product_of
from schemas.settings import Settings
from schemas.topics import Role
from serving.app import Parts, build
from serving.product import examples
from serving.server import running

READY_S = 120.0


@dataclass(frozen=True)
class Door:
    settings: Settings
    client: httpx.Client

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.client.post(path, json=body)


@pytest.fixture(scope="package")
def streamed(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two flags of a card, some that is approved, verdicts on none, and churn scores of four customers.

    Of that card there is also a transaction from before the group began, one that cannot be scored, and one that is not
    decided yet.
    """
    folder = tmp_path_factory.mktemp("streamed")
    deployment = Deployment(fresh_settings(services, folder), folder)
    try:
        deployment.publish_churn({"101": 731_000, "102": 20_000, "103": 400_000, "104": 999_999})
        card = {"card_id": examples.CARD, "customer_id": "101"}
        deployment.publish([deployment.transaction(98, **card)])
        time.sleep(0.01)
        began = datetime.now(UTC).isoformat()
        time.sleep(0.01)
        rows = [deployment.transaction(number) for number in range(20)]
        rows += [deployment.transaction(100 + number, **card, amount_minor=2_000_000) for number in range(2)]
        rows.append(examples.TRANSACTION | {"event_id": examples.EVENT, "amount_minor": 1_500})
        rows.append(deployment.transaction(99, **card, amount_minor="much"))
        deployment.publish(rows)
        assert deployment.score("--max-messages", str(len(rows)), score_start=began, output_scores="true") == 0
        deployment.await_records(Role.FLAGS, 2)
        deployment.publish([deployment.transaction(102, **card)])
        yield deployment
    finally:
        deployment.end()


@pytest.fixture(scope="package")
def opened() -> Callable[[Settings], AbstractContextManager[Door]]:
    return _opened


@pytest.fixture(scope="package")
def door(streamed: Deployment) -> Iterator[Door]:
    with _opened(streamed.settings) as found:
        yield found


@contextmanager
def _opened(settings: Settings) -> Iterator[Door]:
    serve = settings.serve.model_copy(update={"port": 0})
    settings = settings.model_copy(update={"serve": serve})
    product = product_of(settings)
    parts = Parts(serve, "0", routers=(product.router,), running=(product.running,), waits_for=(product.waits_for,))
    with running(build(parts), serve) as url, httpx.Client(base_url=url, timeout=60) as client:
        until = time.monotonic() + READY_S
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Door(settings, client)
