"""What `publish`, `labels` and `simulate` share: how messages are sent, and the account that is given at the end."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from fraudstream.commands.progress import to_stderr
from schemas.errors import FraudstreamError, Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    from producer.publish import Event, Publisher
    from producer.rejects import Rejects
    from schemas.encoding import Encode
    from schemas.settings import Settings

FramingOption = Annotated[Framing, typer.Option("--framing", help="How each record is written.")]
Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Where to [topics.transactions].")]
AFTER_INTERRUPT_SECONDS = 5.0


class Sending:
    """Sends until the events end, and then says what became of everything that was read, however it ended."""

    def __init__(self, publisher: "Publisher", rejects: "Rejects | None" = None, verb: str = "read") -> None:
        self.read = 0
        self._verb = verb
        self._publisher = publisher
        self._rejects = rejects
        self._began = time.monotonic()

    def run(self, events: "Iterable[Event]", say: Callable[[str], None] = to_stderr) -> None:
        try:
            self._send(events)
        finally:
            if self._rejects:
                self._rejects.finish()
            say(self.account())
        if verdict := self._publisher.verdict():
            raise verdict

    def _send(self, events: "Iterable[Event]") -> None:
        try:
            self._publisher.send(events)
            self._publisher.close()
        except KeyboardInterrupt:
            self._publisher.abandon(AFTER_INTERRUPT_SECONDS)
            raise
        except FraudstreamError:
            self._publisher.close()
            raise

    def keep_to(self, rate: float) -> None:
        """From here on never more a second, once all that was handed over has arrived."""
        from producer.pace import Pace

        self._publisher.close()
        self._publisher.pace = Pace(rate)

    @property
    def published(self) -> int:
        return self._publisher.delivered

    def state(self) -> str:
        rejected = f", {self._rejects.total:,} rejected" if self._rejects else ""
        return f"{self._publisher.delivered:,} published{rejected}, {self._speed():,.0f}/s"

    def account(self) -> str:
        """What was read is published, rejected, failed or not sent: never anything else."""
        from producer.publish import counted

        published, failed = self._publisher.delivered, self._publisher.failed
        rejected = self._rejects.reasons if self._rejects else Counter[str]()
        parts = [f"published {published:,}"]
        parts += [f"rejected {rejected.total():,} ({counted(rejected)})"] if rejected else []
        parts += [f"failed {failed.total():,} ({counted(failed)})"] if failed else []
        if left := self.read - published - rejected.total() - failed.total():
            parts += [f"not sent {left:,}"]
        seconds = time.monotonic() - self._began
        return f"{self._verb} {self.read:,} = {' + '.join(parts)}; {seconds:.1f} s, {self._speed():,.0f} per second"

    def _speed(self) -> float:
        return self._publisher.delivered / max(time.monotonic() - self._began, 1e-3)


def publisher_for(settings: "Settings", topic: str | None, rate: float | None) -> "Publisher":
    """Knows that the broker answers and has the topic."""
    from producer.pace import Pace
    from producer.publish import Publisher

    pace = Pace(rate) if rate else None
    return Publisher(settings, topic or settings.topics.transactions, pace=pace).require_topic()


def encoder_for(settings: "Settings", framing: Framing, topic: str | None, what: str = "transaction") -> "Encode":
    """The confluent framing registers the contract for the topic's values."""
    from schemas.contracts import LABEL, TRANSACTION
    from schemas.encoding import encoder
    from schemas.registry import Registry

    contract = LABEL if what == LABEL.name else TRANSACTION
    subject = f"{topic or settings.topics.transactions}-value"
    return encoder(contract, framing, lambda each: Registry.of(settings).register(each, subject))


def what_now(rejects: Path | None) -> str:
    where = f"they stand in {rejects}" if rejects else "--rejects FILE lists them all"
    return f"correct them and publish those again; {where}"


def written(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise Usage(f"--rejects {path}: {error.strerror}", fix="name a file that can be written") from error
