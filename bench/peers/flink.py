"""PyFlink: a keyed process function with state on the DataStream API; a Kafka table writes key and value.

The sink of the DataStream API has one serializer for an element in Python, which cannot tell key from value; the table
can. Checkpoints every second; state in RocksDB.
"""  # noqa: INP001

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from job import HOUR_MS, arguments, decoder, features, model, scored
from pyflink.common import Configuration, Row, Types, WatermarkStrategy
from pyflink.common.serialization import ByteArraySchema
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import Schema, StreamTableEnvironment

ENTRY, SIZE = ">qq", 16
"""A format and its bytes: a compiled one cannot be sent to where the function runs."""
OUT: Final = Types.ROW_NAMED(
    ["card", "score"], [Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.PRIMITIVE_ARRAY(Types.BYTE())]
)


class Scorer(KeyedProcessFunction):  # type: ignore[misc]
    def __init__(self, material: Path) -> None:
        self._material = material

    def open(self, runtime_context: RuntimeContext) -> None:
        self._decode, self._estimator = decoder(), model(self._material)
        described = ValueStateDescriptor("entries", Types.PICKLED_BYTE_ARRAY())
        self._entries = runtime_context.get_state(described)

    def process_element(self, value: bytes, _: KeyedProcessFunction.Context) -> Iterator[Row]:
        row = self._decode(bytes(value))
        at, known, begin = row["event_time"], self._entries.value() or b"", 0
        while begin < len(known) and struct.unpack_from(ENTRY, known, begin)[0] <= at - HOUR_MS:
            begin += SIZE
        kept = known[begin:] + struct.pack(ENTRY, at, row["amount_minor"])
        self._entries.update(kept)
        total = sum(amount for _, amount in struct.iter_unpack(ENTRY, kept))
        found = float(self._estimator.predict_proba([features(row, len(kept) // SIZE, total)])[0, 1])
        yield Row(row["card_id"].encode(), scored(row["event_id"], found))


def card_of(value: bytes) -> str:
    """The field after event id and time, whose lengths are known; the whole record is decoded once, later."""
    value = bytes(value)
    return value[29 : 29 + value[28] // 2].decode()


def main() -> None:
    given = arguments(__doc__)
    jars = ";".join(each.as_uri() for each in sorted((Path(os.environ["FLINK_JARS"])).glob("*.jar")))
    wait_ms = 10 if given.tuned == "latency" else 1_000
    settings = {
        "pipeline.jars": jars,
        "parallelism.default": "2",
        "python.executable": os.environ["FLINK_PYTHON"],
        "python.client.executable": os.environ["FLINK_PYTHON"],
        "python.fn-execution.bundle.time": str(wait_ms),
        "state.backend.type": "rocksdb",
        "execution.checkpointing.interval": "1 s",
        "execution.checkpointing.dir": (given.folder / "checkpoints").resolve().as_uri(),
        "taskmanager.memory.managed.size": "256m",
    }
    configuration = Configuration()
    for name, value in settings.items():
        configuration.set_string(name, value)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    tables = StreamTableEnvironment.create(env)
    source = (
        KafkaSource.builder()
        .set_bootstrap_servers(given.bootstrap)
        .set_topics(given.topic)
        .set_group_id(given.group)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(ByteArraySchema())
        .build()
    )
    stream = env.from_source(source, WatermarkStrategy.no_watermarks(), "transactions")
    outputs = stream.key_by(card_of, key_type=Types.STRING()).process(Scorer(given.material), output_type=OUT)
    schema = Schema.new_builder().column("card", "BYTES").column("score", "BYTES").build()
    tables.execute_sql(f"""
        CREATE TABLE scores (card BYTES, score BYTES) WITH (
            'connector' = 'kafka', 'topic' = '{given.out}', 'properties.bootstrap.servers' = '{given.bootstrap}',
            'key.format' = 'raw', 'key.fields' = 'card', 'value.format' = 'raw', 'value.fields-include' = 'EXCEPT_KEY',
            'sink.delivery-guarantee' = 'at-least-once')
    """)
    tables.from_data_stream(outputs, schema).execute_insert("scores").wait()


if __name__ == "__main__":
    main()
