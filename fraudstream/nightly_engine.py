"""What a nightly run computes with: this machine alone, or Spark."""

from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from schemas.errors import DependencyAway, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from batch.nightly.run import Prepare
    from batch.spark.reader import Reader
    from batch.spark.session import Session
    from schemas.settings import Settings

MASTER: Final = "local[*]"


class Engine(StrEnum):
    LOCAL = "local"
    SPARK = "spark"


def engine(
    kind: Engine,
    *,
    settings: "Settings",
    reader: "Callable[[], Reader]",
    master: str | None,
    conf: Sequence[str],
    stack: ExitStack,
) -> "Prepare":
    """What it started ends with `stack`. Spark itself starts when rows are to be read."""
    from batch.nightly.prepare import prepare

    if kind is Engine.LOCAL:
        if master or conf:
            raise Usage("--spark-master and --spark-conf are for --engine spark", fix="add it, or leave them away")
        return prepare
    from batch.spark.engine import Spark
    from fraudstream.commands.generations import connected, keys_of
    from fraudstream.local.java import find

    installed()
    java = find("Spark")
    start = partial(_start, master or MASTER, options(conf), java, settings.nightly.work.expanduser())
    connect = partial(connected, settings.redis.url.get_secret_value())
    return stack.enter_context(Spark(reader(), connect, keys_of(settings), start)).prepare


def installed() -> None:
    """Raises DependencyAway naming the extra."""
    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        raise DependencyAway(
            f"--engine spark needs {' and '.join(missing)}, not installed here",
            fix='pip install "fraudstream[spark]"',
        )


def options(conf: Sequence[str]) -> "Mapping[str, str]":
    """Raises Usage for what is not NAME=VALUE, with a name of Spark's."""
    found = {}
    for each in conf:
        name, equals, value = each.partition("=")
        if not equals or not name.startswith("spark."):
            raise Usage(f"--spark-conf {each} is not spark.NAME=VALUE", fix="for instance spark.executor.memory=4g")
        found[name] = value
    return found


def _start(master: str, conf: "Mapping[str, str]", java: "Path", work: "Path", stack: ExitStack) -> "Session":
    from batch.nightly.run import folder_in
    from batch.spark.session import session

    folder = stack.enter_context(folder_in(work))
    return stack.enter_context(session(master, conf, java, folder))
