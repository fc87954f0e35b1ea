"""FastStream on its Confluent broker: a subscriber that publishes what it returns, message by message or in batches."""  # noqa: INP001

import asyncio
import sys
from typing import Any, Final

import numpy as np
from faststream import FastStream
from faststream.confluent import KafkaBroker
from faststream.confluent.annotations import KafkaMessage
from job import Windows, arguments, decoder, model, scored, seen

BATCH: Final = "--batch"


def batch_size() -> int:
    """Taken out of the arguments that all peers share."""
    if BATCH not in sys.argv:
        return 0
    at = sys.argv.index(BATCH)
    size = int(sys.argv[at + 1])
    del sys.argv[at : at + 2]
    return size


def main() -> None:
    size = batch_size()
    given = arguments(__doc__)
    decode, windows, estimator = decoder(), Windows(), model(given.material)
    linger = 0 if given.tuned == "latency" else 5
    broker = KafkaBroker(
        given.bootstrap,
        linger_ms=linger,
        config={"fetch.queue.backoff.ms": 2, "queued.min.messages": 200_000},
        logger=None,
    )
    shared = {"group_id": given.group, "auto_offset_reset": "earliest", "fetch_max_wait_ms": 10}

    async def one(body: bytes, message: KafkaMessage) -> None:
        row = decode(body)
        score = float(estimator.predict_proba([seen(row, windows)])[0, 1])
        await broker.publish(scored(row["event_id"], score), given.out, key=message.raw_message.key(), no_confirm=True)

    async def many(bodies: list[bytes], message: KafkaMessage) -> None:
        rows = [decode(each) for each in bodies]
        scores = estimator.predict_proba(np.array([seen(each, windows) for each in rows]))[:, 1].tolist()
        sending: list[Any] = [
            broker.publish(scored(row["event_id"], score), given.out, key=raw.key(), no_confirm=True)
            for row, score, raw in zip(rows, scores, message.raw_message, strict=True)
        ]
        await asyncio.gather(*sending)

    if size:
        broker.subscriber(given.topic, batch=True, max_records=size, **shared)(many)
    else:
        broker.subscriber(given.topic, **shared)(one)
    asyncio.run(FastStream(broker).run())


if __name__ == "__main__":
    main()
