"""A past that was scored once, and is replayed by every test of the folder."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest
from support.deployment import Deployment, fresh_settings
from support.past import scored

from consumer.deciding import recalled
from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.explanation import Explainer, Explanation
from consumer.replaying.replay import Recall, Replay
from consumer.replaying.search import find
from consumer.replaying.stretch import EARLIEST, END, Bound, stretches
from fraudstream.local.running import Servers
from schemas.settings import Settings

STEP = "10m"


@pytest.fixture(scope="package")
def past(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("past")
    settings = fresh_settings(services, folder)
    settings = settings.model_copy(update={"labels": settings.labels.model_copy(update={"step": STEP})})
    deployment = Deployment(settings, folder)
    try:
        scored(deployment, step=STEP)
        yield deployment
    finally:
        deployment.end()


def recall(settings: Settings) -> Recall:
    return lambda ref, policy: recalled(settings, asdict(ref), policy)


@pytest.fixture
def again() -> Callable[..., Account]:
    """Computes anew what these settings name."""

    def replayed(
        settings: Settings,
        begin: Bound = EARLIEST,
        end: Bound = END,
        *,
        rows: int = 20_000,
        snapshots: bool = True,
        shown: int = 20,
    ) -> Account:
        with Archive.of(settings, snapshots=snapshots) as archive:
            log = archive.transactions
            asked = list(stretches(log, begin, end, None, log.committed()))
            return Replay(archive, recall(settings), rows=rows).run(asked, Account(shown))

    return replayed


@pytest.fixture
def explained() -> Callable[..., Explanation]:
    """Takes the decision on an event apart, with the topics that these settings name."""

    def found(settings: Settings, event: str) -> Explanation:
        with Archive.of(settings) as archive:
            return Explainer(archive, recall(settings)).explain(*find(archive, event))

    return found
