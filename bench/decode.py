"""Microseconds per record of the decoder, stage by stage, beside fastavro in the same run.

python bench/decode.py [--rows 1000 20000] [--repeats 100] [--cold]

Every figure is the best of its repeats, on whole transactions in single-object framing with their card id as key.
Ratios carry over to other machines, microseconds do not. `--cold` also compiles everything anew in a fresh process.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from schemas.contracts import TRANSACTION
from schemas.framing import single_object
from schemas.lot import Checks, Decoder, Raw, warm
from schemas.lot.assemble import Coordinates, checked
from schemas.lot.avro import Avro
from schemas.lot.columns import Columns
from schemas.lot.frames import frames
from schemas.partitioner import partition
from schemas.registry import Fingerprints

HEADER: Final = single_object(TRANSACTION.fingerprint)
PARTITIONS: Final = 6
FASTAVRO_ROWS: Final = 2_000
COLD: Final = (
    "import time; from schemas.lot import warm; t = time.perf_counter(); warm(); print(time.perf_counter() - t)"
)


def event(chance: random.Random, number: int) -> dict[str, object]:
    return {
        "event_id": f"evt-{number:012d}",
        "event_time": 1_700_000_000_000 + number,
        "card_id": f"card-{chance.randrange(20_000):08d}",
        "customer_id": f"cust-{chance.randrange(10_000):07d}",
        "terminal_id": f"term-{chance.randrange(1_000):06d}",
        "amount_minor": chance.randrange(100_000),
        "currency": "EUR",
        "merchant_category": chance.randrange(10_000),
        "country": "DE",
        "channel": "CHIP",
        "device_id": f"dev-{number:08x}",
        "latitude": chance.uniform(-90, 90),
        "longitude": chance.uniform(-180, 180),
        "memo": "coffee and cake",
    }


def payload(record: dict[str, object]) -> bytes:
    out = BytesIO()
    schemaless_writer(out, TRANSACTION.schema, record)
    return out.getvalue()


def lot(rows: int) -> Raw:
    chance = random.Random(1)  # noqa: S311 - nothing depends on it
    events = [event(chance, number) for number in range(rows)]
    keys = [str(each["card_id"]).encode() for each in events]
    numbers = np.arange(rows)
    fitting = [partition(key, PARTITIONS, "murmur2") for key in keys]
    return Raw(np.array(fitting, np.int32), numbers, numbers, keys, [HEADER + payload(each) for each in events])


def best(repeats: int, call: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return min(once() for _ in range(repeats))


def stages(raw: Raw) -> dict[str, Callable[[], object]]:
    """Each step of `Decoder.decode` on the outcome of the one before, and the whole."""
    columns, checks = Columns(TRANSACTION.schema), Checks(partitions=PARTITIONS)
    avro, framed = Avro(TRANSACTION.schema, TRANSACTION.schema, columns), frames(raw.values, raw.keys)
    group = framed.groups[0]
    part = avro.read(framed.data, group.starts, group.ends)
    coordinates = Coordinates(raw.partition, raw.offset, raw.timestamp, framed.keys)
    decoder = Decoder(Fingerprints(), checks)
    return {
        "join keys and values, and frame values": lambda: frames(raw.values, raw.keys),
        "Avro to columns": lambda: avro.read(framed.data, group.starts, group.ends),
        "checks and marks": lambda: checked(part, coordinates, columns.lot, checks),
        "decode, whole": lambda: decoder.decode(raw),
    }


def fastavro(raw: Raw, repeats: int) -> float:
    """Seconds per record for fastavro alone: no framing, no checks, a dict for each."""
    writer = parse_schema(TRANSACTION.schema)
    payloads = [value[len(HEADER) :] for value in raw.values[:FASTAVRO_ROWS] if value]
    spent = best(repeats, lambda: [schemaless_reader(BytesIO(each), writer, None) for each in payloads])
    return spent / len(payloads)


def cold() -> float:
    """Seconds of `warm()` with nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        done = subprocess.run([sys.executable, "-c", COLD], env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


def report(rows: int, repeats: int) -> list[str]:
    raw = lot(rows)
    size = sum(len(value or b"") for value in raw.values) / rows
    theirs = fastavro(raw, max(5, repeats // 5))
    spent = {name: best(repeats, call) / rows for name, call in stages(raw).items()}
    lines = [
        f"{rows:,} rows of {size:.0f} bytes",
        *(f"  {name:24}{each * 1e6:8.3f} µs" for name, each in spent.items()),
    ]
    lines.append(f"  {'fastavro, bare':24}{theirs * 1e6:8.3f} µs")
    whole, columns = theirs / spent["decode, whole"], theirs / spent["Avro to columns"]
    return [*lines, f"  fastavro takes {columns:.0f} times the Avro stage, {whole:.0f} times the whole decoder"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    if options.cold:
        say(f"warm() with nothing on disk: {cold():.1f} s\n")
    start = time.perf_counter()
    warm()
    say(f"warm(): {time.perf_counter() - start:.1f} s\n")
    for rows in options.rows:
        say("\n".join(report(rows, options.repeats)) + "\n")


if __name__ == "__main__":
    main()
