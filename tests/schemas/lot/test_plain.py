import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from schemas.contracts import TRANSACTION
from schemas.framing import confluent, single_object
from schemas.lot import Checks, Decoder, Lot, Raw
from schemas.registry import Fingerprints

HEADER = single_object(TRANSACTION.fingerprint)
BAD = [
    None,
    b"",
    b"\x01",
    b"\xc3\x01\x00",
    confluent(7) + b"x",
    HEADER,
    HEADER + b"\x01",
    HEADER + b"\x02\xff",
    HEADER + b"\xff" * 10,
    single_object(b"nonesuch"),
    b"{",
    b"{}",
]
CHANGES: list[dict[str, object]] = [
    {},
    {"memo": None, "channel": None},
    {"memo": "4111 1111 1111 1111"},
    {"card_id": "käse-€-😀"},
    {"card_id": ""},
    {"amount_minor": -(2**63)},
    {"latitude": float("nan")},
]
PLAIN = """
import pickle, sys
from pathlib import Path
from schemas.contracts import TRANSACTION
from schemas.lot import Checks, Decoder
from schemas.registry import Fingerprints
folder = Path(sys.argv[1])
checks = Checks(partitions=4, reject_pans=True)
lot = Decoder(Fingerprints(), checks).decode(pickle.loads((folder / "raw").read_bytes()))
(folder / "lot").write_bytes(pickle.dumps(lot))
"""


def test_the_same_without_compilation(framed: Callable[..., bytes], raw: Callable[..., Raw], tmp_path: Path) -> None:
    """As plain Python the loops give the identical lot: good rows, every refusal, every mark."""
    values = [*BAD, *(framed(**change) for change in CHANGES), framed() + b"x", framed()[:-1]]
    keys = [[None, b"card-7", b"", b"card-8"][place % 4] for place in range(len(values))]
    given = raw(values, keys)
    (tmp_path / "raw").write_bytes(pickle.dumps(given))
    script = [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN, str(tmp_path)]
    subprocess.run(script, check=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, timeout=120)
    plain: Lot = pickle.loads((tmp_path / "lot").read_bytes())
    compiled = Decoder(Fingerprints(), Checks(partitions=4, reject_pans=True)).decode(given)
    assert compiled.refusals == plain.refusals
    assert list(compiled.index) == list(plain.index)
    assert compiled.rows.equals(plain.rows)
