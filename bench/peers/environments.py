"""An environment of its own for each peer, under .cache/bench/<name>: packages by pip, jars by Maven coordinates.

python bench/peers/environments.py [NAME ...]      all, or those named; what is there already is left as it is

What cannot be installed is said, and kept in <name>/why.txt for the report; the others go on.
"""  # noqa: INP001

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / ".cache" / "bench"
HERE: Final = Path(__file__).parent
PATIENCE_S: Final = 900
ADDRESS: Final = re.compile(r"\w+://[^\s'\"]+")
READY, WHY = "ready", "why.txt"
COMMON: Final = ("fastavro==1.13.1", "numpy==2.4.6", "scikit-learn==1.9.1")
PACKAGES: Final = {
    "loops": ("confluent-kafka==2.16.0", *COMMON),
    "quix": ("quixstreams==3.28.1", *COMMON),
    "faststream": ("faststream[confluent]==0.7.8", *COMMON),
    "flink": ("apache-flink==2.2.1", "fastavro", "scikit-learn==1.9.1", "setuptools<81"),
    "spark": ("pyspark==4.1.1", "pandas<3", "pyarrow", *COMMON),
}
JARS: Final = {
    "streams": (
        "org.apache.kafka:kafka-streams:4.3.1",
        "org.apache.avro:avro:1.12.1",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
    "flink": ("org.apache.flink:flink-sql-connector-kafka:4.0.1-2.0",),
    "spark": ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.1.1",),
}
SOURCES: Final = {"streams": HERE / "Streams.java"}
NAMES: Final = tuple(dict.fromkeys([*PACKAGES, *JARS]))


class NotInstalled(Exception):
    """Says why."""


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # noqa: S603
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalled(said[-1] if said else f"{command[0]} ended with {done.returncode}")


def python(name: str) -> Path:
    return CACHE / name / "venv" / "bin" / "python"


def class_path(name: str) -> str:
    return f"{CACHE / name / 'classes'}:{CACHE / name / 'jars'}/*"


def with_packages(name: str) -> None:
    if name not in PACKAGES:
        return
    if not python(name).exists():
        run(sys.executable, "-m", "venv", CACHE / name / "venv")
    run(python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[name])


def with_jars(name: str) -> None:
    """What the coordinates need to run, flat in a folder; a repository `central` of the user's jgo settings wins."""
    if name not in JARS or (CACHE / name / "jars").is_dir():
        return
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        context = MavenContext(repo_cache=Path(scratch) / "maven", remote_repos=repositories)
        named, needed = context.resolver.resolve([context.create_dependency(each) for each in JARS[name]])
        fresh = Path(scratch) / "jars"
        fresh.mkdir()
        for each in [*named, *(each for each in needed if each.scope in ("compile", "runtime"))]:
            shutil.copy(each.artifact.resolve(), fresh)
        fresh.rename(CACHE / name / "jars")


def with_classes(name: str) -> None:
    if name not in SOURCES:
        return
    compiler = shutil.which("javac")
    if compiler is None:
        raise NotInstalled("no javac on the PATH: a JDK 17 or newer compiles this peer")
    to = CACHE / name / "classes"
    to.mkdir(exist_ok=True)
    run(compiler, "--release", "17", "-cp", class_path(name), "-d", to, SOURCES[name])


STEPS: Final[tuple[Callable[[str], None], ...]] = (with_packages, with_jars, with_classes)


def stamp(name: str) -> str:
    source = SOURCES.get(name)
    return repr((PACKAGES.get(name), JARS.get(name), source and source.read_text()))


def is_ready(name: str) -> bool:
    ready = CACHE / name / READY
    return ready.exists() and ready.read_text() == stamp(name)


def install(name: str) -> str | None:
    """None, or why it cannot be."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    if is_ready(name):
        return None
    try:
        for step in STEPS:
            step(name)
    except Exception as problem:  # noqa: BLE001 - of pip, jgo, the network: the reason goes into the report
        said = ADDRESS.sub("its repository", (str(problem).splitlines() or [type(problem).__name__])[0])[:300]
        (folder / WHY).write_text(said)
        return said
    (folder / WHY).unlink(missing_ok=True)
    (folder / READY).write_text(stamp(name))
    return None


def why_not(name: str) -> str:
    path = CACHE / name / WHY
    return path.read_text() if path.exists() else "its environment was not installed: make bench-peers"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []])
    failed = 0
    for name in parser.parse_args().names or NAMES:
        reason = install(name)
        failed += reason is not None
        sys.stdout.write(f"  {name:12}{reason or 'ready'}{os.linesep}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
