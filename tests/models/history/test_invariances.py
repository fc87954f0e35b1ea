"""From logs to features, whole: the brute force agrees, and what must leave no trace leaves none, in every bit."""

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from support.bank import DAY, HOUR, START, WEEK, Bank, Brute, Purchase, Said, columns, rows
from threadpoolctl import threadpool_limits

from models.feature_list import FEATURES, POSITION
from models.features import Places
from models.history import Builder
from models.judging.ranking import average_precision
from models.labels import LabelParams
from schemas.verdicts import Mark

Floats = NDArray[np.float64]
Learn = Callable[[Said, int], bool]

NAMES = [each.name for each in FEATURES]
TERMINAL = [POSITION[name] for name in NAMES if name.startswith("terminal")]
HABITS = [POSITION[name] for name in ("new_device", "new_country", "speed_kmh")]
ROUNDED = ["genuine_z"]
"""The only feature that is rounded on the way: the brute force takes its root of an exact fraction."""


def builder() -> Builder:
    return Builder(Places("Europe/Berlin", ("DE",), (7995,)))


def folded(log: Sequence[Purchase], labels: Sequence[Said], size: int = 1000) -> Floats:
    """The features of every purchase of one partition, in the order of arrival; all labels are known before."""
    made, whole = builder(), rows(log)
    made.learn(columns(labels))
    return np.concatenate([made.fold(whole.slice(at, size)).features for at in range(0, len(log), size)])


def differing(some: Floats, other: Floats) -> list[str]:
    """The features that are not the same in every bit."""
    return [NAMES[at] for at in np.flatnonzero((some.view(np.int64) != other.view(np.int64)).any(axis=0))]


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(1, 12_000)


@pytest.fixture(scope="module")
def expected(bank: Bank) -> Floats:
    return folded(bank.log, bank.labels)


@pytest.mark.parametrize("seed", range(4))
def test_every_feature_is_that_of_the_brute_force(seed: int) -> None:
    """More than 100,000 purchases, late, twice, at the same moment; labels late, missing, corrected and again."""
    bank = Bank(seed, 25_000, cards=1_000)
    brute, found = Brute(bank.labels), folded(bank.log, bank.labels)
    answers = [brute.answer(each) for each in bank.log]
    assert len(answers) > 25_500
    for name in answers[0]:
        column, said = found[:, POSITION[name]], np.array([each[name] for each in answers], np.float64)
        same = np.isclose(column, said, rtol=1e-6, equal_nan=True) if name in ROUNDED else column == said
        wrong = np.flatnonzero(~(same | (np.isnan(column) & np.isnan(said))))
        assert not len(wrong), f"{name} of row {wrong[0]}: {column[wrong[0]]}, not {said[wrong[0]]}"


def test_the_brute_force_says_much(bank: Bank) -> None:
    """Of every feature that is not of the row alone, or of habits, it knows many values."""
    brute = Brute(bank.labels)
    answers = [brute.answer(each) for each in bank.log]
    assert set(answers[0]) == {each.name for each in FEATURES if each.group != "row"} - {NAMES[at] for at in HABITS}
    for name in answers[0]:
        assert len({each[name] for each in answers if each[name] == each[name]}) > 1, name
    assert sum(bank.fraud_of.values()) > 200


@pytest.mark.parametrize(("size", "purchases"), [(1, 3_000), (7, 12_000)])
def test_lots_leave_no_trace(bank: Bank, expected: Floats, size: int, purchases: int) -> None:
    """Cut into lots of 1 and 7 the log gives what it gives in lots of 1,000."""
    assert differing(folded(bank.log[:purchases], bank.labels, size), expected[:purchases]) == []


def chunks(bank: Bank, partitions: int, seed: int) -> Iterator[tuple[int, list[int]]]:
    """Partition and rows of what is read next: each partition in its own order, some of them days ahead of others."""
    chance = random.Random(seed)
    waiting = [[row for row, each in enumerate(bank.log) if each.card % partitions == own] for own in range(partitions)]
    while any(waiting):
        own = chance.choice([own for own in range(partitions) if waiting[own]])
        count = chance.choice((1, 30, 400))
        yield own, waiting[own][:count]
        waiting[own] = waiting[own][count:]


def by_workers(bank: Bank, partitions: int, learn: Learn = lambda said, own: True) -> Floats:
    """Of several workers with some partitions each; labels come as late as they may, those of one moment in disorder.

    `learn` says which labels the worker of a partition hears.
    """
    matrix, chance = np.full((len(bank.log), len(FEATURES)), -1.0), random.Random(partitions)
    makers = [builder() for _ in range(partitions)]
    heard, order = [0] * partitions, sorted(bank.labels, key=lambda said: said.known)
    for own, here in chunks(bank, partitions, 7):
        newest, first = max(bank.log[row].time for row in here), heard[own]
        while heard[own] < len(order) and order[heard[own]].known <= newest:
            heard[own] += 1
        fresh = [said for said in order[first : heard[own]] if learn(said, own)]
        chance.shuffle(fresh)
        makers[own].learn(columns(fresh, partitions))
        matrix[here] = makers[own].fold(rows([bank.log[row] for row in here], partitions)).features
    return matrix


@pytest.mark.parametrize("partitions", [1, 6, 12])
def test_partitions_leave_no_trace(bank: Bank, expected: Floats, partitions: int) -> None:
    """Of any number, hours and days apart from one another, with terminals that all of them share."""
    assert differing(by_workers(bank, partitions), expected) == []


def of_its_own(said: Said, own: int) -> bool:
    """The known mistake: a worker hears what is said of its own cards and keeps its terminals by that."""
    return said.purchase.card % 6 == own


