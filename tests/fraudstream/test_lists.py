"""`fraudstream lists`, the real program: exit codes, messages, JSON."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_life_of_a_list_entry(run: Run) -> None:
    """On, seen, off; every step is an entry with who and why, and older versions keep what was."""
    added = parsed(
        run("lists", "add", "card_block", "c1", "c2", "--for", "30d", "--why", "stolen", "--who", "ada", "--json")
    )
    assert (added["kind"], added["version"], added["who"], added["why"]) == ("lists", 1, "ada", "stolen")
    assert "lists:/2 card_block: 1 removed, c1" in run("lists", "remove", "card_block", "c1", "--why", "found").stdout
    (row,) = parsed(run("lists", "show", "card_block", "--json"))
    assert (row["value"], row["state"], row["who"], row["why"]) == ("c2", "holds", "ada", "stolen")
    assert "c1" in run("lists", "show", "card_block", "--version", "1").stdout
    assert "1 hold of 1" in run("lists", "show").stdout


def test_periods_are_of_event_time(run: Run) -> None:
    """What is asked about another moment is answered for that moment."""
    period = ("--from", "2026-01-01T00:00:00Z", "--until", "2026-02-01T00:00:00Z")
    assert run("lists", "add", "terminal_block", "t1", *period, "--why", "skimmer").returncode == 0
    moments = {"2025-12-31T23:59:59Z": "coming", "2026-01-15T00:00:00+01:00": "holds", "2026-02-01T00:00:00Z": "over"}
    for moment, state in moments.items():
        assert parsed(run("lists", "show", "terminal_block", "--at", moment, "--json"))[0]["state"] == state


def test_many_values_come_by_lines(run: Run) -> None:
    """From standard input, blanks around them and empty lines left out."""
    typed = "".join(f" card-{number}\n\n" for number in range(3_000))
    done = run("lists", "add", "card_block", "-", "--for", "2w", "--why", "leak", typed=typed)
    assert done.returncode == 0, done.stderr
    assert len(parsed(run("lists", "show", "card_block", "--json"))) == 3_000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("lists", "add", "cards", "c", "--for", "3d", "--why", "x"), 64, "the lists are card_block"),
        (("lists", "add", "card_block", "c", "--why", "x"), 64, "nothing says when it ends"),
        (("lists", "add", "card_block", "c", "--for", "3y", "--why", "x"), 64, "--for 3y"),
        (("lists", "add", "card_block", "c", "--for", "0d", "--why", "x"), 64, "--for 0d"),
        (("lists", "add", "card_block", "c", "--until", "tomorrow", "--why", "x"), 64, "--until tomorrow"),
        (("lists", "add", "card_block", "c", "--until", "2026-02-01T00:00:00", "--why", "x"), 64, "with its zone"),
        (("lists", "add", "card_block", "c", "--until", "2020-01-01T00:00:00Z", "--why", "x"), 64, "before it begins"),
        (("lists", "add", "card_block", "c", "--for", "3d"), 64, "--why"),
        (("lists", "add", "card_block", "c", "--for", "3d", "--why", " "), 64, "who did it and why"),
        (("lists", "add", "country_block", "de", "--for", "3d", "--why", "x"), 64, "two capital letters"),
        (("lists", "add", "card_block", "c", "--until", "2400-01-01T00:00:00Z", "--why", "x"), 64, "2100"),
        (("lists", "add", "card_block", "c", "--for", "999999w", "--why", "x"), 64, "2100"),
        (
            ("lists", "add", "card_block", "c", "--from", "1960-01-01T00:00:00Z", "--for", "3d", "--why", "x"),
            64,
            "2100",
        ),
        (("lists", "add", "card_block", "c", "--for", "3d", "--why", "x" * 3_000), 64, "2,000 letters"),
        (("lists", "remove", "card_block", "c", "--why", "x"), 64, "c is not on card_block"),
        (("lists", "show", "--version", "7"), 64, "no lists:/7"),
        (("rules", "snooze", "no_rule", "--for", "3d", "--why", "x"), 64, "the rules are amount_high"),
        (("rules", "wake", "amount_high", "--why", "x"), 64, "is not on rule_snooze"),
        (("rules", "test", "nowhere.jsonl"), 64, "nowhere.jsonl"),
        (("policies", "show", "policies:/fraud/1"), 78, "has no policy 1"),
        (("policies", "show", "fraud"), 64, "names no policy"),
        (("policies", "add", "models:/fraud/1", "nowhere.json", "--why", "x"), 78, "nowhere.json"),
        (("policies", "rollback", "models:/fraud/1", "--why", "x"), 78, "has no model fraud"),
    ],
)
def test_what_is_wrong_is_said(run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """64 for wrong words, 78 for what is refused; never a traceback, and nothing is made."""
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.json"))


def test_an_altered_list_is_refused(run: Run, tmp_path: Path) -> None:
    """Exit code 78 with the file, for whoever reads it and for the look at all."""
    assert run("lists", "add", "card_block", "c1", "--for", "30d", "--why", "stolen").returncode == 0
    path = tmp_path / "registry" / "ledger.lists" / "1.json"
    path.write_text(path.read_text().replace('"c1"', '"c9"'))
    for arguments in (("lists", "show"), ("rules", "list"), ("models", "verify")):
        done = run(*arguments)
        assert done.returncode == 78
        assert "ledger.lists/1.json: was altered" in done.stderr
