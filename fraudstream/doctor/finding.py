"""One thing that a check found out, how bad it is, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import DONE, DependencyAway, FraudstreamError, Misconfigured


class Severity(StrEnum):
    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is the thing it is about: a topic, an address, a package. Errors alone have an exit code."""

    severity: Severity
    subject: str
    what: str
    fix: str = ""
    exit_code: int = DONE


def ok(subject: str, what: str) -> Finding:
    return Finding(Severity.OK, subject, what)


def info(subject: str, what: str, fix: str = "") -> Finding:
    return Finding(Severity.INFO, subject, what, fix)


def warning(subject: str, what: str, fix: str) -> Finding:
    return Finding(Severity.WARNING, subject, what, fix)


def away(subject: str, what: str, fix: str) -> Finding:
    """Something that is needed does not answer."""
    return Finding(Severity.ERROR, subject, what, fix, DependencyAway.exit_code)


def wrong(subject: str, what: str, fix: str) -> Finding:
    """Something is set up wrongly; waiting will not help."""
    return Finding(Severity.ERROR, subject, what, fix, Misconfigured.exit_code)


def failed(subject: str, error: FraudstreamError) -> Finding:
    return Finding(Severity.ERROR, subject, error.message, error.fix, error.exit_code)


def worst(findings: Iterable[Finding]) -> int:
    """The exit code for all of them: 78 over 69 over 0."""
    return max((each.exit_code for each in findings), default=DONE)
