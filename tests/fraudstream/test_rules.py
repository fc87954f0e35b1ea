"""`fraudstream rules`, the real program: exit codes, messages, JSON."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_rule_is_snoozed_and_woken(run: Run) -> None:
    """And `rules list` says until when it sleeps."""
    until = ("--until", "2099-01-01T00:00:00Z")
    assert run("rules", "snooze", "amount_high", *until, "--why", "sales").returncode == 0
    rules = {each["code"]: each for each in parsed(run("rules", "list", "--json"))}
    assert rules["amount_high"]["snoozed_until"] == "2099-01-01T00:00:00Z"
    assert rules["amount_high"]["limits"] == {"amount_high_minor": 200_000}
    assert rules["night_online"]["snoozed_until"] is None
    assert {"sentence", "margin", "hits", "misses"} <= set(rules["night_online"])
    assert "snoozed until 2099-01-01" in run("rules", "list").stdout
    assert run("rules", "wake", "amount_high", "--why", "over").returncode == 0
    assert "snoozed" not in run("rules", "list").stdout


def test_rules_are_tried_on_their_examples(run: Run) -> None:
    """Each HIT and each MISS, a line each."""
    done = run("rules", "test")
    assert done.returncode == 0
    assert all(line.startswith("ok") for line in done.stdout.splitlines())
    lines = [json.loads(line) for line in run("rules", "test", "--json").stdout.splitlines()]
    assert {each["found"] for each in lines} == {"hit", "no_hit"}


WRONG = """
import sys; from dataclasses import replace
from models import rules
def broken(*_): raise ZeroDivisionError
from fraudstream.rule_trial import try_examples
lying = replace(rules.RULES[0], code="lying", hits=rules.RULES[0].misses)
from fraudstream import cli
import fraudstream.rule_trial as trial
trial.try_examples.__kwdefaults__["rules"] = (*rules.RULES, lying, replace(lying, code="broken", meets=broken))
sys.argv = ["fraudstream", "rules", "test"]
cli.main()
"""


def test_an_example_that_fails_is_named(tmp_path: Path) -> None:
    """Exit code 78; a rule that breaks is no better than one that is wrong."""
    done = subprocess.run(
        [sys.executable, "-c", WRONG], capture_output=True, text=True, timeout=120, cwd=Path.cwd(), check=False
    )
    assert done.returncode == 78
    assert "lying, broken: not what the examples say" in done.stderr
    assert any(line.startswith("WRONG") and " error " in line for line in done.stdout.splitlines())
    assert "Traceback" not in done.stderr


ROWS = [
    {"event_id": "e1", "amount_minor": 600_000},
    {"event_id": "e2", "amount_minor": 100},
    {"event_id": "e3", "amount_minor": 300_000, "event_time": "2026-01-07T12:00:00Z"},
]
USUAL = {"event_time": "2026-01-05T12:00:00Z", "card_id": "c", "customer_id": "1", "terminal_id": "t"}


@pytest.mark.parametrize("style", ["jsonl", "csv"])
def test_rules_are_tried_on_a_file(run: Run, tmp_path: Path, style: str) -> None:
    """Per row and per rule, with snoozes by event time and the limits of the settings; counts at the end."""
    rows = [USUAL | {"currency": "EUR"} | row for row in ROWS]
    file = tmp_path / f"rows.{style}"
    as_csv = [",".join(rows[0]), *(",".join(str(row[name]) for name in rows[0]) for row in rows)]
    file.write_text("\n".join(as_csv if style == "csv" else map(json.dumps, rows)) + "\n")
    until = ("--from", "2026-01-01T00:00:00Z", "--until", "2026-01-06T00:00:00Z")
    assert run("rules", "snooze", "amount_high", *until, "--why", "sales").returncode == 0
    done = run("rules", "test", str(file), "--json", "--set", "rules.amount_extreme_minor=600001")
    assert done.returncode == 0, done.stderr
    *each, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["event_id"], row["statuses"]["amount_high"]) for row in each] == [
        ("e1", "snoozed"),
        ("e2", "no_hit"),
        ("e3", "hit"),
    ]
    assert last["counts"]["amount_high"] == {"no_hit": 1, "hit": 1, "snoozed": 1, "error": 0}
    assert last["counts"]["amount_extreme"]["hit"] == 0
    text = run("rules", "test", str(file)).stdout
    assert "e1                       amount_high snoozed, amount_extreme hit" in text
    assert "amount_high      no_hit 1  hit 1  snoozed 1  error 0" in text


def test_a_row_that_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    """Exit code 64 after the others were tried."""
    good = USUAL | {"currency": "EUR"} | ROWS[0]
    (tmp_path / "rows.jsonl").write_text(json.dumps(good) + "\n{}\n")
    done = run("rules", "test", "rows.jsonl")
    assert done.returncode == 64
    assert "line 2: missing_field" in done.stderr
    assert "e1 " in done.stdout
