"""Every way of fraud leaves the traces it is known by, in the share it is given."""

import numpy as np
import pytest

from producer.arrival import Deliveries
from producer.calendar import DAY_MS, HOUR_MS
from producer.population import Population
from producer.scenarios import FRAUD_SHARE, MIX, Scenario, mix_of
from producer.simulate import Simulation
from producer.terminals import HOME
from producer.uses import DEVICES
from schemas.errors import Usage

START_MS = 1_767_225_600_000
CUSTOMERS = 6_000
DAYS = 40


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.of(CUSTOMERS)


@pytest.fixture(scope="module")
def uses(people: Population) -> Deliveries:
    return events(people, seed=11)


def events(people: Population, seed: int, mix: str | None = None, days: int = DAYS) -> Deliveries:
    simulation = Simulation(people, seed, START_MS, CUSTOMERS * 3 // 2, mix_of(mix) if mix else MIX)
    found = Deliveries.joined(step.deliveries for step in simulation.steps(days=days, labelled=False))
    return found.take(~found.again)


def of(uses: Deliveries, scenario: Scenario) -> Deliveries:
    return uses.take(uses.scenario == scenario)


def by_card(uses: Deliveries) -> list[Deliveries]:
    return [uses.take(uses.card == card) for card in np.unique(uses.card)]


def test_shares(uses: Deliveries) -> None:
    """About 0.8 % are fraud, and each scenario makes up about its share of it, from the first days on."""
    fraud = uses.take(uses.scenario != Scenario.GENUINE)
    assert 0.75 * FRAUD_SHARE < len(fraud) / len(uses) < 1.25 * FRAUD_SHARE
    assert sum(MIX.values()) == pytest.approx(1.0)
    for scenario, share in MIX.items():
        assert 0.7 * share < (fraud.scenario == scenario).mean() < 1.3 * share, scenario
    assert 0.5 < (fraud.time < START_MS + DAYS / 2 * DAY_MS).mean() / 0.5 < 1.5


def test_a_mix_of_ones_own(people: Population) -> None:
    """What is not named does not happen; shares are relative."""
    found = events(people, 1, "stolen_card=3, friendly_fraud=1", days=20)
    fraud = found.scenario[found.scenario != Scenario.GENUINE]
    assert set(fraud.tolist()) == {Scenario.STOLEN_CARD, Scenario.FRIENDLY_FRAUD}
    assert 0.6 < (fraud == Scenario.STOLEN_CARD).mean() < 0.85
    assert 0.7 * FRAUD_SHARE < len(fraud) / len(found) < 1.3 * FRAUD_SHARE


NO_MIXES = [
    "",
    "theft=1",
    "genuine=1",
    "stolen_card",
    "stolen_card=x",
    "stolen_card=-1",
    "stolen_card=nan",
    "stolen_card=inf",
    "stolen_card=0",
    "stolen_card=1,stolen_card=2",
]


@pytest.mark.parametrize("text", NO_MIXES)
def test_a_mix_that_is_none(text: str) -> None:
    """The message names the option and what is wrong."""
    with pytest.raises(Usage, match="--fraud-mix"):
        mix_of(text)


def test_card_testing(people: Population, uses: Deliveries) -> None:
    """Small amounts, at one shop online within minutes, from a device nobody knows."""
    tests = of(uses, Scenario.CARD_TESTING)
    assert tests.amount.max() <= 6_00
    assert people.terminals.online[tests.terminal].all()
    assert (tests.device >= DEVICES).all()
    bursts = [tests.take(tests.device == device) for device in np.unique(tests.device)]
    assert np.mean([len(burst) for burst in bursts]) > 5
    assert all(len(set(burst.terminal.tolist())) == 1 for burst in bursts)
    assert all(burst.time.max() - burst.time.min() < HOUR_MS for burst in bursts)


def test_stolen_cards(people: Population, uses: Deliveries) -> None:
    """Three to eight times the customer's usual amount, several times within three days."""
    thefts = of(uses, Scenario.STOLEN_CARD)
    usual = 100 * np.exp(people.usual[thefts.customer] + people.spread[thefts.customer] ** 2 / 2)
    assert (thefts.amount / usual > 2.9).all()
    assert (thefts.amount / usual < 8.1).all()
    cards = by_card(thefts)
    assert np.mean([len(card) for card in cards]) > 5
    assert np.mean([card.time.max() - card.time.min() < 3 * DAY_MS for card in cards]) > 0.9
    assert np.mean([card.time.max() - card.time.min() > 6 * HOUR_MS for card in cards]) > 0.9


def test_account_takeover(people: Population, uses: Deliveries) -> None:
    """Never at home, always online, and from a device that the customer does not own."""
    takeovers = of(uses, Scenario.ACCOUNT_TAKEOVER)
    assert (people.terminals.country[takeovers.terminal] != HOME).all()
    assert people.terminals.online[takeovers.terminal].all()
    assert (takeovers.device >= DEVICES).all()
    assert (of(uses, Scenario.GENUINE).device < DEVICES).all()


def test_compromised_terminals(people: Population, uses: Deliveries) -> None:
    """For weeks every habitual use is fraud, none before or after, and nothing else tells it."""
    misused = of(uses, Scenario.COMPROMISED_TERMINAL)
    terminals = np.unique(misused.terminal)
    assert len(terminals) > 10
    spans = []
    for terminal in terminals:
        there = uses.take(uses.terminal == terminal)
        bad = there.scenario == Scenario.COMPROMISED_TERMINAL
        begin, end = there.time[bad].min(), there.time[bad].max()
        inside = there.take((there.time >= begin) & (there.time <= end))
        assert not (inside.scenario == Scenario.GENUINE).any()
        spans.append((end - begin) / DAY_MS)
    assert max(spans) > 21
    genuine = of(uses, Scenario.GENUINE)
    usual = people.terminals.country[genuine.terminal] == HOME
    assert np.median(misused.amount) == pytest.approx(np.median(genuine.amount[usual]), rel=0.15)
    assert (misused.device < DEVICES).all()


def test_friendly_fraud(people: Population, uses: Deliveries) -> None:
    """Looks like what the same people buy online otherwise."""
    disputed, genuine = of(uses, Scenario.FRIENDLY_FRAUD), of(uses, Scenario.GENUINE)
    online = genuine.take(people.terminals.online[genuine.terminal])
    assert people.terminals.online[disputed.terminal].all()
    assert np.median(disputed.amount) == pytest.approx(np.median(online.amount), rel=0.2)
    assert len(set(disputed.card.tolist())) > 0.9 * len(disputed)


def test_no_amount_gives_fraud_away(uses: Deliveries) -> None:
    """Among the largest amounts most are genuine."""
    largest = np.argsort(uses.amount)[-len(uses) // 100 :]
    assert (uses.scenario[largest] == Scenario.GENUINE).mean() > 0.6
