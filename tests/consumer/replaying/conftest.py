"""A past that was scored once, and is replayed by every test of the folder."""

from collections.abc import Callable, Iterator

import pytest
from support.deployment import Deployment, fresh_settings
from support.past import scored

from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.explanation import Explainer, Explanation
from consumer.replaying.replay import Recall, Replay
from consumer.replaying.search import find
from consumer.replaying.stretch import EARLIEST, END, Bound, stretches
from fraudstream.local.running import Servers
from models.bank import Bank
from models.decide import Decider, ModelRef, by_rules
from models.policy import Policy
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


def recalled(settings: Settings) -> Recall:
    """The rules that decided all of this past; an epoch that names anything else is an error."""
    rules = by_rules(Bank.of(settings), Policy(settings.policy.review_at, settings.policy.block_at))

    def decider(ref: ModelRef, policy: str) -> Decider:
        assert (rules.model, rules.policy) == (ref, policy)
        return rules

    return decider


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
            return Replay(archive, recalled(settings), rows=rows).run(asked, Account(shown))

    return replayed


@pytest.fixture
def explained() -> Callable[..., Explanation]:
    """Takes the decision on an event apart, with the topics that these settings name."""

    def found(settings: Settings, event: str) -> Explanation:
        with Archive.of(settings) as archive:
            return Explainer(archive, recalled(settings)).explain(*find(archive, event))

    return found
