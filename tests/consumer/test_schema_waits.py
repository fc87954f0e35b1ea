from consumer.schema_waits import BACK_OFF_S, SchemaWaits
from schemas.errors import RegistryAway


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def away(*partitions: int) -> RegistryAway:
    return RegistryAway("not now", partitions=frozenset(partitions))


def test_a_partition_is_left_alone_longer_each_time() -> None:
    """And never for longer than the last of the waits."""
    clock = Clock()
    waits = SchemaWaits(clock)
    for seconds in (*BACK_OFF_S, BACK_OFF_S[-1]):
        waits.away(away(1), {0, 1})
        clock.now += seconds * 0.99
        assert waits.waiting({0, 1}) == {1}
        clock.now += seconds * 0.02
        assert waits.waiting({0, 1}) == frozenset()


def test_an_answer_ends_the_waiting() -> None:
    """The next time it begins anew; other partitions wait on."""
    clock = Clock()
    waits = SchemaWaits(clock)
    for _ in range(4):
        waits.away(away(1, 2), {1, 2})
    waits.answered({0, 1})
    assert waits.waiting({0, 1, 2}) == {2}
    waits.away(away(1), {1})
    clock.now += BACK_OFF_S[0] * 1.01
    assert waits.waiting({0, 1, 2}) == {2}


def test_without_names_all_that_was_fetched_waits() -> None:
    waits = SchemaWaits(Clock())
    waits.away(away(), {3, 4})
    assert waits.waiting({3, 4, 5}) == {3, 4}


def test_what_went_is_forgotten() -> None:
    """When it comes back it is asked for at once."""
    waits = SchemaWaits(Clock())
    waits.away(away(1, 2), {1, 2})
    assert waits.waiting({2}) == {2}
    assert waits.waiting({1, 2}) == {2}
