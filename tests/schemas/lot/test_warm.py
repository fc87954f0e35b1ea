import subprocess
import sys

SCRIPT = """
from schemas import card_numbers, partitioner
from schemas.contracts import TRANSACTION
from schemas.lot import Checks, Decoder, Raw, filled, from_mappings, frames, kernel, suspects, warm
from schemas.registry import Fingerprints
import numpy as np

LOOPS = (kernel.parse, filled.describe, frames.frame, suspects.suspect, suspects.misplaced, partitioner.hashes)
LOOPS += (card_numbers.mark_look_alikes,)
compiled = lambda: [len(each.signatures) for each in LOOPS]
assert compiled() == [0] * len(LOOPS), compiled()
warm()
assert compiled() == [1] * len(LOOPS), compiled()

event = {"event_id": "e", "event_time": 1_700_000_000_000, "card_id": "c", "customer_id": "c", "terminal_id": "t"}
event |= {"amount_minor": 1, "currency": "EUR", "memo": "4111 1111 1111 1111"}
for checks in (Checks(partitions=3), Checks(partitions=3, partitioner="crc32"), Checks()):
    for values in ([], [b"x"], [b"{}", None], [b"\\xc3\\x01" + TRANSACTION.fingerprint + b"\\x02\\xff"] * 2):
        numbers = np.arange(len(values))
        raw = Raw(numbers.astype(np.int32), numbers, numbers, [b"k"] * len(values), values)
        Decoder(Fingerprints(), checks).decode(raw)
    from_mappings([event, event | {"memo": None}, 3], checks)
    from_mappings([], checks)
partitioner.murmur2(b"k")
partitioner.partition(b"k", 3, "crc32")
assert compiled() == [1] * len(LOOPS), compiled()
"""


def test_everything_is_compiled_once_and_by_warm() -> None:
    """Nothing is compiled at import, all of it by `warm`, and nothing again whatever is decoded afterwards."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)
