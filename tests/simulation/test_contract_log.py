"""What readers see of transactions, on a real broker and on the one in memory alike."""

from confluent_kafka import KafkaError
from support.contract import Kafka, refusal


def test_markers_take_offsets(kafka: Kafka) -> None:
    """Each transaction ends with one, and what was aborted keeps its places: offsets of records have gaps."""
    producer = kafka.ready()
    kafka.commit(producer, "a", "b")
    kafka.abort(producer, "never", "was")
    kafka.commit(producer, "c")
    reader = kafka.reader()
    assert kafka.offsets(reader, 3) == [0, 1, 6]
    assert reader.position([kafka.at(0)])[0].offset == 8


def test_a_transaction_without_records_leaves_no_trace(kafka: Kafka) -> None:
    """Not even a marker."""
    producer = kafka.ready()
    producer.begin_transaction()
    producer.commit_transaction(10)
    kafka.commit(producer, "a")
    assert kafka.offsets(kafka.reader(), 1) == [0]


def test_aborted_records_are_for_readers_of_uncommitted_ones_alone(kafka: Kafka) -> None:
    """Who reads uncommitted sees records that never were."""
    kafka.abort(kafka.ready(), "never", "was")
    assert kafka.offsets(kafka.reader(isolation_level="read_uncommitted"), 2) == [0, 1]
    assert kafka.read(kafka.reader(), 0) == []


def test_readers_stand_still_before_an_open_transaction(kafka: Kafka) -> None:
    """Also before what others have committed behind it; the end that they are told is there."""
    opened, other = kafka.ready("opened"), kafka.ready("other")
    kafka.commit(other, "a")
    kafka.open(opened, "b")
    kafka.commit(other, "c")
    reader = kafka.reader()
    assert kafka.offsets(reader, 1) == [0]
    assert reader.get_watermark_offsets(kafka.at(0), timeout=10) == (0, 2)
    assert reader.get_watermark_offsets(kafka.at(0), cached=True) == (0, 5)
    opened.commit_transaction(10)
    assert kafka.offsets(reader, 2) == [2, 3]


def test_records_outside_of_transactions_stand_behind_open_ones_too(kafka: Kafka) -> None:
    """Order is the log's, whoever writes."""
    opened, plain = kafka.ready(), kafka.plain()
    kafka.open(opened, "a")
    plain.produce(kafka.topic, b"b", b"key", 0)
    assert plain.flush(10) == 0
    reader = kafka.reader()
    assert kafka.read(reader, 0) == []
    opened.abort_transaction(10)
    assert kafka.offsets(reader, 1) == [1]


def test_times_are_found_among_what_is_committed(kafka: Kafka) -> None:
    """The first record of that time or later, or the first marker, which has a time as well."""
    producer, reader, now = kafka.ready(), kafka.reader(), kafka.cluster.ms()
    producer.begin_transaction()
    for before in (3_000, 2_000, 1_000):
        producer.produce(kafka.topic, b"a", b"key", 0, timestamp=now - before)
    producer.commit_transaction(10)
    assert kafka.offsets(reader, 3) == [0, 1, 2]
    asked = [kafka.at(0, now - before) for before in (2_500, 1_000, 999, -3_600_000)]
    found = [reader.offsets_for_times([each], timeout=10)[0].offset for each in asked]
    assert found == [1, 2, 3, -1]


def test_reading_goes_on_where_it_is_told_to(kafka: Kafka) -> None:
    """Forwards and back; only of what is being read."""
    kafka.commit(kafka.ready(), "a", "b", "c")
    reader = kafka.reader()
    assert kafka.offsets(reader, 3) == [0, 1, 2]
    reader.seek(kafka.at(0, 1))
    assert kafka.offsets(reader, 2) == [1, 2]
    assert refusal(lambda: reader.seek(kafka.at(1, 0))).code() == KafkaError._STATE


def test_a_place_that_is_not_in_the_log_is_told(kafka: Kafka) -> None:
    """Where the client is not to choose another one by itself."""
    kafka.commit(kafka.ready(), "a")
    reader = kafka.reader(300)
    assert [each.error().code() for each in kafka.read(reader, 1)] == [KafkaError._AUTO_OFFSET_RESET]


def test_a_pause_outlives_the_assignment_it_was_made_in(kafka: Kafka) -> None:
    """So each assignment has to say anew whether it is paused."""
    kafka.commit(kafka.ready(), "a")
    reader = kafka.reader()
    reader.pause([kafka.at(0)])
    assert kafka.read(reader, 0) == []
    reader.unassign()
    reader.assign([kafka.at(0, 0)])
    assert kafka.read(reader, 0) == []
    reader.resume([kafka.at(0)])
    assert kafka.offsets(reader, 1) == [0]


def test_the_end_of_a_partition_lies_behind_what_is_never_seen(kafka: Kafka) -> None:
    """Told to who asks for it, once for each end."""
    producer = kafka.ready()
    kafka.commit(producer, "a")
    kafka.abort(producer, "never")
    reader = kafka.reader(enable_partition_eof=True)
    first, end = kafka.read(reader, 2)
    assert (first.offset(), end.error().code(), end.offset()) == (0, KafkaError._PARTITION_EOF, 4)
