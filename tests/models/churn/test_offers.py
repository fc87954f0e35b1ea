"""An offer follows from what is known and from the policy, and says why."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from support.churn import meta_of
from support.churners import made

from models.churn.offers import SHIPPED, Contacts, Known, OffersPolicy, Rule, offer, scored
from producer.customers import KEY, customers
from schemas.churn import Status
from schemas.errors import Misconfigured, Usage

HOUR = timedelta(hours=1)
CALLER = Known(Status.FRESH, 700_000, 10, HOUR, "g1", value_minor=60_000)


@pytest.mark.parametrize(
    ("changed", "rule", "named"),
    [
        ({}, "rules.1", "retain_plus"),
        ({"value_minor": 49_999}, "rules.2", "retain"),
        ({"value_minor": None}, "rules.2", "retain"),
        ({"millionths": 600_001}, "rules.1", "retain_plus"),
        ({"millionths": 600_000}, "rules.3", "loyalty"),
        ({"millionths": 500_000, "decile": 9}, "otherwise", "none"),
        ({"status": Status.STALE}, "stale", "check_in"),
        ({"age": 26 * HOUR}, "rules.1", "retain_plus"),
        ({"age": 26 * HOUR + timedelta(seconds=1)}, "stale", "check_in"),
        ({"age": None}, "stale", "check_in"),
        ({"status": Status.UNKNOWN_CUSTOMER, "millionths": None, "decile": None}, "unknown", "welcome"),
        ({"status": Status.UNAVAILABLE, "millionths": None, "age": None}, "unavailable", "listen"),
        ({"contacts": Contacts(29, 1)}, "resting", "none"),
        ({"contacts": Contacts(30, 1)}, "rules.1", "retain_plus"),
        ({"contacts": Contacts(200, 4)}, "resting", "none"),
        ({"status": Status.STALE, "contacts": Contacts(0, 1)}, "resting", "none"),
    ],
)
def test_what_decides(changed: dict[str, object], rule: str, named: str) -> None:
    """Contact limits first, then what is known at all, then how old it is, then the rules in their order."""
    made = offer(SHIPPED, replace(CALLER, **changed))  # type: ignore[arg-type]
    assert (made.rule, made.answer.offer, made.version) == (rule, named, 1)
    assert made.answer.reason


def test_a_stale_score_costs_nothing() -> None:
    """As shipped, money is spent on fresh scores alone."""
    fresh, stale = (offer(SHIPPED, replace(CALLER, status=each)) for each in (Status.FRESH, Status.STALE))
    assert fresh.answer.costs_minor > stale.answer.costs_minor == 0
    assert fresh.answer.offer != stale.answer.offer


def test_policies_are_read_strictly() -> None:
    """What was written is read back; what is wrong is named with its place."""
    content = SHIPPED.model_dump_json().encode()
    assert OffersPolicy.read(content, "file") == SHIPPED
    facts = json.loads(content)
    for wrong, said in (
        (facts | {"stale": {"offer": "X Y", "reason": "r"}}, "stale.offer"),
        (facts | {"extra": 1}, "extra"),
        (facts | {"version": "1"}, "version"),
        (
            facts | {"rules": [{"offer": "all", "reason": "r"}, {"offer": "b", "reason": "r"}]},
            "rule 1 has no condition",
        ),
    ):
        with pytest.raises(Misconfigured, match="file is no policy of offers") as caught:
            OffersPolicy.read(json.dumps(wrong).encode(), "file")
        assert said in caught.value.message
    with pytest.raises(Misconfigured, match="no policy of offers"):
        OffersPolicy.read(b"{", "file")


def test_the_page_shows_what_is_shipped() -> None:
    """Whoever begins with a copy of it begins with what held before."""
    page = (Path(__file__).parents[3] / "docs" / "offers.md").read_text("utf-8")
    block = page.split("```json\n")[1].split("```")[0]
    assert OffersPolicy.read(block.encode(), "page") == SHIPPED


def test_a_rule_without_conditions_may_be_the_last() -> None:
    """It is met by everybody."""
    policy = SHIPPED.model_copy(update={"rules": [Rule(offer="all", reason="All.")]})
    assert offer(policy, replace(CALLER, decile=1, millionths=0, value_minor=None)).answer.offer == "all"


def test_a_row_at_hand_has_the_score_of_the_night() -> None:
    """The same integer as in a batch of all, whether cells are typed or texts, and whatever else the row has."""
    model = made("logistic").candidate.model
    meta = replace(meta_of("g1", {"1": 1}), model_digest=model.digest)
    [batch] = customers(100, 41, labelled=False)
    batch = pa.RecordBatch.from_pydict({name: batch[name] for name in batch.schema.names})
    night = model.score(batch.select(model.columns)).tolist()
    for cells, wanted in zip(batch.to_pylist(), night, strict=True):
        known = scored(model, json.loads(json.dumps(cells)) | {"mood": "angry"}, meta, KEY)
        assert (known.millionths, known.decile, known.live) == (wanted, meta.decile(wanted), True)
    texts = {name: None if value is None else str(value) for name, value in cells.items()}
    assert scored(model, texts, meta, KEY).millionths == wanted


def test_a_row_that_cannot_be_scored_alike_is_refused() -> None:
    """By another model, without a column, with a nested cell."""
    model = made("logistic").candidate.model
    [batch] = customers(1, 41, labelled=False)
    [cells] = batch.to_pylist()
    with pytest.raises(Misconfigured, match="would not compare"):
        scored(model, cells, meta_of("g1", {"1": 1}))
    with pytest.raises(Usage, match="the row has no plan"):
        scored(model, {name: cell for name, cell in cells.items() if name != "plan"}, None)
    with pytest.raises(Usage, match="plan is neither"):
        scored(model, cells | {"plan": ["a"]}, None)
