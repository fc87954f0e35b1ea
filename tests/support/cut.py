"""A log that a broker lost the end of: what a disk that was put back, or a leader that was behind, leaves."""

import struct
from pathlib import Path

from fraudstream.local.kafka import Kafka

BATCH = struct.Struct(">qi11xi")
"""How each batch of records begins: first offset, bytes that follow the length, distance to the last offset."""
LENGTH_ENDS = 12


def cut(broker: Kafka, topic: str, partition: int, offset: int) -> None:
    """Kills the broker, takes the batches away that reach there or beyond, and starts it again."""
    broker.kill()
    (folder,) = (each for each in broker.folder.rglob(f"{topic}-{partition}") if each.is_dir())
    (log,) = folder.glob("*.log")
    log.write_bytes(_before(log.read_bytes(), offset))
    for index in (*folder.glob("*.index"), *folder.glob("*.timeindex")):
        index.unlink()
    _recover(broker.folder)
    broker.start()


def _before(content: bytes, offset: int) -> bytes:
    at = 0
    while at < len(content):
        first, length, distance = BATCH.unpack_from(content, at)
        if first + distance >= offset:
            break
        at += LENGTH_ENDS + length
    return content[:at]


def _recover(folder: Path) -> None:
    """All is read again at the start, instead of being believed."""
    for each in folder.rglob("recovery-point-offset-checkpoint"):
        each.unlink()
