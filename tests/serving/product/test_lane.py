"""Where blocking work is done: bounded, in time, and never on the event loop."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from schemas.errors import DependencyAway, Misconfigured, Usage
from serving.product.lane import Away, Lane
from serving.refusal import Refusal

AWAY = Away("Kafka", "KAFKA_UNAVAILABLE")


@pytest.fixture
def lanes() -> Iterator[list[Lane]]:
    made: list[Lane] = []
    yield made
    for each in made:
        each.close()


def lane(lanes: list[Lane], most: int = 2, timeout_s: float = 5.0, away: Away | None = AWAY, late: str = "") -> Lane:
    found = Lane("test", most, timeout_s, away, late=late)
    found.start()
    lanes.append(found)
    return found


def gone() -> None:
    raise DependencyAway("the broker at 10.0.0.7 does not answer")


def status(error: BaseException | object) -> int:
    assert isinstance(error, Refusal)
    return error.status


def test_work_is_done_elsewhere_and_answered_here(lanes: list[Lane]) -> None:
    """On a thread that does not keep the program from ending."""
    name, daemon = asyncio.run(
        lane(lanes).run(lambda: (threading.current_thread().name, threading.current_thread().daemon))
    )
    assert (name, daemon) == ("test-0", True)


def test_a_line_that_is_full_refuses_and_is_free_again(lanes: list[Lane]) -> None:
    """429 with a Retry-After for the third of two; once they are done there is room."""
    here, hold = lane(lanes), threading.Event()

    async def ask() -> None:
        waiting = [asyncio.create_task(here.run(hold.wait)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(Refusal) as refused:
            await here.run(lambda: 1)
        assert (refused.value.status, "retry-after" in refused.value.headers) == (429, True)
        hold.set()
        assert await asyncio.gather(*waiting) == [True, True]
        await asyncio.sleep(0)
        assert await here.run(lambda: 1) == 1

    asyncio.run(ask())


@pytest.mark.parametrize(("away", "late", "expected"), [(AWAY, "", 503), (AWAY, "much to read", 504), (None, "", 504)])
def test_what_takes_too_long_is_not_waited_for(lanes: list[Lane], away: Away | None, late: str, expected: int) -> None:
    """And keeps its place until it is done, so that what stands still never has more than the line."""
    here, hold = lane(lanes, 1, 0.05, away, late), threading.Event()

    async def ask() -> None:
        with pytest.raises(Refusal) as slow:
            await here.run(hold.wait)
        assert slow.value.status == expected
        with pytest.raises(Refusal) as full:
            await here.run(hold.wait)
        assert full.value.status == 429
        hold.set()
        await asyncio.sleep(0.1)
        assert await here.run(lambda: 1) == 1

    asyncio.run(ask())


def test_what_was_away_a_moment_ago_is_not_asked_again(lanes: list[Lane]) -> None:
    """Who stood in the line hears it at once; where it is stays in the log."""
    here, asked = lane(lanes, 8), []

    def slow() -> None:
        asked.append(1)
        time.sleep(0.1)
        gone()

    async def ask() -> list[object]:
        return await asyncio.gather(*(here.run(slow) for _ in range(5)), return_exceptions=True)

    errors = asyncio.run(ask())
    assert [status(each) for each in errors] == [503] * 5
    assert all(isinstance(each, Refusal) and "10.0.0.7" not in each.message for each in errors)
    assert len(asked) == 1


def test_mistakes_of_callers_are_theirs(lanes: list[Lane]) -> None:
    """Usage comes through, and nothing rests because of it."""
    here = lane(lanes)

    def wrong() -> None:
        raise Usage("no")

    async def ask() -> None:
        with pytest.raises(Usage):
            await here.run(wrong)
        assert await here.run(lambda: 1) == 1

    asyncio.run(ask())


def test_what_is_posted_is_done_also_when_everything_is_away(lanes: list[Lane]) -> None:
    """In its turn, behind those who were there before."""
    here, done = lane(lanes), threading.Event()

    async def ask() -> None:
        with pytest.raises(Refusal):
            await here.run(gone)

    asyncio.run(ask())
    here.post(gone)
    here.post(done.set)
    assert done.wait(5)


def test_what_is_set_up_wrongly_is_no_matter_of_waiting(lanes: list[Lane]) -> None:
    """The same code, other words; what is wrong stays in the log."""

    def wrong() -> None:
        raise Misconfigured("there is no topic 'secret'")

    with pytest.raises(Refusal) as refused:
        asyncio.run(lane(lanes).run(wrong))
    assert (refused.value.status, refused.value.code) == (503, AWAY.code)
    assert "set up" in refused.value.message
    assert "secret" not in refused.value.message