def test_terminals_per_partition_are_found_out(bank: Bank, expected: Floats) -> None:
    """Most features of terminals are others, those of cards are not, and many more frauds are missed."""
    mistaken = by_workers(bank, 6, of_its_own)
    assert set(differing(mistaken, expected)) == {NAMES[at] for at in TERMINAL}
    assert precision(bank, expected) > 2 * precision(bank, mistaken)


def precision(bank: Bank, matrix: Floats) -> float:
    """Average precision on the last 30 of 100 days of a model that learnt from days 10 to 60."""
    day = np.array([(each.time - START) // DAY for each in bank.log])
    fraud = np.array([bank.fraud_of[each.event] for each in bank.log])
    early, late = (day >= 10) & (day < 60), day >= 70
    model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=0)
    with threadpool_limits(1):
        model.fit(matrix[early], fraud[early])
        return float(average_precision(fraud[late], model.decision_function(matrix[late])))


@pytest.mark.parametrize("cut", [0.3, 0.8])
def test_the_future_leaves_no_trace(bank: Bank, expected: Floats, cut: float) -> None:
    """The rows before a moment are the same without those after it, or with others in their place."""
    until = int(cut * len(bank.log))
    before, after = bank.log[:until], bank.log[until:]
    others = [each._replace(amount=each.amount + 1, event=-each.event - 1, time=each.time - HOUR) for each in after]
    for log in (before, [*before, *others]):
        assert differing(folded(log, bank.labels, 700)[:until], expected[:until]) == []


@pytest.mark.parametrize("day", [20, 70])
def test_later_labels_leave_no_trace(bank: Bank, expected: Floats, day: int) -> None:
    """Up to a step, rows are the same whether labels that count later are there, are not, or say the opposite."""
    step = START + day * DAY
    seen = [said for said in bank.labels if max(said.known, said.purchase.time + WEEK) + 60_000 <= step]
    later = [said for said in bank.labels if max(said.known, said.purchase.time + WEEK) + 60_000 > step]
    until = np.array([each.time < step + HOUR for each in bank.log])
    assert len(seen) > 500
    assert len(later) > 500
    for labels in (seen, seen + [said._replace(fraud=not said.fraud) for said in later]):
        assert differing(folded(bank.log, labels)[until], expected[until]) == []
    assert differing(folded(bank.log, seen), expected) != []


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_copies_get_what_their_originals_got(size: int) -> None:
    """A, A and A, B, A, within a lot and across lots: copies are marked, and nobody sees them.

    Without late purchases: a copy sees those that came between. Habits are as of the log, so only at once the same.
    """
    chance, log, bank = random.Random(size), list[tuple[Purchase, int]](), Bank(5, 12_000, copies=0.0, late=0.0)
    for row, each in enumerate(bank.log[:3_000]):
        log.append((each, row))
        if chance.random() < 0.1:
            log.extend([(each, row)] * chance.randrange(1, 3))
        if row > 50 and chance.random() < 0.1:
            log.append((bank.log[back := row - chance.randrange(1, 50)], back))
    made, whole = builder(), rows([each for each, _ in log])
    made.learn(columns(bank.labels))
    tables = [made.fold(whole.slice(at, size)) for at in range(0, len(log), size)]
    found, marks = (np.concatenate([getattr(each, name) for each in tables]) for name in ("features", "marks"))
    alone = folded(bank.log[:3_000], bank.labels)
    where = np.array([row for _, row in log])
    first = np.isin(np.arange(len(log)), np.unique(where, return_index=True)[1])
    assert differing(found[first], alone[where[first]]) == []
    assert (marks[~first] & Mark.REDELIVERED != 0).all()
    kept = np.delete(np.arange(len(FEATURES)), HABITS)
    assert differing(found[:, kept], alone[where][:, kept]) == []
    at_once = np.flatnonzero(~first & (np.diff(where, prepend=-1) == 0))
    assert len(at_once) > 200
    assert differing(found[at_once], alone[where[at_once]]) == []


def permuted(bank: Bank, seed: int) -> Bank:
    """The same purchases, and what is said of each is said of another: of nobody it is the truth."""
    events = list(bank.fraud_of)
    verdicts = list(bank.fraud_of.values())
    random.Random(seed).shuffle(verdicts)
    return bank.with_frauds(dict(zip(events, verdicts, strict=True)))


def test_labels_that_mean_nothing_teach_nothing() -> None:
    """Permuted before features are built, verdicts are found as often as anything: nothing knows its own label."""
    ratios, leaking = [], []
    for seed in range(4):
        bank = permuted(Bank(20 + seed, 9_000, copies=0.0, stolen=0.2), seed)
        late = [each for each in bank.log if each.time >= START + 70 * DAY]
        base = sum(bank.fraud_of[each.event] for each in late) / len(late)
        ratios.append(precision(bank, folded(bank.log, bank.labels)) / base)
        if seed == 0:
            early = [said._replace(known=said.purchase.time - DAY) for said in bank.labels]
            leaking.append(precision(bank, knowing(bank.log, early)) / base)
    assert abs(sum(ratios) / len(ratios) - 1) < 0.2
    assert min(leaking) > 2, "a label that counts before its event would be seen"


def knowing(log: Sequence[Purchase], labels: Sequence[Said]) -> Floats:
    """The known mistake: verdicts count as soon as they are known, some of them before the event."""
    made = Builder(Places(), labels=LabelParams(delay_ms=0))
    made.learn(columns([said._replace(purchase=said.purchase._replace(time=said.known)) for said in labels]))
    return made.fold(rows(log)).features
