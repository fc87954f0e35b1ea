"""What a deployment should have decided: its logs folded once more, in one go, by nobody who was restarted."""

from typing import Any

import numpy as np
from support.deployment import Deployment

from models.bank import Bank
from models.labels.rows import label_columns
from schemas.contracts import LABEL
from schemas.lot import Checks, Decoder, Raw
from schemas.registry import Fingerprints
from schemas.topics import Role

Seen = dict[tuple[int, int], bytes]


def refolded(deployment: Deployment) -> Seen:
    """By partition and offset, the bits of the features of each transaction; all labels are known."""
    memory = Bank.of(deployment.settings).memory()
    if labels := deployment.read(Role.LABELS).messages:
        read = Decoder(Fingerprints(), Checks(), LABEL).decode(Raw.of(labels))
        memory.learn(label_columns(read.rows, memory.cards.money))
    rows = Decoder(Fingerprints(), Checks()).decode(Raw.of(deployment.read(Role.TRANSACTIONS).messages)).rows
    where = zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True)
    return dict(zip(where, map(bits, memory.see(rows).features), strict=True))


def decided(decisions: list[dict[str, Any]]) -> Seen:
    """The same from decisions; fails where an offset was answered twice."""
    found = {(each["source"]["partition"], each["source"]["offset"]): bits(each["features"]) for each in decisions}
    assert len(found) == len(decisions)
    return found


def bits(features: Any) -> bytes:
    return np.asarray(features, np.float64).tobytes()
