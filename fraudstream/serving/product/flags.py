"""A thread that reads flags as they are published, into a bounded window; a broker that is away is waited for."""

import threading
import time
from typing import Final

import structlog
from confluent_kafka import Message

from fraudstream.decision import Decisions
from fraudstream.subscription import Subscription
from schemas.errors import DeadLetter, FraudstreamError
from schemas.registry import Registry
from schemas.settings import Settings
from serving.product.recent import Window

PATIENCE_S: Final = 5.0
AGAIN_S: Final = 2.0
ASKED_EVERY_S: Final = 5.0

log = structlog.get_logger(__name__)


class FlagsReader:
    def __init__(self, settings: Settings) -> None:
        self.window = Window(settings.serve.flags_kept)
        self._settings = settings
        self._reader = Decisions(Registry.of(settings))
        self._stop = threading.Event()
        self._away = ""
        self._asked = 0.0
        self._thread = threading.Thread(target=self._run, name="flags", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Does not wait for a broker that stands still: the thread ends with the process."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(AGAIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except FraudstreamError as error:
                self._note(error.message)
            except Exception as error:  # noqa: BLE001 - a thread that ended would go on saying that all is well
                self._note(f"{type(error).__name__}: {error}")
            self._stop.wait(AGAIN_S)

    def _read(self) -> None:
        """From the newest flag on that is known; what is read again counts once."""
        back_ms = time.time_ns() // 1_000_000 - self._settings.serve.flags_back_ms
        since_ms = self.window.last_ms or back_ms
        with Subscription(self._settings, self._settings.topics.flags, since_ms, PATIENCE_S) as subscription:
            self.window.begin(since_ms)
            self._well()

            def ended() -> bool:
                self._look(subscription)
                return self._stop.is_set()

            for message in subscription.messages(ended, self._note):
                self._add(message)

    def _look(self, subscription: Subscription) -> None:
        """A quiet topic looks like a broker that is away: it is asked."""
        now = time.monotonic()
        if now - self._asked >= ASKED_EVERY_S:
            self._asked = now
            if subscription.answers(1.0):
                self._well()
            else:
                self._note("the broker does not answer")

    def _add(self, message: Message) -> None:
        partition, offset, stamp = message.partition(), message.offset(), message.timestamp()[1]
        try:
            decision = self._reader.read(message.value())
        except DeadLetter as letter:
            log.warning("flags.unreadable", partition=partition, offset=offset, why=str(letter.reason))
            return
        self.window.add(int(partition or 0), int(offset or 0), stamp, decision)

    def _well(self) -> None:
        self.window.back()
        if self._away:
            log.info("flags.read_again", after=self._away)
            self._away = ""

    def _note(self, why: str) -> None:
        self.window.away()
        if why != self._away:
            self._away = why
            log.warning("flags.not_read", why=why)
