"""Runs the checks: side by side, each within its time, none able to hide another or to hang the whole.

What asks the broker waits until the broker has been found to answer, and is not tried where it does not.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import Final

from fraudstream.doctor.finding import Finding, Severity, away, failed, info, wrong
from fraudstream.doctor.report import Section
from schemas.errors import FraudstreamError
from schemas.settings import Settings

Check = Callable[[Settings], Iterable[Finding]]

SLOW: Final = "see whether it is overloaded or far away, then run `fraudstream doctor` again"
INSTALL: Final = 'install it anew: python -m pip install --force-reinstall "fraudstream"'
REPORT: Final = "run it again; if it stays so, report it with this line"


@dataclass(frozen=True, slots=True)
class Planned:
    name: str
    seconds: float
    asks_broker: bool = False


BROKER: Final = Planned("broker", 12)
PLAN: Final = (
    BROKER,
    Planned("transactions", 8, asks_broker=True),
    Planned("topics", 12, asks_broker=True),
    Planned("producers", 30, asks_broker=True),  # reading takes seconds; code that is compiled the first time, more
    Planned("group", 12, asks_broker=True),
    Planned("standstill", 30, asks_broker=True),
    Planned("subscribers", 2),
    Planned("state", 2),
    Planned("models", 60),  # loading one compiles it the first time
    Planned("registry", 8),
    Planned("redis", 12),
    Planned("versions", 5),
    Planned("folders", 5),
)


def examine(settings: Settings, plan: Sequence[Planned] = PLAN) -> list[Section]:
    """In the order of the plan, whichever is ready first."""
    running = {each: Running(each, settings) for each in plan if not each.asks_broker}
    later = [each for each in plan if each.asks_broker]
    if BROKER not in running or _answers(running[BROKER].findings()):
        running |= {each: Running(each, settings) for each in later}
    return [(each.name, running[each].findings() if each in running else [_untried(each)]) for each in plan]


class Running:
    """A check in a thread of its own; what it has found so far counts, also when it does not come to an end.

    It is imported here and not in the thread: threads that import at once get halves of modules. A package that cannot
    be imported is a finding like others.
    """

    def __init__(self, planned: Planned, settings: Settings) -> None:
        self._planned = planned
        self._found: list[Finding] = []
        self._deadline = time.monotonic() + planned.seconds
        self._thread = Thread(target=self._run, args=[self._loaded(), settings], daemon=True)
        self._thread.start()

    def findings(self) -> list[Finding]:
        self._thread.join(max(self._deadline - time.monotonic(), 0))
        if not self._thread.is_alive():
            return self._found
        what = f"this check did not come to an end within {self._planned.seconds:g} s"
        return [*self._found, away(self._planned.name, what, SLOW)]

    def _loaded(self) -> Check:
        try:
            check: Check = import_module(f"fraudstream.doctor.{self._planned.name}").check
        except Exception as error:  # noqa: BLE001 - a broken installation breaks in many ways
            self._found.append(wrong(self._planned.name, f"this check cannot be loaded: {_said(error)}", INSTALL))
            return _nothing
        return check

    def _run(self, check: Check, settings: Settings) -> None:
        name = self._planned.name
        try:
            for finding in check(settings):
                self._found.append(finding)
        except FraudstreamError as error:
            self._found.append(failed(name, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks have something to say too
            self._found.append(away(name, f"this check failed: {_said(error)}", REPORT))


def _answers(findings: Iterable[Finding]) -> bool:
    return any(each.severity is Severity.OK for each in findings)


def _untried(planned: Planned) -> Finding:
    return info(planned.name, "not looked at, because the broker cannot be asked")


def _nothing(_settings: Settings) -> Iterable[Finding]:
    return ()


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
