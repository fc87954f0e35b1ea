"""Which file is read, what it may look like, and how its mistakes are told."""

from pathlib import Path

import pytest

from schemas.errors import Misconfigured
from schemas.settings import load, read


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, name: str, workers: int) -> Path:
    path = folder / name
    path.write_text(f"[score]\nworkers = {workers}\n")
    return path


def message(path: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(env={}, file=path)
    return str(caught.value)


def test_the_flag_names_the_file_before_the_environment_before_the_folder(folder: Path) -> None:
    """One file is read: the one that was named most nearly."""
    flag, variable = written(folder, "flag.toml", 2), {"FRAUDSTREAM_CONFIG": str(written(folder, "env.toml", 3))}
    written(folder, "fraudstream.toml", 4)
    assert load(env=variable, file=flag).score.workers == 2
    assert load(env=variable).score.workers == 3
    assert read(env={}).origin("score.workers") == "fraudstream.toml line 2"


def test_no_file_is_needed(folder: Path) -> None:
    """Without one named and none in the folder, there is none."""
    assert load(env={"FRAUDSTREAM_CONFIG": ""}).score.workers == 1


def test_a_file_that_was_named_must_exist(folder: Path) -> None:
    """A typing mistake in its name does not mean the defaults."""
    said = message(folder / "gone.toml")
    assert said.startswith(
        f"the settings file {folder / 'gone.toml'} cannot be read: No such file or directory\n  fix: "
    )


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    """A folder in its place, or bytes that are no text, end the program with a sentence."""
    (folder / "fraudstream.toml").mkdir()
    assert "cannot be read: Is a directory" in message(folder / "fraudstream.toml")
    (folder / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read: it is not UTF-8 text" in message(folder / "bytes.toml")


def test_a_file_that_is_no_toml_is_told_with_the_line(folder: Path) -> None:
    """The parser's place is passed on, the line itself is not: it may hold a password."""
    path = folder / "fraudstream.toml"
    path.write_text("[kafka]\nbootstrap = hush:9092\n")
    said = message(path)
    assert "is not valid TOML" in said
    assert "line 2" in said
    assert "hush" not in said


def test_values_keep_the_types_of_toml(folder: Path) -> None:
    """Numbers, arrays, booleans and times are given as TOML has them, also in a file that some editor marked."""
    path = folder / "fraudstream.toml"
    path.write_text(
        "[score]\nstart = 2026-01-31T06:00:00Z\n[rules]\nrisky_categories = [1, 2]\n[output]\nscores = true\n",
        encoding="utf-8-sig",
    )
    settings = load(env={}, file=path)
    assert settings.score.start == "2026-01-31T06:00:00+00:00"
    assert settings.rules.risky_categories == (1, 2)
    assert settings.output.scores is True


@pytest.mark.parametrize(
    "text",
    [
        '[kafka.properties]\nsecurity.protocol = "SSL"',
        '[kafka.properties]\n"security.protocol" = "SSL"',
        '[kafka]\nproperties.security.protocol = "SSL"',
        '[kafka.properties.security]\nprotocol = "SSL"',
        'kafka = { properties = { security.protocol = "SSL" } }',
        '"kafka.properties.security.protocol" = "SSL"',
    ],
)
def test_a_property_may_be_written_in_any_way_toml_has(folder: Path, text: str) -> None:
    """Dotted, quoted, nested or in line: it is the same property."""
    path = folder / "fraudstream.toml"
    path.write_text(text)
    assert load(env={}, file=path).kafka.properties == {"security.protocol": "SSL"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[kafak]\n", "kafak ({path} line 1): there is no such setting; did you mean kafka?"),
        ("kafka = 'a:1'\n", "kafka ({path} line 1): is a group of settings: write [kafka]"),
        ("\n[score]\n[[rules]]\nx = 1\n", "rules ({path} line 3): is a group of settings: write [rules]"),
        ("[kafka.bootstrap]\nservers = 'a:1'\n", "kafka.bootstrap.servers ({path} line 2): there is no such setting"),
        ("[kafka.properties]\nx = [1]\n", "kafka.properties.x ({path} line 2): should be a name with text"),
        ("[kafka]\nproperties = 3\n", "kafka.properties ({path} line 2): should be a JSON object"),
        ("bootstrap = 'a:1'\n", "bootstrap ({path} line 1): there is no such setting; did you mean kafka.bootstrap?"),
        ("[score]\nworkers = []\n", "score.workers ({path} line 2): [] should be: integer from 1 to 256"),
        ("[score]\ngroup = 5\n", "score.group ({path} line 2): 5 should be: 1 to 100 letters, digits and . _ -"),
        ("[topics]\nx = {}\n", "topics.x ({path} line 2): there is no such setting"),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, text: str, said: str) -> None:
    """Every name and value in the file is accounted for."""
    path = folder / "fraudstream.toml"
    path.write_text(text)
    assert said.format(path=path) in message(path)


def test_an_empty_group_is_no_mistake(folder: Path) -> None:
    """A file may have headings with everything below them commented out."""
    path = folder / "fraudstream.toml"
    path.write_text("[kafka]\n# bootstrap = 'a:1'\n[kafka.properties]\n")
    assert load(env={}, file=path) == load(env={})
