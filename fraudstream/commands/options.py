"""The options that every command with a broker has, and the settings they lead to."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.errors import Usage

if TYPE_CHECKING:
    from schemas.settings import Settings

UNITS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DIGITS: Final = 6

Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", metavar="HOST:PORT", help="Kafka brokers, separated by commas [kafka.bootstrap]."),
]
RedisUrl = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Redis, as redis://… [redis.url].")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file [fraudstream.toml, where there is one].")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting, such as topics.flags=alerts; may be repeated."),
]


def settings_from(
    bootstrap: str | None = None, redis: str | None = None, config: Path | None = None, sets: list[str] | None = None
) -> "Settings":
    """An option of its own counts more than --set, that more than the environment, that more than the file."""
    from schemas.settings import load, overrides

    named = {"kafka.bootstrap": bootstrap, "redis.url": redis}
    given = {path: value for path, value in named.items() if value is not None}
    return load(overrides(sets or []) | given, file=config)


def moment_ms(text: str, option: str) -> int:
    """A time on the command line, in milliseconds; it must say its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Usage(
            f"{option} {text} is not a time with its zone",
            fix="write it as 2026-01-31T06:00:00Z or with an offset, +02:00",
        )
    return int(found.timestamp() * 1000)


def span_ms(text: str, option: str) -> int:
    """A length of time on the command line: 30d, 12h, 90m, 45s, 2w."""
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and 0 < len(number) <= DIGITS and int(number) and unit in UNITS_MS):
        raise Usage(f"{option} {text} is no length of time", fix="write it as 30d; the units are s, m, h, d and w")
    return int(number) * UNITS_MS[unit]
