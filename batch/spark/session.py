"""A Spark application of our own: started when needed, its log in a file, gone with its Java when the block ends."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pyspark import InheritableThread, SparkConf, SparkContext, StorageLevel
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from batch.spark import tasks
from batch.spark.tasks import FAILED, MARK
from schemas.errors import DependencyAway, FraudstreamError

POLL_S: Final = 0.2
PATIENCE_S: Final = 15
CELLS: Final = 8
"""That travel at once: a cell is up to some ten megabytes."""
LOG: Final = "spark.log"
VECTOR: Final = "jdk.incubator.vector"
"""A module that Spark asks for and does without, and that small Java runtimes have not."""
FIX: Final = "see --spark-master and --spark-conf; --engine local needs no Spark"

SHIM: Final = """#!/bin/sh
for each do
  shift
  [ "$each" = --add-modules={module} ] || set -- "$@" "$each"
done
exec '{java}' "$@"
"""


class Session:
    """What the engine asks of Spark. Errors of tasks come out as the errors that they were."""

    def __init__(self, spark: Any) -> None:  # noqa: ANN401 - Spark's
        self._spark = spark

    def broadcast(self, value: object) -> Any:  # noqa: ANN401
        return self._spark.sparkContext.broadcast(value)

    def counter(self) -> Any:  # noqa: ANN401
        return self._spark.sparkContext.accumulator(0)

    def numbers(self, count: int) -> Any:  # noqa: ANN401
        """One in each task."""
        return self._spark.range(0, count, 1, count)

    def of(self, frame: Any, kind: str) -> Any:  # noqa: ANN401
        return frame.where(frame.kind == kind)

    def by_number(self, frame: Any, ways: int) -> Any:  # noqa: ANN401
        """One number in each task, in their order."""
        return frame.repartitionById(ways, frame.number.cast("int"))

    def kept(self, frame: Any, watch: Callable[[], None]) -> Any:  # noqa: ANN401
        """Computed now, on the disks of the executors; `watch` is called meanwhile."""
        found = frame.persist(StorageLevel.DISK_ONLY)
        self.collect(self.of(found, FAILED), watch)
        return found

    def some(self, frame: Any, kind: str) -> Iterator[Any]:  # noqa: ANN401
        """In order, those of one task at a time."""
        with self._telling():
            yield from self.of(frame, kind).toLocalIterator()

    def collect(self, frame: Any, watch: Callable[[], None]) -> list[Any]:  # noqa: ANN401
        """Raises what the first failing task says. Where `watch` raises, the tasks are stopped."""
        found: list[Any] = []

        def work() -> None:
            try:
                found.extend(frame.collect())
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                found.append(error)

        thread = InheritableThread(target=work, name="spark", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(POLL_S)
                watch()
        except BaseException:
            self._spark.sparkContext.cancelAllJobs()
            thread.join(PATIENCE_S)
            raise
        with self._telling():
            for each in found:
                if isinstance(each, Exception):
                    raise each
        for each in found:
            if each.kind == FAILED:
                raise tasks.failure(bytes(each.data).decode())
        return found

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (FraudstreamError, OSError):
            raise
        except Exception as error:
            raise _said(str(error)) from error


@contextmanager
def session(master: str, conf: Mapping[str, str], java: Path, folder: Path) -> Iterator[Session]:
    """Raises DependencyAway where it does not start. When the block ends, its Java has ended."""
    log = folder / LOG
    settings = SparkConf(loadDefaults=False).setAll([*_settings(master, folder).items(), *conf.items()])
    settings.setMaster(master)
    with log.open("wb") as file, _environment(java, folder, master):
        gateway: Any = None
        try:
            gateway = launch_gateway(settings, {"stdout": file, "stderr": subprocess.STDOUT})
            context = SparkContext(conf=settings, gateway=gateway)
        except Exception as error:
            _end(gateway)
            raise DependencyAway(f"Spark does not start with {master}: {_last(log, str(error))}", fix=FIX) from error
    try:
        yield Session(SparkSession(context))
    finally:
        with suppress(Exception):
            context.stop()
        _end(gateway)
        SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - or the next one would ask a Java that is gone


def _settings(master: str, folder: Path) -> dict[str, str]:
    found = {
        "spark.app.name": "fraudstream nightly",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.python.daemon.module": "batch.spark.daemon",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(CELLS),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    if is_local(master):
        found |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder),
        }
    return found


def is_local(master: str) -> bool:
    return master == "local" or master.startswith("local[")


@contextmanager
def _environment(java: Path, folder: Path, master: str) -> Iterator[None]:
    """Spark's scripts read it when they start. On this machine tasks find the modules that this process has."""
    wanted = {"JAVA_HOME": str(_home(java, folder))}
    if is_local(master):
        wanted |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        wanted |= {"SPARK_LOCAL_IP": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _home(java: Path, folder: Path) -> Path:
    """Its own, or one whose `java` passes over the module that this Java has not."""
    real = java.resolve()
    listed = subprocess.run([real, "--list-modules"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    if VECTOR in listed:
        return real.parent.parent
    script = folder / "java" / "bin" / "java"
    script.parent.mkdir(parents=True)
    script.write_text(SHIM.format(module=VECTOR, java=real))
    script.chmod(0o755)
    return script.parent.parent


def _end(gateway: Any) -> None:  # noqa: ANN401
    """Java ends when nobody holds its standard input any more."""
    if gateway is None or gateway.proc is None:
        return
    with suppress(Exception):
        gateway.shutdown()
    with suppress(OSError):
        gateway.proc.stdin.close()
    try:
        gateway.proc.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()


def _said(text: str) -> FraudstreamError:
    if MARK in text:
        return tasks.failure(text.partition(MARK)[2])
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    errors = [line for line in lines if "Error" in line or "Exception" in line]
    last = (errors or lines or ["it gave no reason"])[-1]
    return DependencyAway(f"Spark could not do its part: {last:.300}", fix=f"nothing went live; run it again; {FIX}")


def _last(log: Path, otherwise: str) -> str:
    lines = log.read_text(errors="replace").splitlines()
    first = next((number for number, line in enumerate(lines) if "rror" in line or "xception" in line), None)
    return f"{otherwise if first is None else ' '.join(lines[first : first + 2]):.300}"
