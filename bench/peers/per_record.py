"""The plain loop: poll one record, decode by fastavro, `predict_proba` of one row, produce."""  # noqa: INP001

from clients import POLL_S, consumer, producer
from confluent_kafka import KafkaException
from job import Windows, arguments, decoder, model, scored, seen


def main() -> None:
    given = arguments(__doc__)
    decode, windows, estimator = decoder(), Windows(), model(given.material)
    source, sink = consumer(given), producer(given)
    while True:
        message = source.poll(POLL_S)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        row = decode(message.value())
        score = float(estimator.predict_proba([seen(row, windows)])[0, 1])
        sink.produce(given.out, scored(row["event_id"], score), message.key())
        sink.poll(0)
        source.store_offsets(message)


if __name__ == "__main__":
    main()
