"""`fraudstream tutorial`: every result that it prints is the one that it promises, through the real doors."""

import os
from pathlib import Path

import pytest
from support.forked import Forked

from fraudstream.tutorial import walk
from fraudstream.tutorial.lesson import Lesson, Result
from fraudstream.tutorial.lessons import LESSONS

EXPECTED = (
    "a file with 1, 2, 3 gives: [2, 4, 6]",
    "a request with 4 gives: 8",
    "customers who leave, from a score of 0.5 on: [103, 104, 105]",
    "the same file, from 0.8 on: [104, 105]",
    "customer 103 alone, asked with 0.8: [0]",
    "the batch ['I enjoyed that', 'Dull movie'] gives: [1, 0]",
    "the single review 'Great movie' gives: [1]",
    "the probability that it is a good one: 0.620",
    "the first 50 of 1,000 reviews, asked one by one, get the answers of the file: True",
    "customer 104 in the file of the night: 1",
    "customer 104 asked this morning, after an order: 0",
    "the file: rows in, rows out, rejects: [3, 2, 1]",
    "its rejects say: wrong_type",
    "the request with the same rows: status: 400",
    "and predictions: 0",
)
MEASURED = ("measured here: ", "so 1,000 requests, one after the other: ")


def test_the_tutorial_prints_what_it_promises(forked: Forked, tmp_path: Path) -> None:
    """All lessons, in order, and nothing is left behind."""
    env = dict(os.environ) | {"TMPDIR": str(tmp_path)}
    done = forked.run("tutorial", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    printed = [line.strip() for line in done.stdout.splitlines() if line.startswith("    ")]
    assert tuple(line for line in printed if not line.startswith(MEASURED)) == EXPECTED
    assert sum(line.startswith(MEASURED) for line in printed) == 3
    assert "WRONG" not in done.stdout
    assert [each for each in LESSONS if f". {each.title}\n" not in done.stdout] == []
    assert list(tmp_path.iterdir()) == []


def test_one_lesson_can_be_taken_alone_and_a_wrong_name_is_told(forked: Forked, tmp_path: Path) -> None:
    """The names are listed."""
    env = dict(os.environ)
    listed = forked.run("tutorial", "--list", cwd=tmp_path, env=env).stdout
    assert [line.split()[0] for line in listed.splitlines()] == [each.name for each in LESSONS]
    done = forked.run("tutorial", "tripling", cwd=tmp_path, env=env)
    assert (done.returncode, "doubling" in done.stderr) == (64, True)


def test_a_result_that_is_not_the_expected_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes a door finds out here."""
    monkeypatch.setattr(walk, "registered", lambda _registry: None)
    results = [Result("two and two", 5, 4), Result("measured", "3 ms")]
    told: list[str] = []
    wrong = walk.walk([Lesson("sum", "Sums", "Adding up.", lambda _doors: results)], told.append)
    assert wrong == results[:1]
    assert "    two and two: 5   WRONG, expected 4" in told
