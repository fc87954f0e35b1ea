"""The log of orders: what a record says, and what all of them come to."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.orders import NEEDS, OF_THE_INPUT, Order, Unreadable, Verb, as_ranges, from_ranges, parse, stop_id
from schemas.standing import Standing

AT = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
FIELDS: dict[str, Any] = {"partition": 3, "offset": 17, "slot": "app-node-0", "stop": "3@17", "offsets": "3-7,12"}


def order(verb: Verb, **fields: Any) -> Order:
    usual = {name: FIELDS[name] for name in NEEDS[verb]}
    return Order(**{"verb": verb, "group": "g", "who": "ann", "why": "because", "at": AT} | usual | fields)


def standing(*orders: Order) -> Standing:
    return Standing("g").after(orders)


@pytest.mark.parametrize("verb", Verb)
def test_an_order_is_read_as_it_was_written(verb: Verb) -> None:
    """As JSON, with a time that people can read and no field that says nothing."""
    written = order(verb)
    assert parse(written.to_bytes()) == written
    said = json.loads(written.to_bytes())
    assert said["at"] == "2026-01-05T06:00:00Z"
    assert None not in said.values()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verb": "explode"}, "verb"),
        ({"partition": None}, "pause without partition"),
        ({"partition": -1}, "partition"),
        ({"at": "2026-01-05T06:00:00"}, "zone"),
        ({"why": "  "}, "why"),
        ({"group": None}, "group"),
    ],
)
def test_what_is_no_order_says_why(changes: dict[str, Any], why: str) -> None:
    """A verb of a newer release among others; the words of the record are not repeated."""
    said = json.loads(order(Verb.PAUSE).to_bytes()) | changes
    with pytest.raises(Unreadable, match=why) as caught:
        parse(json.dumps({name: value for name, value in said.items() if value is not None}).encode())
    assert "explode" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b'"pause"'])
def test_bytes_that_are_no_object_are_no_order(content: bytes | None) -> None:
    """Whatever else stands on the topic."""
    with pytest.raises(Unreadable):
        parse(content)


def test_fields_of_a_newer_release_are_passed_over() -> None:
    """The order means what it meant."""
    assert parse(json.dumps(json.loads(order(Verb.PAUSE).to_bytes()) | {"until": 7}).encode()) == order(Verb.PAUSE)


def test_each_order_is_undone_by_its_opposite() -> None:
    """And stands again when it is given again, by the later one."""
    later = order(Verb.PAUSE, why="again")
    assert standing(order(Verb.PAUSE)).paused == {3: order(Verb.PAUSE)}
    assert standing(order(Verb.PAUSE), order(Verb.RESUME)).paused == {}
    assert standing(order(Verb.PAUSE), order(Verb.RESUME), later).paused == {3: later}
    assert standing(order(Verb.PAUSE), order(Verb.RESUME, partition=4)).paused.keys() == {3}
    assert standing(order(Verb.DRAIN)).drained.keys() == {"app-node-0"}
    assert standing(order(Verb.DRAIN), order(Verb.UNDRAIN)).drained == {}


def test_a_skip_is_for_good() -> None:
    """Whoever folds the log again passes over the same record; the first order is the one it stands by."""
    found = standing(order(Verb.SKIP), order(Verb.RESUME), order(Verb.MOVED, offset=0), order(Verb.SKIP, why="again"))
    assert found.skips(3, 17) == order(Verb.SKIP)
    assert (found.skips(3, 18), found.skips(4, 17)) == (None, None)


def test_a_group_that_was_moved_may_stop_again_where_it_was_resumed() -> None:
    """Otherwise the old order would wave the new flood through; other partitions keep theirs."""
    resumed = order(Verb.RESUME_DEAD_LETTERS)
    other = order(Verb.RESUME_DEAD_LETTERS, partition=4, stop=stop_id(4, 9))
    assert standing(resumed, other).resumed.keys() == {"3@17", "4@9"}
    assert standing(resumed, other, order(Verb.MOVED)).resumed.keys() == {"4@9"}
    assert standing(order(Verb.MOVED), resumed).resumed.keys() == {"3@17"}


def test_orders_for_another_group_mean_nothing() -> None:
    """A shadow on the same broker goes on while the others are paused."""
    assert standing(order(Verb.PAUSE, group="shadow")) == Standing("g")


@pytest.mark.parametrize("verb", [each for each in Verb if each in OF_THE_INPUT])
def test_what_was_ordered_of_a_topic_is_not_for_the_one_made_again_under_its_name(verb: Verb) -> None:
    """Its offsets begin anew, and mean other records; orders that do not say which topic hold for any."""
    said = order(verb, topic_id="first")
    assert Standing("g", "second").after([said]) == Standing("g", "second")
    assert verb is Verb.RESUME or Standing("g", "first").after([said]) != Standing("g", "first")
    assert verb is Verb.RESUME or Standing("g").after([said]) != Standing("g")
    assert Standing("g", "second").after([order(verb)]) == replace(standing(order(verb)), topic_id="second")


def test_a_drained_worker_stays_drained_whatever_becomes_of_the_topic() -> None:
    """It is the worker that is meant."""
    assert Standing("g", "second").after([order(Verb.DRAIN, topic_id="first")]).drained.keys() == {"app-node-0"}


def test_what_was_replayed_is_known_by_its_place() -> None:
    """However many orders told it."""
    found = standing(order(Verb.REPLAYED), order(Verb.REPLAYED, offsets="20"))
    assert [each for each in range(25) if found.replays(3, each)] == [3, 4, 5, 6, 7, 12, 20]
    assert found.replays(4, 5) is None


@given(st.lists(st.sampled_from(Verb), max_size=12), st.integers(0, 12))
def test_it_does_not_matter_how_much_is_read_at_once(verbs: list[Verb], cut: int) -> None:
    """The fold of a log is the fold of its parts."""
    orders = [order(verb) for verb in verbs]
    assert standing(*orders) == standing(*orders[:cut]).after(orders[cut:])


@given(st.sets(st.integers(0, 60), min_size=1))
def test_ranges_hold_what_went_into_them(offsets: set[int]) -> None:
    """No more and no less."""
    held = {each for low, high in from_ranges(as_ranges(list(offsets))) for each in range(low, high + 1)}
    assert held == offsets
