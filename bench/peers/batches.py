"""The tuned loop: lots of records, decoded one by one by fastavro, scored by one `predict_proba`.

Exactly once it is a transaction for each lot.
"""  # noqa: INP001

import numpy as np
from clients import commit, consumer, ends, lot, producer
from job import Windows, arguments, decoder, model, scored, seen


def main() -> None:
    given = arguments(__doc__)
    decode, windows, estimator = decoder(), Windows(), model(given.material)
    source, sink = consumer(given), producer(given)
    exactly = given.guarantee == "exactly-once"
    while True:
        messages = lot(source, given.lot)
        if not messages:
            continue
        rows = [decode(each.value()) for each in messages]
        scores = estimator.predict_proba(np.array([seen(each, windows) for each in rows]))[:, 1].tolist()
        if exactly:
            sink.begin_transaction()
        for message, row, score in zip(messages, rows, scores, strict=True):
            sink.produce(given.out, scored(row["event_id"], score), message.key())
        sink.poll(0)
        if exactly:
            commit(source, sink, messages)
        else:
            source.store_offsets(offsets=ends(messages))


if __name__ == "__main__":
    main()
