"""Trains a model on simulated people, with the commands that a user types."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import RestartMe


@dataclass(frozen=True, slots=True)
class Lesson:
    """Made-up people and days to learn from; `seed` is another than that of what is played."""

    customers: int
    days: int
    seed: int
    options: tuple[str, ...] = ()


def learn(lesson: Lesson, folder: Path, environment: Mapping[str, str], *options: str) -> None:
    """Files of transactions, verdicts and truths into the folder, and `fraudstream train` on them with more options.

    Both commands run there and speak to the terminal. What they leave says nothing of where that was.
    """
    files = {"--out": "transactions.parquet", "--labels-out": "labels.parquet", "--truth-out": "truths.parquet"}
    told = [word for pair in files.items() for word in pair]
    people = ["--customers", str(lesson.customers), "--days", str(lesson.days), "--seed", str(lesson.seed)]
    _run("simulate", [*people, *told], folder, environment)
    known = ["transactions.parquet", "--labels", "labels.parquet", "--truth", "truths.parquet"]
    _run("train", [*known, *lesson.options, *options], folder, environment)


def _run(name: str, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "fraudstream", name, *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode:
        raise RestartMe(f"`fraudstream {name}` ended with {done.returncode}")
