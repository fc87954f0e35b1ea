"""No job at all: every record goes out as it came. The bound of whatever uses this client record by record."""  # noqa: INP001

from clients import commit, consumer, ends, lot, producer
from job import arguments


def main() -> None:
    given = arguments(__doc__)
    padding = bytes(given.bytes)
    source, sink = consumer(given), producer(given)
    exactly, out = given.guarantee == "exactly-once", given.out
    while True:
        messages = lot(source, given.lot)
        if not messages:
            continue
        if exactly:
            sink.begin_transaction()
        for each in messages:
            value = each.value()
            sink.produce(out, value + padding[len(value) :] if padding else value, each.key())
        sink.poll(0)
        if exactly:
            commit(source, sink, messages)
        else:
            source.store_offsets(offsets=ends(messages))


if __name__ == "__main__":
    main()
