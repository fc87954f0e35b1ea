"""Records that were skipped by order, when their partition is computed anew."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from support.deployment import Deployment

from consumer.replaying import cards
from consumer.replaying.account import Account
from producer.orders import Desk
from schemas.orders import Order, Verb
from schemas.topics import Role

FLAGGED = {"amount_minor": 900_000, "card_id": "card"}


def test_what_was_skipped_is_skipped_again(
    deployment: Deployment, again: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was neither decided nor remembered of its card, so all that follows comes out to the last bit."""
    settings = deployment.settings
    deployment.publish([deployment.transaction(number, **FLAGGED) for number in range(20)])
    place = deployment.read(Role.TRANSACTIONS).messages[7]
    said = {"verb": Verb.SKIP, "group": settings.score.group, "who": "ann", "why": "x", "at": datetime.now(UTC)}
    Desk(settings).give([Order.model_validate(said | {"partition": place.partition(), "offset": place.offset()})])
    assert deployment.score("--max-messages", "20", score_start="earliest") == 0
    assert len(deployment.read(Role.FLAGS).messages) == 19
    found = again(settings)
    assert (found.equal, found.refused, found.cold_differing) == (True, 1, 0)
    monkeypatch.setattr(cards, "decoded", lambda decoder, raw, _: decoder.decode(raw))
    assert again(settings).cold_differing == 13, "all that follow, and no other"
