"""Requests that come while the model computes are put together, and none depends on its neighbours."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.gated import Gated

from serving.door.batcher import Batcher
from serving.door.model import Ask
from serving.refusal import Refusal


def ask(*rows: float, key: str = "") -> Ask:
    return Ask(list(rows), len(rows), key=key)


@asynccontextmanager
async def batching(queue_rows: int = 1_000, batch_rows: int = 100) -> AsyncIterator[Batcher]:
    batcher = Batcher(batch_rows=batch_rows, queue_rows=queue_rows)
    batcher.start()
    try:
        yield batcher
    finally:
        await asyncio.to_thread(batcher.close)


async def entered(model: Gated) -> None:
    await asyncio.to_thread(model.entered.wait, 10)


def found(answer: bytes) -> list[float]:
    said: list[float] = json.loads(answer)["predictions"]
    return said


def test_what_waits_is_one_batch() -> None:
    """The first is computed at once and alone; those that came meanwhile together, each with its own answer."""

    async def run() -> None:
        model = Gated()
        async with batching() as batcher:
            first = batcher.submit(model, ask(1))
            await entered(model)
            others = [batcher.submit(model, ask(*rows)) for rows in ((2, 3), (4,), (5, 6, 7))]
            model.open.set()
            assert found(await first) == [2]
            assert [found(await each) for each in others] == [[4, 6], [8], [10, 12, 14]]
        assert model.seen == [[1], [2, 3, 4, 5, 6, 7]]

    asyncio.run(run())


def test_one_that_fails_fails_alone() -> None:
    """Its neighbours are answered, and it hears that the model failed, not on what."""

    async def run() -> None:
        model = Gated()
        async with batching() as batcher:
            first = batcher.submit(model, ask(1))
            await entered(model)
            bad, good = batcher.submit(model, ask(13)), batcher.submit(model, ask(3))
            model.open.set()
            assert found(await first) == [2]
            assert found(await good) == [6]
            with pytest.raises(Refusal) as refusal:
                await bad
            assert refusal.value.status == 500
            assert "13" not in refusal.value.message

    asyncio.run(run())


@pytest.mark.parametrize("case", ["inexact", "another key", "another model", "full batch"])
def test_what_is_not_alike_stays_apart(case: str) -> None:
    """Models whose bits depend on the batch, rows of other types, other versions, and what would be too many."""

    async def run() -> None:
        model = Gated(exact=case != "inexact")
        second = Gated("2", open=model.open) if case == "another model" else model
        async with batching(batch_rows=1 if case == "full batch" else 100) as batcher:
            first = batcher.submit(model, ask(1))
            await entered(model)
            others = [batcher.submit(model, ask(2)), batcher.submit(second, ask(3, key=case * (case == "another key")))]
            model.open.set()
            assert [found(await each) for each in (first, *others)] == [[2], [4], [6]]
        assert [*model.seen, *(second.seen if second is not model else [])] == [[1], [2], [3]]

    asyncio.run(run())


def test_too_many_rows_are_refused() -> None:
    """Nobody waits behind more rows than may wait; one request alone is taken, whatever its size."""

    async def run() -> None:
        model = Gated()
        async with batching(queue_rows=4) as batcher:
            first = batcher.submit(model, ask(*range(10)))
            await entered(model)
            second = batcher.submit(model, ask(1, 2, 3))
            with pytest.raises(Refusal) as refusal:
                batcher.submit(model, ask(4, 5))
            assert (refusal.value.status, refusal.value.headers["retry-after"]) == (429, "1")
            model.open.set()
            assert len(found(await first)) == 10
            assert found(await second) == [2, 4, 6]

    asyncio.run(run())


def test_what_was_given_up_is_not_computed() -> None:
    """A request whose client went away, or whose time is over, costs nothing more."""

    async def run() -> None:
        model = Gated()
        async with batching() as batcher:
            first = batcher.submit(model, ask(1))
            await entered(model)
            batcher.submit(model, ask(2)).cancel()
            last = batcher.submit(model, ask(3))
            model.open.set()
            await first
            await last
        assert model.seen == [[1], [3]]

    asyncio.run(run())
