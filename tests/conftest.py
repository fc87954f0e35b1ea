"""One real Kafka and one real Redis for the whole run; every test gets topics, a group and keys of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from support import groups
from support.deployment import Ahead, Deployment
from support.forked import Forked
from support.registry import registry
from xdist.scheduler import LoadScopeScheduling

from fraudstream.local.running import Servers, running
from schemas.settings import Settings


def pytest_configure() -> None:
    """On a build server, too, a failure is told in a few lines: all that differs in two long lists takes minutes.
    And no example fails because others had the processor meanwhile.
    """
    for name in ("CI", "BUILD_NUMBER"):
        os.environ.pop(name, None)
    hypothesis.settings.register_profile(
        "shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: groups.rank(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return groups.Scheduling(config, log)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("services")) as servers:
        yield servers


@pytest.fixture(scope="session")
def ahead(services: Servers) -> Ahead:
    return Ahead(services)


@pytest.fixture
def settings(ahead: Ahead, tmp_path: Path) -> Settings:
    """Settings of a deployment nobody else uses: its topics exist and are empty."""
    return ahead.settings(tmp_path)


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    """The program, started quickly."""
    server = Forked()
    yield server
    server.close()


@pytest.fixture
def registry_url() -> Iterator[str]:
    """An empty schema registry."""
    with registry() as url:
        yield url


@pytest.fixture
def deployment(settings: Settings, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(settings, tmp_path)
    yield deployment
    deployment.end()
