"""One look for a snapshot beside the loop: a store that takes long holds neither the group nor other partitions."""

import threading
from collections.abc import Callable

from consumer.snapshots.restore import Restored


class Search:
    """Begins at once. Nobody waits for its thread: whoever has no more use for the answer leaves it behind."""

    def __init__(self, look: Callable[[], Restored | None]) -> None:
        self._look = look
        self._found: Restored | None = None
        self._error: Exception | None = None
        self._done = threading.Event()
        threading.Thread(target=self._run, name="restore", daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def found(self) -> Restored | None:
        """Once it is done; raises what went wrong."""
        if self._error is not None:
            raise self._error
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._look()
        except Exception as error:  # noqa: BLE001 - the loop's thread raises it
            self._error = error
        finally:
            self._done.set()


class Found(Search):
    """Whoever asks waits for it."""

    def __init__(self, look: Callable[[], Restored | None]) -> None:
        self._look = look

    @property
    def done(self) -> bool:
        return True

    def found(self) -> Restored | None:
        return self._look()
