"""Brings the broker's jars into a folder; nothing that comes is trusted before it is verified.

Shows how far it is on a terminal, and says so at start and end elsewhere. Raises whatever jgo or the network raises.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from fraudstream.local.jars import write_digests

COORDINATES = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    "org.slf4j:slf4j-simple:1.7.36",  # without it Kafka logs nothing, not even why it ends
)
_TO_RUN = ("compile", "runtime")
_AT_ONCE = 4
_TITLE = "fetching the local broker's jars (46 MB, once)"


class Meter(Protocol):
    def expect(self, jars: int) -> None: ...
    def step(self) -> None: ...


def fetch(folder: Path) -> None:
    """Every jar of the broker, flat in `folder`."""
    # A repository cache of our own: a damaged file in the user's would be refused again at every start.
    with tempfile.TemporaryDirectory(prefix="maven-", dir=folder.parent) as scratch, _meter() as meter:
        downloads = _resolve(Path(scratch))
        meter.expect(len(downloads))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for path in pool.map(lambda download: download(), downloads):
                shutil.move(path, folder / path.name)
                meter.step()


def _resolve(cache: Path) -> list[Callable[[], Path]]:
    """One download for each jar needed to run; a repository `central` in the user's jgo settings wins."""
    # jgo comes with an extra, and is needed for the first fetch only.
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=cache, remote_repos=repositories)
    named, needed = context.resolver.resolve([context.create_dependency(each) for each in COORDINATES])
    found = [*named, *(each for each in needed if each.scope in _TO_RUN)]
    return [each.artifact.resolve for each in found]


@contextmanager
def _meter() -> Iterator[Meter]:
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
            yield _Bar(progress, progress.add_task(_TITLE, total=None))
    else:
        sys.stderr.write(f"{_TITLE} ...\n")
        yield _Silent()
        sys.stderr.write("the local broker's jars are here\n")


class _Silent:
    def expect(self, jars: int) -> None: ...
    def step(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Bar:
    progress: Progress
    task: TaskID

    def expect(self, jars: int) -> None:
        self.progress.update(self.task, total=jars)

    def step(self) -> None:
        self.progress.advance(self.task)


def main(arguments: list[str]) -> int:
    if arguments != ["--write-digests"]:
        sys.stderr.write("usage: python -m fraudstream.local.fetch --write-digests\n")
        return 64
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "jars"
        folder.mkdir()
        fetch(folder)
        write_digests(folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
