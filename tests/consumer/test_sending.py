"""Records on their way to the client: one by one, in order, whatever is in the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from consumer.lots import Outgoing, Pending, Sheaf, Span
from consumer.sending import send

SPANS = {0: Span(0, 0, 1), 1: Span(0, 0, 1)}


def sheaf(topic: str, *partitions: int) -> Sheaf:
    names = [f"{topic}-{place}".encode() for place in range(len(partitions))]
    return Sheaf(topic, list(partitions), names, [b"v" + each for each in names], [[("n", each)] for each in names])


def pending() -> Pending:
    first, last = Outgoing("epochs", 1, None, b"first", []), Outgoing("dlq", 0, b"k", None, [("a", None)])
    return Pending([first, sheaf("flags", 1), sheaf("scores", 0, 1, 0), last], SPANS)


@dataclass
class Client:
    """Refuses the calls that `refuses` says, by their number, once."""

    refuses: dict[int, Exception] = field(default_factory=dict)
    taken: list[tuple[Any, ...]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    calls: int = 0

    def produce(self, *given: Any) -> None:
        self.calls += 1
        if refusal := self.refuses.get(self.calls):
            raise refusal
        self.taken.append(given)

    def poll(self, seconds: float) -> None:
        self.waits.append(seconds)


def test_everything_goes_out_in_its_order() -> None:
    """Epochs before decisions before dead letters, each with its key, value, partition and headers."""
    client = Client()
    send(client, pending())
    assert [(given[0], *given[1:4], given[7]) for given in client.taken] == [
        ("epochs", b"first", None, 1, []),
        ("flags", b"vflags-0", b"flags-0", 1, [("n", b"flags-0")]),
        ("scores", b"vscores-0", b"scores-0", 0, [("n", b"scores-0")]),
        ("scores", b"vscores-1", b"scores-1", 1, [("n", b"scores-1")]),
        ("scores", b"vscores-2", b"scores-2", 0, [("n", b"scores-2")]),
        ("dlq", None, b"k", 0, [("a", None)]),
    ]


@pytest.mark.parametrize("full", [[1], [2], [3, 4], [6], [1, 2, 3, 7, 8]])
def test_a_full_queue_is_waited_for(full: list[int]) -> None:
    """Nothing is left out and nothing goes twice, at whichever record it was full, and for however long."""
    client, usual = Client(dict.fromkeys(full, BufferError())), Client()
    send(client, pending())
    send(usual, pending())
    assert client.taken == usual.taken
    assert len([each for each in client.waits if each > 0]) == len(full)


@pytest.mark.parametrize("at", range(1, 7))
def test_what_the_client_refuses_ends_it(at: int) -> None:
    """At once and with the client's words: whoever sends decides what becomes of the lot."""
    refusal = KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
    client = Client({at: refusal})
    with pytest.raises(KafkaException) as raised:
        send(client, pending())
    assert raised.value is refusal
    assert len(client.taken) == at - 1


def lone() -> Producer:
    """A client that never meets a broker."""
    return Producer({"log_level": 0, "message.timeout.ms": 50})


def test_the_client_takes_them_by_place() -> None:
    """The real one holds all of them, and tells of each one's end where that is asked for."""
    heard: list[tuple[Any, ...]] = []

    def delivered(error: Any, message: Any) -> None:
        heard.append((error.code(), message.topic(), message.key(), message.value(), message.partition()))

    client = lone()
    send(client, pending(), delivered)
    assert len(client) == 6
    client.flush(30)
    wanted = [(given[0], given[2], given[1], given[3]) for given in _taken(Client())]
    assert sorted(heard, key=repr) == sorted(((KafkaError._MSG_TIMED_OUT, *each) for each in wanted), key=repr)


def test_the_client_refuses_what_is_too_large_at_once() -> None:
    """Before anything is sent; a lot that cannot be written is not written in part."""
    client = lone()
    with pytest.raises(KafkaException, match="too large"):
        send(client, Pending([Outgoing("flags", 0, b"k", b"x" * 2_000_000, [])], SPANS))
    client.purge()


def _taken(client: Client) -> list[tuple[Any, ...]]:
    send(client, pending())
    return client.taken


@pytest.mark.parametrize("left", [frozenset({0}), frozenset({1}), frozenset({0, 1}), frozenset[int]()])
def test_records_of_partitions_that_went_are_left_out(left: frozenset[int]) -> None:
    """Of sheaves as of single records; the others stay in their order."""
    wanted = [given for given in _taken(Client()) if given[3] in left]
    client = Client()
    kept = pending().only(left)
    send(client, kept)
    assert client.taken == wanted
    assert set(kept.spans) == left


@pytest.mark.parametrize("choose", [lambda place: place == 1, lambda _: True, lambda _: False])
def test_some_of_a_sheaf_go_to_another_topic(choose: Callable[[int], bool]) -> None:
    """Flags stand among the scores again, byte for byte."""
    whole = sheaf("scores", 0, 1, 0)
    kept = [place for place in range(len(whole)) if choose(place)]
    some = whole.at(kept, "flags")
    everything = list(whole.calls())
    assert [("scores", *each[1:]) for each in some.calls()] == [everything[place] for place in kept]
    assert all(topic == "flags" for topic, *_ in some.calls())
