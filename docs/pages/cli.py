"""Every command with its help, as the program prints it at a width of 100."""

from collections.abc import Iterator
from typing import Any, Final

from typer.main import get_command
from typer.testing import CliRunner

from fraudstream.cli import app
from pages import markdown
from pages.markdown import table
from schemas.errors import DONE, DependencyAway, Misconfigured, RestartMe, Usage

WIDTH: Final = 100
PROGRAM: Final = "fraudstream"
INTRODUCTION: Final = """\
# Command line

Options that stand for a setting name it in brackets; [settings](settings.md) explains them. Any other setting is given
with `--set NAME=VALUE`. `fraudstream --install-completion` teaches your shell the rest.
"""
EXIT_CODES: Final = """\
## Exit codes

What failed is said in one message on stderr: what was wrong, where, and what to do.
"""
CODES: Final = {
    DONE: "done",
    Usage.exit_code: "the command line or an input file is wrong",
    DependencyAway.exit_code: "something that is needed does not answer",
    RestartMe.exit_code: "a fresh process will do better; the supervisor starts it by itself",
    Misconfigured.exit_code: "a setting, a right or a topic is wrong; starting again will not help",
}


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path and command of all that are shown, groups before their members."""
    yield from _below((), get_command(app))


def page() -> str:
    return markdown.page(INTRODUCTION, *(_help(path) for path, _ in commands()), EXIT_CODES, _codes())


def _below(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - not public
    yield path, command
    for name, member in getattr(command, "commands", {}).items():
        if not member.hidden:
            yield from _below((*path, name), member)


def _help(path: tuple[str, ...]) -> str:
    shown = CliRunner().invoke(app, [*path, "--help"], prog_name=PROGRAM, terminal_width=WIDTH)
    lines = (line.rstrip() for line in shown.stdout.strip().splitlines())
    return "\n".join([f"## {' '.join((PROGRAM, *path))}\n", "```text", *lines, "```"])


def _codes() -> str:
    return table(("code", "meaning"), ((str(number), meaning) for number, meaning in CODES.items()))
