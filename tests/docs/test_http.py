"""The page about requests: what it shows is what happens."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.served import registered, served

from fraudstream.serving.model import live
from schemas.settings import load
from serving.refusal import CODES

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
LINES = [(line, answer) for block in BLOCKS for line, answer in re.findall(r"^\$ (.+)\n(.+)$", block, re.MULTILINE)]
MODELS = {"127.0.0.1:5000": "iris", "127.0.0.1:5001": "reviews"}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where the page says a model is, and where it is."""
    registry = registered(tmp_path_factory.mktemp("shelf"), *MODELS.values())
    settings = load({"models.root": str(registry.root)})
    with ExitStack() as stack:
        yield {
            said: stack.enter_context(served(live(settings, f"models:/{model}/Production"))).removeprefix("http://")
            for said, model in MODELS.items()
        }


def test_command_lines(addresses: dict[str, str]) -> None:
    """Each line of the page, as a shell runs it, prints what stands below it."""
    assert len(LINES) >= 7
    for line, answer in LINES:
        for said, address in addresses.items():
            line = line.replace(said, address)  # noqa: PLW2901
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True)
        assert done.stdout == answer


def test_statuses() -> None:
    """Each status that the door has by itself has a row, with the code that comes with it."""
    rows = dict(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert set(rows) == {"400", "401", "404", "405", "408", "413", "415", "421", "429", "500", "503", "504"}
    assert {int(status): code for status, code in rows.items()}.items() <= CODES.items()
