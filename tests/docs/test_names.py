"""What a page tells a reader to type exists: variables, commands, options, targets of make."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from schemas.settings import leaves
from schemas.settings.leaves import CONFIG, PREFIX

VARIABLE = re.compile(rf"\b{PREFIX}[A-Z_]*[A-Z]\b")
CODE = re.compile(
    r"^```.*?\n(?P<block>.*?)^```$|`(?P<span>[^`\n]+)`|^(?: {4}|\t)(?P<line>.+)$", re.MULTILINE | re.DOTALL
)
COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|[\s/$(])fraudstream (?P<rest>(?:-|[a-z])[^\n|;&>#)]*)", re.MULTILINE)
MAKE = re.compile(r"(?:^|[$&;] *)make (?P<target>[a-z][a-z-]*)", re.MULTILINE)
TARGET = re.compile(r"^(?P<name>[a-z][a-z-]*):", re.MULTILINE)


@pytest.fixture(scope="module")
def tree(generate: object) -> dict[tuple[str, ...], Any]:
    return dict(import_module("pages.cli").commands())


def code(text: str) -> Iterator[str]:
    """What is set as code: blocks, spans, indented lines; without the comments in it."""
    for found in CODE.finditer(text):
        yield COMMENT.sub("", found["block"] or found["span"] or found["line"] or "")


def unknown_variables(text: str) -> set[str]:
    """A variable of a table may go on after two underscores."""
    known = {leaf.env for leaf in leaves()} | {CONFIG}
    tables = tuple(f"{leaf.env}__" for leaf in leaves() if leaf.table)
    return {each for each in VARIABLE.findall(text) if each not in known and not each.startswith(tables)}


def unknown_words(text: str, tree: dict[tuple[str, ...], Any]) -> list[str]:
    """Each `fraudstream …` in code that names a command or an option which is not there."""
    calls = (call["rest"] for snippet in code(text) for call in COMMAND.finditer(snippet))
    return [wrong for call in calls if (wrong := unknown_word(call.split(), tree))]


def unknown_word(words: list[str], tree: dict[tuple[str, ...], Any]) -> str:
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in tree:
        path = (*path, words.pop(0))
    group = any(len(each) == len(path) + 1 and each[: len(path)] == path for each in tree)
    if group and words and re.fullmatch(r"[a-z][\w-]*", words[0]):
        return " ".join((*path, words[0]))
    known = {"-h", "--help", *(option for each in tree[path].params for option in (*each.opts, *each.secondary_opts))}
    options = (word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word))
    return next((" ".join((*path, option)) for option in options if option not in known), "")


def targets(text: str) -> set[str]:
    return {target for snippet in code(text) for target in MAKE.findall(snippet)}


def test_variables_exist(markdown: list[Path]) -> None:
    """No page names a FRAUDSTREAM_ variable that is no setting."""
    assert {page.name: wrong for page in markdown if (wrong := unknown_variables(page.read_text("utf-8")))} == {}


def test_commands_and_options_exist(markdown: list[Path], tree: dict[tuple[str, ...], Any]) -> None:
    """No page shows a command or an option that the program does not have."""
    found = {page.name: unknown_words(page.read_text("utf-8"), tree) for page in markdown}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_targets_of_make_exist(markdown: list[Path], root: Path) -> None:
    """No page shows a target that the Makefile does not have."""
    known = set(TARGET.findall((root / "Makefile").read_text("utf-8")))
    found = {page.name: targets(page.read_text("utf-8")) - known for page in markdown}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_targets_are_found() -> None:
    """In spans and in blocks, after another command too; not in prose that is set as code."""
    text = "`make venv`\n```sh\ncd x && make check test\nmake docs\n  to make nothing\n```\nmake believe"
    assert targets(text) == {"venv", "check", "docs"}


@pytest.mark.parametrize("variable", ["FRAUDSTREAM_KAFKA_BOOTSTRAP", "FRAUDSTREAM_KAFKA_PROPERTIES__SASL_USERNAME"])
def test_known_variables_pass(variable: str) -> None:
    """A setting's variable is known, and so is one below a table."""
    assert unknown_variables(f"export {variable}=x") == set()


def test_an_unknown_variable_is_found() -> None:
    """A misspelt variable is noticed, also in running text."""
    assert unknown_variables("set FRAUDSTREAM_KAFKA_BOOTSTRP to") == {"FRAUDSTREAM_KAFKA_BOOTSTRP"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`fraudstream flgs`", ["flgs"]),
        ("`fraudstream flags --jsn`", ["flags --jsn"]),
        ("```sh\nfraudstream topics make\n```", ["topics make"]),
        ("```sh\n$ .venv/bin/fraudstream score --wrkers=2 | head\n```", ["score --wrkers"]),
        ("    fraudstream nothing", ["nothing"]),
        ("`fraudstream flags --json`, `fraudstream --help`, `fraudstream`, `fraudstream.toml`", []),
        ("```sh\nfraudstream score --workers 2 > log  # fraudstream is here\n```", []),
        ("fraudstream scores transactions, in running text", []),
    ],
)
def test_an_unknown_word_is_found(text: str, wrong: list[str], tree: dict[tuple[str, ...], Any]) -> None:
    """Commands and options are looked at wherever they are set as code, and only there."""
    assert unknown_words(text, tree) == wrong
