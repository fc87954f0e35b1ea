"""Quix Streams: a streaming data frame with a stateful function, as its documentation teaches.

State is kept as bytes, since its default, JSON, costs more. Its RocksDB writes its changelog to Kafka.
"""  # noqa: INP001

import struct
from typing import Final

from job import HOUR_MS, Row, arguments, decoder, features, model, scored
from quixstreams import Application, State

ENTRY: Final = struct.Struct(">qq")
TRANSACTION_S: Final = {"throughput": 1.0, "latency": 0.1}


def windowed(row: Row, state: State) -> tuple[int, int]:
    at = row["event_time"]
    known = state.get_bytes("entries") or b""
    begin, size = 0, len(known)
    while begin < size and ENTRY.unpack_from(known, begin)[0] <= at - HOUR_MS:
        begin += ENTRY.size
    kept = known[begin:] + ENTRY.pack(at, row["amount_minor"])
    state.set_bytes("entries", kept)
    return len(kept) // ENTRY.size, sum(amount for _, amount in ENTRY.iter_unpack(kept))


def main() -> None:
    given = arguments(__doc__)
    decode, estimator = decoder(), model(given.material)
    exactly = given.guarantee == "exactly-once"
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.folder / "state",
        processing_guarantee=given.guarantee,
        commit_interval=TRANSACTION_S[given.tuned] if exactly else 5.0,
        consumer_extra_config={"fetch.queue.backoff.ms": 2, "fetch.wait.max.ms": 10, "queued.min.messages": 200_000},
        producer_extra_config={"linger.ms": 0 if given.tuned == "latency" else 5},
        loglevel="WARNING",
    )
    source = app.topic(given.topic, key_deserializer="bytes", value_deserializer="bytes")
    sink = app.topic(given.out, key_serializer="bytes", value_serializer="bytes")

    def score(value: bytes, state: State) -> bytes:
        row = decode(value)
        found = float(estimator.predict_proba([features(row, *windowed(row, state))])[0, 1])
        return scored(row["event_id"], found)

    app.dataframe(source).apply(score, stateful=True).to_topic(sink)
    app.run()


if __name__ == "__main__":
    main()
