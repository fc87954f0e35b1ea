"""Records as plain fields, from every framing that they are written in."""

import json
from math import isnan
from typing import Any

import pytest

from schemas.contracts import DECISION, EPOCH
from schemas.encoding import encoder
from schemas.errors import DeadLetter
from schemas.framing import Framing
from schemas.reading import Records
from schemas.registry import Fingerprints

MODEL = {"name": "rules", "version": "1", "digest": "ab"}
DECIDED: dict[str, Any] = {
    **dict.fromkeys(("event_id", "card_id", "customer_id", "terminal_id", "policy"), "x"),
    "event_time": 1_767_571_200_123,
    "amount_minor": 1,
    "currency": "EUR",
    "outcome": "approve",
    "score": 0.1,
    "raw_margin": -0.0,
    "reasons": [],
    "rules": ["a"],
    "features": [0.1 + 0.2, float("nan"), -0.0],
    "churn": {"score": None, "status": "fresh", "generation": None},
    "model": MODEL,
    "feature_version": 3,
    "marks": [],
    "degraded": [],
    "epoch": 7,
    "scored_at": 5,
    "source": {"topic": "t", "partition": 0, "offset": 9},
}


@pytest.mark.parametrize("framing", [Framing.SINGLE_OBJECT, Framing.JSON])
def test_what_is_written_is_read_again(framing: Framing) -> None:
    """Times stay milliseconds, numbers keep their bits, and one that is not known is not known."""
    found = Records(DECISION, Fingerprints()).read(encoder(DECISION, framing)(DECIDED))
    assert {name: repr(each) for name, each in found.items()} == {name: repr(each) for name, each in DECIDED.items()}
    assert found["event_time"] == 1_767_571_200_123
    assert (found["features"][0], isnan(found["features"][1]), str(found["features"][2])) == (0.1 + 0.2, True, "-0.0")


def test_fields_that_are_left_out_have_their_defaults() -> None:
    """JSON leaves out what is null."""
    said = {"partition": 1, "first_offset": 2, "model": MODEL, "policy": "p", "feature_version": 3}
    found = Records(EPOCH, Fingerprints()).read(json.dumps(said | {"app_version": "1", "worker": "w"}).encode())
    assert (found["churn_generation"], found["degraded"], found["label_offsets"]) == (None, [], None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"?", "unknown_framing"),
        (b"{", "invalid_json"),
        (b"{}", "wrong_type"),
        (encoder(DECISION, Framing.SINGLE_OBJECT)(DECIDED) + b"x", "trailing_bytes"),
        (encoder(DECISION, Framing.SINGLE_OBJECT)(DECIDED)[:-3], "invalid_encoding"),
        (
            encoder(EPOCH, Framing.SINGLE_OBJECT)(
                EPOCHAL := DECIDED
                | {
                    "partition": 0,
                    "first_offset": 1,
                    "churn_generation": None,
                    "label_offsets": None,
                    "app_version": "1",
                    "worker": "w",
                }
            ),
            "invalid_encoding",
        ),
    ],
)
def test_what_is_none_says_why(value: bytes | None, reason: str) -> None:
    """The reasons are those of dead letters."""
    with pytest.raises(DeadLetter) as caught:
        Records(DECISION, Fingerprints()).read(value)
    assert caught.value.reason == reason
