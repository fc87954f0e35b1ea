"""The broker's class path: a folder that holds exactly the jars of `jars.sha256`, byte for byte, or an error.

    1. with a folder of the caller's: check it, use it, fetch nothing
    2. with our own from an earlier start: check it again (0.04 s), use it
    3. otherwise: fetch into a folder beside it, check, rename; of two programs at once one rename wins, both are right

Who fetches is not trusted: what counts is the committed list. After a version is raised in `fetch.py`,
`python -m fraudstream.local.fetch --write-digests` writes it anew.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from schemas.errors import DependencyAway

DIGESTS = Path(__file__).with_name("jars.sha256")

Fetch = Callable[[Path], None]


def cache_folder() -> Path:
    """Where fetched jars are kept, for every instance of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fraudstream" / "jars"


def class_path(folder: Path | None, *, cache: Path, fetch: Fetch) -> Path:
    """A checked folder of jars: `folder` when given, else the cached one, fetched first when it is missing."""
    if folder is not None:
        verify(folder, fix="copy that folder anew from a machine where the local broker runs")
        return folder.absolute()
    # Named after the list, so that a version with other jars uses a folder of its own.
    ours = cache / hashlib.sha256(DIGESTS.read_bytes()).hexdigest()[:12]
    if not ours.is_dir():
        _fetch_into(ours, fetch)
    verify(ours, fix=f"delete {ours} and start again: it is fetched anew")
    return ours


def verify(folder: Path, *, fix: str) -> None:
    """Refuses a folder in which a jar is missing, is one too many or differs, and names that jar."""
    if not folder.is_dir():
        raise DependencyAway(f"there is no folder of jars at {folder}", fix=fix)
    known = read_digests()
    present = {path.name: path for path in folder.glob("*.jar")}
    for name in sorted(known.keys() | present.keys()):
        if name not in present:
            raise DependencyAway(f"{name} is missing in {folder}", fix=fix)
        if name not in known:
            raise DependencyAway(f"{name} in {folder} is not one of the {len(known)} jars of the broker", fix=fix)
        if digest(present[name]) != known[name]:
            raise DependencyAway(f"{name} in {folder} is not the jar we know: its sha256 differs", fix=fix)


def read_digests() -> dict[str, str]:
    """Jar name → sha256."""
    pairs = (line.split("  ", 1) for line in DIGESTS.read_text().splitlines())
    return {name: sha256 for sha256, name in pairs}


def write_digests(folder: Path) -> None:
    """Trusts what is in the folder: review the difference before it is committed."""
    DIGESTS.write_text("".join(f"{digest(jar)}  {jar.name}\n" for jar in sorted(folder.glob("*.jar"))))


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_into(ours: Path, fetch: Fetch) -> None:
    ours.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=ours.parent) as scratch:
        fresh = Path(scratch) / "jars"
        fresh.mkdir()
        try:
            fetch(fresh)
        except Exception as problem:
            raise _not_fetched(ours.parent, problem) from problem
        verify(fresh, fix="start again; when it stays so, use jars you trust with --jars DIR")
        try:
            fresh.rename(ours)
        except OSError:
            if not ours.is_dir():
                raise


def _not_fetched(cache: Path, problem: Exception) -> DependencyAway:
    first = (str(problem).splitlines() or [""])[0][:300]
    what = "the package jgo, which fetches them, is not installed"
    if not isinstance(problem, ModuleNotFoundError):
        what = f"{type(problem).__name__}: {first}"
    install = 'pip install "fraudstream[local]"; or, ' if isinstance(problem, ModuleNotFoundError) else ""
    return DependencyAway(
        f"the local broker's jars (46 MB, needed once) could not be fetched: {what}",
        fix=(
            f"{install}on a machine without a way out: name a folder that has the jars with --jars DIR, or run "
            f"`fraudstream up` once where there is a network and copy {cache} from there to the same place here"
        ),
    )
