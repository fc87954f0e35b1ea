"""The command line as a whole: help, exit codes, and how little it takes to answer."""

import subprocess
import sys

import pytest

COMMANDS = [
    "demo",
    "up",
    "down",
    "status",
    "score",
    "publish",
    "simulate",
    "flags",
    "doctor",
    "settings",
    "topics",
    "label",
    "labels",
    "models",
    "policies",
    "rules",
    "lists",
]
HEAVY = [
    "confluent_kafka",
    "fastavro",
    "numba",
    "numpy",
    "pyarrow",
    "redis",
    "rich",
    "sklearn",
    "structlog",
]


def fraudstream(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fraudstream", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_command() -> None:
    """Each command stands in the list with a summary that is not cut off."""
    done = fraudstream("--help")
    assert done.returncode == 0
    listed = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("  ") and line.split()}
    assert set(COMMANDS) <= set(listed)
    assert not [name for name in COMMANDS if listed[name].endswith("...")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """And both spellings of the wish for it work."""
    assert fraudstream(command, "-h").stdout == fraudstream(command, "--help").stdout != ""


@pytest.mark.parametrize("command", [["--help"], ["score", "--help"], ["topics", "create", "--help"]])
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    """It answers at once because what a command needs is imported when the command runs."""
    code = f"import sys; sys.argv = ['fraudstream', *{command!r}]; import fraudstream.cli as cli\n"
    code += f"try: cli.main()\nexcept SystemExit: pass\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [["bogus"], ["score", "--workers", "none"], ["score", "--bogus"], ["publish"]])
def test_words_that_mean_nothing_end_with_64(words: list[str]) -> None:
    """The exit code of a wrong command line is that of every other usage error."""
    done = fraudstream(*words)
    assert done.returncode == 64
    assert done.stderr


def test_an_unknown_setting_ends_with_78_and_the_nearest_name() -> None:
    """A slip of the finger is told from a setting that does not exist."""
    done = fraudstream("score", "--set", "kafka.bootstrp=x")
    assert done.returncode == 78
    assert "kafka.bootstrap" in done.stderr
    assert "Traceback" not in done.stderr


def test_secrets_are_not_shown() -> None:
    """Neither by settings nor in an error."""
    shown = fraudstream("settings", "--set", "redis.url=redis://:hunter2@127.0.0.1:6379/0")
    refused = fraudstream("score", "--set", "redis.url=hunter2@127.0.0.1")
    assert shown.returncode == 0
    assert refused.returncode == 78
    assert "hunter2" not in shown.stdout + shown.stderr + refused.stdout + refused.stderr


def test_a_closed_pipe_is_no_error() -> None:
    """`fraudstream settings | head -1` ends quietly."""
    line = f"{sys.executable} -m fraudstream settings | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_completion_can_be_shown() -> None:
    """A shell can ask for what completes a command line."""
    done = fraudstream("--show-completion", "bash")
    assert "complete" in done.stdout
