"""The label book beside the brute force, on everything that can happen to labels."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from support.labels import (
    DAY,
    HOUR,
    NAMES,
    START,
    Facts,
    Label,
    Oracle,
    Question,
    World,
    answered,
    columns,
    differing,
    learned,
    same,
)

from models.labels import LabelBook, LabelParams

Answer = Callable[[Sequence[Label], Sequence[Question]], list[Facts]]


def by_the_book(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    return answered(learned(labels), questions)


def disagreements(world: World, answer: Answer, questions: int = 400) -> list[str]:
    """The facts, once for each question, on which an answer and the brute force differ."""
    oracle, asked = Oracle(world.labels), world.questions(questions)
    found = answer(world.interleaved(world.labels), asked)
    expected = [oracle.answer(each) for each in asked]
    return [name for some, other in zip(found, expected, strict=True) for name in differing(some, other)]


def test_the_book_says_what_brute_force_says() -> None:
    """100,000 labels and questions, in worlds where verdicts are late, repeated, corrected twice and missing."""
    asked = 0
    for seed in range(30):
        world = World(seed, events=2_000)
        assert not disagreements(world, by_the_book, questions=1_200), seed
        asked += len(world.labels) + 1_200
    assert asked > 100_000


def test_verdicts_that_look_alike_are_not_mixed_up() -> None:
    """One amount, one hour, one terminal, and most verdicts corrected: each takes back what it said, not its like."""
    for seed in range(40):
        world = World(seed, events=60, cards=2, terminals=1, days=60, alike=True)
        assert not disagreements(world, by_the_book, questions=200), seed


def test_every_answer_is_something_in_that_world() -> None:
    """The worlds of the comparison know every fact in more than one value, so that a wrong one can be seen."""
    facts = by_the_book((world := World(1, events=2_000)).labels, world.questions(1_000))
    for name in NAMES:
        assert len({fact[name] for fact in facts if not math.isnan(fact[name])}) > 1, name
    for name in ("card_last_label", "terminal_last_label", "terminal_days_since_last_fraud"):
        assert any(math.isnan(fact[name]) for fact in facts), name


def per_partition(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    """A worker that keeps terminals by the partition of the card."""
    books = [learned([each for each in labels if each.partition == partition]) for partition in range(6)]
    return [answered(books[each.card % 6], [each])[0] for each in questions]


def cards_of_others(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    return by_the_book([each._replace(own=False) for each in labels], questions)


def correction_is_another_event(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    return by_the_book([each._replace(event=2 * each.event + each.is_fraud) for each in labels], questions)


def first_of_a_tie(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    return by_the_book([each._replace(offset=2**40 - each.offset) for each in labels], questions)


def as_of_now(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    now = max(each.at for each in questions)
    return by_the_book(labels, [each._replace(at=now) for each in questions])


def known_at_once(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    return by_the_book([each._replace(known_at=each.event_time) for each in labels], questions)


def first_verdict_only(labels: Sequence[Label], questions: Sequence[Question]) -> list[Facts]:
    first: dict[int, Label] = {}
    for each in labels:
        first.setdefault(each.event, each)
    return by_the_book(list(first.values()), questions)


def with_params(params: LabelParams) -> Answer:
    return lambda labels, questions: answered(learned(labels, params), questions)


MUTANTS: dict[str, Answer] = {
    "terminal book per partition": per_partition,
    "no grace": with_params(LabelParams(grace_ms=1)),
    "no delay": with_params(LabelParams(delay_ms=0)),
    "another step": with_params(LabelParams(step_ms=HOUR // 2)),
    "known_at ignored": known_at_once,
    "a correction does not withdraw": correction_is_another_event,
    "a correction is not heard": first_verdict_only,
    "queried as of now": as_of_now,
    "of verdicts known at the same time the first wins": first_of_a_tie,
    "cards of others": cards_of_others,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_book_is_found_out(mutant: str) -> None:
    """Each known-bad way to keep the book differs from the brute force in a world of 1,000 events."""
    assert disagreements(World(7, events=1_000), MUTANTS[mutant])


@pytest.mark.parametrize("partitions", [1, 6, 12])
@pytest.mark.parametrize("lot", [1, 7, 1000])
def test_lots_and_partitions_leave_no_trace(partitions: int, lot: int) -> None:
    """However labels are spread over partitions, interleaved and cut into lots, the answers are the same."""
    world = World(11, events=600)
    questions = world.questions(500)
    expected = by_the_book(world.labels, questions)
    labels = world.interleaved(World.partitioned(world.labels, partitions))
    found = answered(learned(labels, lot=lot), questions)
    assert all(map(same, found, expected))


def test_one_partition_hours_ahead() -> None:
    """Labels of one partition that are read long before those of another change nothing."""
    world = World(12, events=600)
    questions = world.questions(500)
    ordered = sorted(world.labels, key=lambda label: label.partition)
    assert all(map(same, by_the_book(ordered, questions), by_the_book(ordered[::-1], questions)))


def test_labels_that_take_effect_later_change_nothing() -> None:
    """What a book says as of a step is what it says when everything later is deleted, or flipped."""
    world = World(13, events=1_500)
    oracle, step = Oracle([]), START // HOUR + 80 * 24
    seen = [each for each in world.labels if oracle.effect(each) <= step]
    later = [each for each in world.labels if oracle.effect(each) > step]
    questions = [each._replace(at=min(each.at, step * HOUR + HOUR - 1)) for each in world.questions(500)]
    expected = by_the_book(seen, questions)
    flipped = [each._replace(is_fraud=not each.is_fraud) for each in later]
    assert len(later) > 100
    for labels in (world.labels, flipped + seen, later[::-1] + seen[::-1]):
        assert all(map(same, by_the_book(labels, questions), expected))


def test_answers_come_between_labels() -> None:
    """Questions asked while labels come in get what they would get at the end, as long as their step is complete."""
    world = World(14, events=1_000)
    oracle = Oracle(world.labels)
    ordered = sorted(world.labels, key=oracle.effect)
    book, questions = LabelBook(), world.questions(2_000)
    for first in range(0, len(ordered), 50):
        book.learn(columns(ordered[first : first + 50]))
        complete = oracle.effect(ordered[min(first + 50, len(ordered) - 1)]) - 1
        ready = [each for each in questions if complete - 48 < each.at // HOUR <= complete]
        for each, found in zip(ready, answered(book, ready) if ready else [], strict=True):
            assert same(found, oracle.answer(each))


def test_labels_learned_late_count_from_then_on() -> None:
    """A question that is asked again, after a label came that takes effect before it, gets the new answer."""
    world = World(22, events=400, terminals=4)
    for each in world.questions(30):
        book = LabelBook()
        for first in range(0, len(world.labels), 50):
            book.learn(columns(world.labels[first : first + 50]))
            expected = Oracle(world.labels[: first + 50]).answer(each)
            assert same(answered(book, [each])[0], expected)


def test_learning_again_changes_nothing() -> None:
    """Labels that are read twice, in any order, are known already."""
    world = World(15, events=500)
    questions = world.questions(300)
    twice = world.labels + world.interleaved(world.labels)
    assert all(map(same, by_the_book(twice, questions), by_the_book(world.labels, questions)))
    assert len(learned(twice).labels()) == len(learned(world.labels).labels())


@pytest.mark.parametrize(
    "params", [LabelParams(delay_ms=0), LabelParams(step_ms=DAY, grace_ms=HOUR), LabelParams(900_000, 1, DAY)]
)
def test_other_settings(params: LabelParams) -> None:
    """Step, grace and delay are settings; windows stay days."""
    world = World(16, events=800)
    oracle, questions = Oracle(world.labels, params), world.questions(400)
    found = answered(learned(world.labels, params), questions)
    assert all(same(fact, oracle.answer(each)) for fact, each in zip(found, questions, strict=True))


def test_restored_is_the_same() -> None:
    """A book out of its arrays answers, and learns, like the one they came from."""
    world = World(17, events=1_000)
    questions, half = world.questions(500), len(world.labels) // 2
    book = learned(world.labels[:half])
    book.forget(START + 100 * DAY)
    restored = LabelBook.from_arrays(book.to_arrays())
    for each in (book, restored):
        each.learn(columns(world.labels[half:]))
    assert all(map(same, answered(book, questions), answered(restored, questions)))


def test_forgetting_cannot_be_seen() -> None:
    """Pruned again and again behind the questions, the book says what it says unpruned, and is smaller."""
    world = World(18, events=2_000, days=400)
    whole, oracle, pruned = learned(world.labels), Oracle(world.labels), LabelBook()
    ordered, questions = sorted(world.labels, key=oracle.effect), world.questions(3_000)
    for first in range(0, len(ordered), 300):
        batch = ordered[first : first + 300]
        oldest = oracle.effect(batch[0]) * HOUR
        pruned.forget(oldest)
        pruned.learn(columns(batch))
        ready = [each for each in questions if oldest <= each.at < oracle.effect(batch[-1]) * HOUR]
        if ready:
            expected = [oracle.answer(each) for each in ready]
            assert all(map(same, answered(pruned, ready), expected))
    assert len(pruned.labels()) < len(whole.labels()) / 2
    assert len(pruned._accounts.arena) < len(whole._accounts.arena)


def test_forgotten_labels_stay_forgotten() -> None:
    """A label from beyond the horizon that is read again is ignored."""
    world = World(19, events=500, days=30)
    book = learned(world.labels)
    book.forget(START + 900 * DAY)
    assert len(book.labels()) == 0
    book.learn(columns(world.labels))
    assert len(book.labels()) == 0


def test_a_worker_keeps_the_cards_of_its_own() -> None:
    """Without its own mark a label says nothing about its card and everything about its terminal."""
    world = World(20, events=800)
    labels = [each._replace(own=each.partition < 3) for each in world.labels]
    questions = world.questions(500)
    for each, found, full in zip(
        questions, by_the_book(labels, questions), by_the_book(world.labels, questions), strict=True
    ):
        mine = each.card % 6 < 3
        nobody = answered(LabelBook(), [each])[0]
        expected = full if mine else full | {name: nobody[name] for name in NAMES if name.startswith("card")}
        assert same(found, expected)


def test_own_cards_can_change() -> None:
    """The labels a book gives back carry their partition, so that another owner's book can be made of them."""
    world = World(21, events=600)
    theirs = learned([each._replace(own=each.partition < 3) for each in world.labels]).labels()
    mine = LabelBook()
    mine.learn(dataclasses.replace(theirs, own=np.isin(theirs.partition, [3, 4, 5])))
    questions = world.questions(300)
    expected = by_the_book([each._replace(own=each.partition >= 3) for each in world.labels], questions)
    assert all(map(same, answered(mine, questions), expected))
