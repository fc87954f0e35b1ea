import io
import random
import shutil
import sys
from pathlib import Path

import pytest

from fraudstream.local import fetch as fetching
from fraudstream.local.fetch import fetch
from fraudstream.local.jars import class_path, verify
from fraudstream.local.ports import HOST, pick
from schemas.errors import DependencyAway


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def nearby(jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to fetch into, from the jars of this machine."""

    def resolve(cache: Path) -> list[object]:
        shutil.copytree(jars, cache, dirs_exist_ok=True)
        return [lambda jar=jar: jar for jar in cache.iterdir()]

    monkeypatch.setattr(fetching, "_resolve", resolve)
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


def test_an_unreachable_repository_is_said_with_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: what failed, --jars DIR, and the folder to copy; exit code 69; nothing half-fetched stays."""
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://{HOST}:{pick(random.Random(5))}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("NO_PROXY", HOST)
    cache = tmp_path / "cache"
    with pytest.raises(DependencyAway, match=r"jars .* could not be fetched: .*Connection") as away:
        class_path(None, cache=cache, fetch=fetch)
    assert away.value.exit_code == 69
    assert "--jars DIR" in away.value.fix
    assert f"copy {cache}" in away.value.fix
    assert list(cache.iterdir()) == []


def test_a_missing_fetcher_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jgo.config", None)
    with pytest.raises(DependencyAway, match="jgo, which fetches them, is not installed") as away:
        class_path(None, cache=tmp_path, fetch=fetch)
    assert 'pip install "fraudstream[local]"' in away.value.fix
    assert "--jars DIR" in away.value.fix


def test_off_a_terminal_start_and_end_are_one_line_each(nearby: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(nearby)
    verify(nearby, fix="")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(" (")[0] for line in shown.err.splitlines()] == [
        "fetching the local broker's jars",
        "the local broker's jars are here",
    ]


def test_on_a_terminal_a_bar_counts_the_jars(nearby: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fetch(nearby)
    count = len(list(nearby.iterdir()))
    assert f"{count}/{count}" in terminal.getvalue()
