"""Steps of a checkpoint at which a test may hold a worker, to kill it there or to have the step fail. Off otherwise.

Nobody gets here by accident: it is no setting, so that no file and no flag can say it; somebody must listen on the
socket that the variable names; and the brokers must be on this machine. Otherwise the worker does not start, and one
that starts says that it is armed.

At each step that was asked for the worker connects, says where it is, and waits for a line: `go`, or `fail`, upon which
the call ends as if its answer had not come in time. A test that went away holds nobody.

    computed       the lot is scored; nothing has begun
    begun          a transaction is open at the client
    produced       its records are on their way
    offsets_sent   the broker has the offsets too
    committed      the broker has committed; the worker does not know yet
    advanced       positions have moved on
    snapshot       one was taken and is about to be written, by the thread that writes them
"""

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

import structlog
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Misconfigured
from schemas.settings import Settings

VARIABLE: Final = "TEST_FRAUDSTREAM_FAIL_AT"
"""Steps with commas between, a colon, the path of a Unix socket."""
STEPS: Final = ("computed", "begun", "produced", "offsets_sent", "committed", "advanced", "snapshot")
ARMED: Final = "armed"
HERE: Final = ("127.0.0.1", "localhost", "[::1]")
LINE: Final = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FailPoints:
    """Parts go in and come out as they are, unless there are steps."""

    steps: frozenset[str]
    path: str
    worker: str

    @classmethod
    def of(cls, settings: Settings, worker: str, env: Mapping[str, str]) -> Self:
        asked = env.get(VARIABLE, "")
        if not asked:
            return cls(frozenset(), "", worker)
        names, _, path = asked.partition(":")
        points = cls(frozenset(names.split(",")), path, worker)
        points.arm(settings)
        return points

    def arm(self, settings: Settings) -> None:
        fix = f"unset {VARIABLE}: it is for tests of this program alone"
        if unknown := self.steps - {*STEPS}:
            raise Misconfigured(f"{VARIABLE} names no step: {', '.join(sorted(unknown))}", fix=fix)
        brokers = settings.kafka.bootstrap.split(",")
        if not all(each.strip().rpartition(":")[0] in HERE for each in brokers):
            raise Misconfigured(f"{VARIABLE} is set, and {settings.kafka.bootstrap} is not this machine", fix=fix)
        try:
            self._say(ARMED)
        except OSError as error:
            raise Misconfigured(f"{VARIABLE} is set, and nobody listens on {self.path}: {error}", fix=fix) from None
        log.warning("fail_points.armed", steps=sorted(self.steps))

    def producer(self, inner: Any) -> Any:  # noqa: ANN401 - the client's
        calls = {
            "begin_transaction": ("computed", "begun"),
            "send_offsets_to_transaction": ("produced", "offsets_sent"),
            "commit_transaction": ("", "committed"),
        }
        return Held(inner, calls, self.reach) if self.steps else inner

    def source(self, inner: Any) -> Any:  # noqa: ANN401 - what a checkpoint or a loop asks of it
        return Held(inner, {"advance": ("", "advanced")}, self.reach) if self.steps else inner

    def store(self, inner: Any) -> Any:  # noqa: ANN401 - of snapshots
        return Held(inner, {"write": ("snapshot", "")}, self.reach) if self.steps else inner

    def reach(self, step: str) -> None:
        if step not in self.steps:
            return
        try:
            answer = self._say(step)
        except OSError:
            return
        if answer == "fail":
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"failed by a test: {step}"))  # noqa: SLF001

    def _say(self, step: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.path)
            line.sendall(json.dumps({"step": step, "pid": os.getpid(), "worker": self.worker}).encode() + b"\n")
            return line.recv(LINE).decode().strip()


class Held:
    """All that `inner` is; some of its calls reach a step before them, or after."""

    def __init__(self, inner: Any, calls: Mapping[str, tuple[str, str]], reach: Callable[[str], None]) -> None:  # noqa: ANN401
        self._inner, self._calls, self._reach = inner, calls, reach

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self._inner, name)
        return partial(self._call, found, *self._calls[name]) if name in self._calls else found

    def _call(self, call: Callable[..., Any], before: str, after: str, *given: Any) -> Any:  # noqa: ANN401
        self._reach(before)
        answer = call(*given)
        self._reach(after)
        return answer
