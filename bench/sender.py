"""Puts events on a topic, each when it is due; says on standard output when the first was due.

A process of its own and quick to start: it takes nothing from an interpreter that measures.
"""  # noqa: INP001

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Producer

from bench.material import Material, material

LEAD_S: Final = 0.2
PAUSE_S: Final = 0.0005


def send(client: Producer, known: Material, plan: argparse.Namespace) -> dict[str, float]:
    """Due times are `start` + n / rate; whatever is due is sent at once."""
    topic, rate, first = plan.topic, plan.rate, plan.first
    total = max(1, round(rate * plan.seconds))
    client.list_topics(topic, timeout=10)
    start, done, late = time.monotonic() + LEAD_S, 0, 0.0
    while done < total:
        now = time.monotonic()
        due = min(total, int((now - start) * rate) + 1) if now >= start else 0
        if due > done:
            late = max(late, now - (start + done / rate))
        at = time.time_ns() // 1_000_000
        for number in range(first + done, first + due):
            key, value = known.now(number, at)
            client.produce(topic, value, key, timestamp=at)
        done = max(done, due)
        client.poll(0)
        wait = start + done / rate - time.monotonic()
        if wait > 0:
            time.sleep(min(max(wait, PAUSE_S), 0.05))
    client.flush(30)
    return {"start": start, "sent": total, "late_ms": late * 1_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("folder", type=Path)
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("first", type=int)
    given = parser.parse_args()
    settings: dict[str, Any] = {"bootstrap.servers": given.bootstrap, "partitioner": "murmur2_random", "linger.ms": 0}
    settings |= {"enable.idempotence": True, "queue.buffering.max.messages": 1_000_000, "log_level": 3}
    told = send(Producer(settings), material(given.folder), given)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
