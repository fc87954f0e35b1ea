"""Every way the product can fail, sorted by what happens next.

    FraudstreamError
    ├── Retry                  the same call may succeed later; the caller waits and tries again
    │   └── RegistryAway
    ├── DeadLetter             this record can never be used; its neighbours are scored
    └── Stop                   this process ends, with the exit code of its class
        ├── Usage              64   the command line or an input file is wrong
        ├── DependencyAway     69   something we need does not answer
        ├── RestartMe          75   a fresh process will do better; the supervisor starts it
        │   └── Fenced              another process took this slot over
        └── Misconfigured      78   a setting, a right or a topic is wrong; starting again will not help

A message says what was wrong and where; `fix` says what to do about it.
"""

from typing import ClassVar

DONE = 0


class FraudstreamError(Exception):
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


class Retry(FraudstreamError):
    exit_code = 69


class RegistryAway(Retry):
    """`partitions` are those whose records need what cannot be asked for; empty where nobody has looked."""

    def __init__(self, message: str, *, fix: str = "", partitions: frozenset[int] = frozenset()) -> None:
        super().__init__(message, fix=fix)
        self.partitions = partitions


class DeadLetter(FraudstreamError):
    """`reason` is a value of `schemas.verdicts.Reason`; `detail` never quotes the payload."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Stop(FraudstreamError):
    pass


class Usage(Stop):
    exit_code = 64


class DependencyAway(Stop):
    exit_code = 69


class RestartMe(Stop):
    exit_code = 75


class Fenced(RestartMe):
    pass


class Misconfigured(Stop):
    exit_code = 78
