"""The model that answers now, and the thread that computes: a request keeps the model that it was read with."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager

from schemas.settings.serve import Serve
from serving.door.batcher import Batcher
from serving.door.model import Model

Follow = Callable[["Live"], AbstractContextManager[None]]
"""What replaces the model while the door is open; entered when it opens."""


class Live:
    """Replacing is one assignment: whatever is queued is answered by the model it was read with."""

    def __init__(self, model: Model, settings: Serve, *, follow: Follow | None = None) -> None:
        self.model = model
        self.batcher = Batcher(batch_rows=settings.batch_rows, queue_rows=settings.queue_rows)
        self._follow = follow

    def replace(self, model: Model) -> None:
        self.model = model

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with ExitStack() as stack:
            self.batcher.start()
            stack.callback(self.batcher.close)
            if self._follow is not None:
                stack.enter_context(self._follow(self))
            yield
