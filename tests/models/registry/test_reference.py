"""The names of models: MLflow's words, paths, and what is neither."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.registry.reference import ALIAS, NAME, Reference, alias_name, parse
from schemas.errors import Usage

names = st.from_regex(NAME, fullmatch=True)
aliases = st.from_regex(ALIAS, fullmatch=True).filter(
    lambda alias: alias not in {"none", "archived", "production", "staging"}
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("models:/fraud/3", Reference("fraud", version=3)),
        ("models:/fraud/latest", Reference("fraud")),
        ("models:/fraud/Latest", Reference("fraud")),
        ("models:/fraud@champion", Reference("fraud", alias="champion")),
        ("models:/fraud@Champion", Reference("fraud", alias="champion")),
        ("models:/fraud/Production", Reference("fraud", alias="champion")),
        ("models:/fraud/production", Reference("fraud", alias="champion")),
        ("models:/fraud/Staging", Reference("fraud", alias="challenger")),
        ("models:/fraud@production", Reference("fraud", alias="champion")),
        ("models:/my-model.v2/12", Reference("my-model.v2", version=12)),
        ("./models/fraud/3", Path("models/fraud/3")),
        ("/srv/models", Path("/srv/models")),
        ("models", Path("models")),
    ],
)
def test_what_is_meant(text: str, meant: Reference | Path) -> None:
    """Versions, aliases and stages as MLflow writes them; anything without the scheme is a path."""
    assert parse(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\0",
        "models:",
        "models:/",
        "models://fraud/1",
        "models:fraud/1",
        "models:/fraud",
        "models:/fraud/",
        "models:/fraud/0",
        "models:/fraud/01",
        "models:/fraud/-1",
        "models:/fraud/1.0",
        "models:/fraud/1/2",
        "models:/fraud/None",
        "models:/fraud/Archived",
        "models:/fraud/champion",
        "models:/fraud@",
        "models:/fraud@a/b",
        "models:/fraud@latest",
        "models:/fraud@v3",
        "models:/../etc/1",
        "models:/./1",
        "models:/a/../b",
        "models:/.hidden/1",
        "models:/fraud/٣",
        "models:/fraud/9999999999",
        "models:/ledger.jsonl/1",
        "models:/fraud @champion",
        "runs:/abc/model",
        "models:/é/1",
    ],
)
def test_what_is_no_name(text: str) -> None:
    """Exit code 64, and how it is written."""
    with pytest.raises(Usage) as error:
        parse(text)
    assert error.value.fix


@given(names, st.integers(1, 999_999_999))
def test_every_version_is_said_and_read_back(name: str, version: int) -> None:
    """What a reference is written as is what it is read as."""
    assert parse(str(Reference(name, version=version))) == Reference(name, version=version)
    assert parse(str(Reference(name))) == Reference(name)


@given(names, aliases)
def test_every_alias_is_said_and_read_back(name: str, alias: str) -> None:
    """Capitals make no difference."""
    assert parse(str(Reference(name, alias=alias))) == Reference(name, alias=alias)
    assert parse(f"models:/{name}@{alias.upper()}") == Reference(name, alias=alias)


@given(st.text(max_size=60).map(lambda text: f"models:{text}"))
@example("models:/a/../../b")
@example("models:/a\n/1")
def test_whatever_is_written_stays_inside(text: str) -> None:
    """Either it is refused, or the name is one plain folder."""
    try:
        found = parse(text)
    except Usage:
        return
    assert isinstance(found, Reference)
    assert found.name not in {".", ".."}
    assert Path(found.name).parts == (found.name,)
    assert not (found.version is not None and found.alias is not None)


@given(st.text(max_size=20))
def test_aliases_are_small_words(text: str) -> None:
    """What is accepted as an alias is one of the words a reference can name."""
    try:
        alias = alias_name(text)
    except Usage:
        return
    assert parse(f"models:/fraud@{alias}") == Reference("fraud", alias=alias)
