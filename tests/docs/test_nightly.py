"""What the page on the nightly run promises: its snippet runs, its tables are whole."""

import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from batch.generation import publish
from batch.nightly.gates import NAMES
from fraudstream.local.running import Servers
from schemas.churn import Keys


@pytest.fixture
def page(docs: Path) -> str:
    return (docs / "nightly.md").read_text("utf-8")


@pytest.mark.parametrize("others", [{"102": 800_000}, {"7590-VHVEG": 800_000}])
def test_the_snippet_reads_either_rule(page: str, services: Servers, others: dict[str, int]) -> None:
    """With nothing but a Redis client."""
    [code] = re.findall(r"<!-- snippet: look-up -->\n```python\n(.*?)```", page, re.DOTALL)
    keys, now = Keys(f"page-{uuid.uuid4().hex}:"), datetime.now(UTC)
    with Redis.from_url(services.redis_url, decode_responses=True) as redis:
        publish(redis, keys, {"101": 200_000} | others, generation="g1", as_of=now, published_at=now, model="m")
    code = code.replace("redis://127.0.0.1:6379/0", services.redis_url).replace("churn:", keys.prefix)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0.200000\n"


def test_every_gate_is_told(page: str) -> None:
    """In the order in which they are asked."""
    section = page.partition("## Gates")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == NAMES
