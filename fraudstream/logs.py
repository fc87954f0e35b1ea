"""One way of logging for every program: events with key-values on stderr, readable on a terminal, JSON elsewhere."""

import logging
import sys
from typing import Any

import structlog

from schemas.settings import Settings


def configure(settings: Settings) -> None:
    console = settings.log.format == "console" or (settings.log.format == "auto" and sys.stderr.isatty())
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
