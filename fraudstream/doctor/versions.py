"""Python, librdkafka and the packages, against the oldest that this product is made for."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from confluent_kafka import libversion

from fraudstream.doctor.finding import Finding, ok, wrong
from schemas.settings import Settings

PRODUCT: Final = "fraudstream"
OLDEST_PYTHON: Final = (3, 11)
OLDEST_LIBRDKAFKA: Final = (2, 13)
REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?>=(?P<least>[\d.]+)")
INSTALL: Final = f'python -m pip install --upgrade "{PRODUCT}"'


def check(_settings: Settings) -> Iterator[Finding]:
    python, library = ".".join(map(str, sys.version_info[:3])), libversion()[0]
    old = list(_old(python, library))
    yield from old
    if not old:
        yield ok(PRODUCT, f"{version(PRODUCT)} on Python {python}, librdkafka {library}")


def _old(python: str, library: str) -> Iterator[Finding]:
    if numbers(python) < OLDEST_PYTHON:
        yield wrong("python", f"{python} is too old", "use Python 3.11 or newer")
    if numbers(library) < OLDEST_LIBRDKAFKA:
        yield wrong(
            "librdkafka", f"{library} is too old", "install confluent-kafka from its wheel, which brings its own"
        )
    for name, least in needed(requires(PRODUCT) or []):
        try:
            found = version(name)
        except PackageNotFoundError:
            yield wrong(name, f"it is not installed; {least} or newer is needed", INSTALL)
            continue
        if numbers(found) < numbers(least):
            yield wrong(name, f"{found} is too old; {least} or newer is needed", INSTALL)


def needed(requirements: list[str]) -> list[tuple[str, str]]:
    """Name and oldest version of each that every installation has; extras come with a marker."""
    found = [REQUIREMENT.match(each) for each in requirements if ";" not in each]
    return [(each["name"], each["least"]) for each in found if each]


def numbers(text: str) -> tuple[int, ...]:
    """Enough to compare releases: `2.13.0rc1` is as good as 2.13.0."""
    return tuple(int(each) for each in re.findall(r"\d+", text)[:3])
