"""The model that answers now, if any, and the thread that computes: a request keeps the model that it was read with."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from typing import Final

from schemas.settings.serve import Serve
from serving.door.batcher import Batcher
from serving.door.model import Model
from serving.refusal import unavailable

Follow = Callable[["Live"], AbstractContextManager[None]]
"""What replaces the model while the door is open; entered when it opens."""


NO_MODEL: Final = "no model is live: promote one"
AGAIN_S: Final = 30


class Live:
    """Replacing is one assignment: whatever is queued is answered by the model it was read with.

    None where nothing was promoted yet: what `follow` finds answers from then on.
    """

    def __init__(self, model: Model | None, settings: Serve, *, follow: Follow | None = None) -> None:
        self.model = model
        self.batcher = Batcher(batch_rows=settings.batch_rows, queue_rows=settings.queue_rows)
        self._follow = follow

    def answering(self) -> Model:
        """Raises Refusal, 503, where there is none yet."""
        if self.model is None:
            raise unavailable(NO_MODEL, code="NO_MODEL", after_s=AGAIN_S)
        return self.model

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
