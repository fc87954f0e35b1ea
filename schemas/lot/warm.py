"""Every kernel of the lot compiled, or loaded from disk, before the first message is here."""

import numpy as np

from schemas.contracts import TRANSACTION
from schemas.framing import single_object
from schemas.lot.checks import Checks
from schemas.lot.decode import Decoder
from schemas.lot.table import Raw
from schemas.registry import Fingerprints


def warm() -> None:
    """Two messages go all the way. That they hold nothing changes nothing: loops are compiled also for no rows."""
    decoder = Decoder(Fingerprints(), Checks(partitions=1))
    for value in (single_object(TRANSACTION.fingerprint), b"{}"):
        raw = Raw(np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64), [None], [value])
        decoder.decode(raw)
