"""What the product's routes say, asked over HTTP on a stream that a real worker scored."""

import time
from typing import Any

import pytest
from support.deployment import Deployment
from support.label_topic import HOUR

from fraudstream.serving.product.explaining import LogExplaining
from schemas.contracts import LABEL
from schemas.lot import Checks, Decoder, Raw
from schemas.registry import Registry
from schemas.topics import Role
from serving.product import examples

FLAGGED = "event-100"


def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert answer.json().keys() == {"error_code", "message"}
    return str(answer.json()["message"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "either"),
        ({"transaction": examples.TRANSACTION, "transactions": []}, "either"),
        ({"transaction": examples.TRANSACTION, "histroy": []}, "not known"),
        ({"transactions": {}}, "no list"),
        ({"transaction": examples.TRANSACTION, "labels": 1}, "no list"),
        ({"transaction": examples.TRANSACTION, "complete_since": "yesterday"}, "complete_since"),
        ([], "no JSON object"),
    ],
)
def test_a_body_that_is_something_else_is_told_what_it_should_be(door: Any, body: Any, said: str) -> None:
    """A mistyped name is no request without it."""
    assert said in refused(door.post("/v1/transactions/score", body), 400, "BAD_REQUEST")


@pytest.mark.parametrize("content", [b"{", b'{"transaction": NaN}', b"\xff", b"", b"[" * 5_000])
def test_what_is_no_json_is_refused(door: Any, content: bytes) -> None:
    """No tracebacks, and nothing of the body in the answer."""
    kind = {"content-type": "application/json"}
    refused(door.client.post("/v1/transactions/score", content=content, headers=kind), 400, "BAD_REQUEST")


@pytest.mark.parametrize("kind", [None, "text/csv", "text/plain", "application/json; charset=latin-1"])
def test_only_json_in_utf_8_is_read(door: Any, kind: str | None) -> None:
    """As by the door of models."""
    headers = {"content-type": kind} if kind else {}
    answer = door.client.post("/v1/labels", content=b"{}", headers=headers)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_one_bad_transaction_is_an_error_and_nothing_of_it_is_said(door: Any) -> None:
    """With the reason the dead letters would have."""
    secret = "4111-secret"
    body = {"transaction": examples.TRANSACTION | {"amount_minor": secret}}
    said = refused(door.post("/v1/transactions/score", body), 400, "INVALID_TRANSACTION")
    assert said.startswith("wrong_type: amount_minor")
    assert secret not in said


def test_rows_of_history_and_labels_are_refused_beside(door: Any) -> None:
    """What cannot be used is told with its place, and the rest counts."""
    body = {
        "transaction": examples.TRANSACTION,
        "history": [*examples.BEFORE, {"event_id": "x"}],
        "labels": [examples.LABEL | {"is_fraud": "no"}],
    }
    found = door.post("/v1/transactions/score", body).json()
    assert [(each["in"], each["row"], each["reason"]) for each in found["rejects"]] == [
        ("labels", 0, "wrong_type"),
        ("history", 2, "missing_field"),
    ]
    assert found["decisions"][0]["features"][7] == 2.0


def test_decisions_come_with_reasons_and_with_what_the_stream_would_add(door: Any) -> None:
    """Codes for programs, sentences for people, the churn score that the worker would have used."""
    body = {"transaction": examples.TRANSACTION | {"amount_minor": 2_000_000}}
    [one] = door.post("/v1/transactions/score", body).json()["decisions"]
    assert one["outcome"] == "block"
    assert len(one["reasons"]) == len(one["sentences"]) >= 2
    assert one["churn"] == {"score": 0.731, "status": "fresh", "generation": "test-1"}
    assert one["cold_state"] is True
    assert one["degraded"] == []


def test_more_rows_than_are_taken_at_once_are_refused(opened: Any, streamed: Deployment) -> None:
    """Rows of all three lists count."""
    serve = streamed.settings.serve.model_copy(update={"score_rows": 3})
    with opened(streamed.settings.model_copy(update={"serve": serve})) as door:
        body = {"transaction": examples.TRANSACTION, "history": examples.BEFORE}
        assert door.post("/v1/transactions/score", body).status_code == 200
        answer = door.post("/v1/transactions/score", body | {"labels": [examples.LABEL]})
        refused(answer, 413, "PAYLOAD_TOO_LARGE")


def test_customers_have_a_score_and_an_offer(door: Any) -> None:
    """Both out of the live generation."""
    churn = door.get("/v1/customers/101/churn").json()
    assert (churn["score"], churn["status"], churn["at_risk"]) == (0.731, "fresh", True)
    offer = door.get("/v1/customers/101/offer", value_minor=60_000).json()
    assert (offer["offer"], offer["score"]) == ("retain_plus", 0.731)
    resting = door.get("/v1/customers/101/offer", contacted_days_ago=3).json()
    assert resting["rule"] == "resting"


def test_a_customer_whom_nobody_knows(door: Any) -> None:
    """Is not found, and is welcome all the same; ids may hold anything."""
    for customer in ("999", "a%2Fb", "%C3%A9", "churn"):
        refused(door.client.get(f"/v1/customers/{customer}/churn"), 404, "UNKNOWN_CUSTOMER")
        assert door.client.get(f"/v1/customers/{customer}/offer").json()["rule"] == "unknown"
    refused(door.client.get(f"/v1/customers/{'x' * 65}/churn"), 400, "BAD_REQUEST")


def test_flags_are_those_of_the_topic(door: Any) -> None:
    """The newest first, of one card where one is asked for; it is said since when that is known."""
    until = time.monotonic() + 20
    while len(found := door.get("/v1/flags").json()["flags"]) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [each["event_id"] for each in found] == ["event-101", FLAGGED]
    assert found[0]["sentences"]
    assert "features" not in found[0]
    [one] = door.get("/v1/flags", card=examples.CARD, limit=1).json()["flags"]
    assert one["event_id"] == "event-101"
    none = door.get("/v1/flags", card="nobody").json()
    assert none["flags"] == []
    assert none["current"] is True
    assert 0 < time.time() * 1000 - none["since"] - 24 * HOUR < HOUR


def test_a_flag_and_what_was_approved_are_explained(door: Any) -> None:
    """Both come out the same from the logs."""
    flag = door.get(f"/v1/decisions/{FLAGGED}").json()
    assert (flag["equal"], flag["decision"]["outcome"]) == (True, "block")
    assert len(flag["sentences"]) == len(flag["decision"]["reasons"]) >= 2
    assert flag["contributions"]
    approved = door.get("/v1/decisions/event-3").json()
    assert (approved["equal"], approved["decision"]["outcome"]) == (True, "approve")


@pytest.mark.parametrize("place", [(4, 10_000), (99, 0), (0, 0)])
def test_a_place_that_is_wrong_is_searched_for(streamed: Deployment, place: tuple[int, int]) -> None:
    """As after a topic was made again under its name."""
    found = LogExplaining(streamed.settings, lambda _: place).explain(FLAGGED, None)
    assert (found["event_id"], found["equal"]) == (FLAGGED, True)


def test_what_was_decided_by_what_is_not_here(opened: Any, streamed: Deployment) -> None:
    """409: neither is Kafka away nor is the event unknown."""
    rules = streamed.settings.rules.model_copy(update={"home_countries": ("FR",)})
    with opened(streamed.settings.model_copy(update={"rules": rules})) as door:
        refused(door.get(f"/v1/decisions/{FLAGGED}"), 409, "IRREPRODUCIBLE")


def test_an_event_that_nobody_has_seen(door: Any) -> None:
    """Is not found; a time that is none is an error, and nothing of either is repeated."""
    said = refused(door.get("/v1/decisions/secret-id"), 404, "UNKNOWN_EVENT")
    assert "secret-id" not in said
    refused(door.get("/v1/decisions/event-3", since="yesterday"), 400, "BAD_REQUEST")


def test_verdicts_are_delivered_and_can_be_sent_again(door: Any, streamed: Deployment) -> None:
    """Told in short, the transaction is looked up; sent twice, both stand in the log and say the same."""
    body = {"event_id": FLAGGED, "is_fraud": True, "source": "investigator"}
    before = len(streamed.read(Role.LABELS).messages)
    one, other = door.post("/v1/labels", body), door.post("/v1/labels", body)
    assert one.status_code == other.status_code == 200
    assert one.json() == other.json()
    messages = [each for each in streamed.read(Role.LABELS).messages if each.key() == examples.CARD.encode()][-2:]
    assert len(streamed.read(Role.LABELS).messages) == before + 2
    rows = Decoder(Registry.of(streamed.settings), Checks(), LABEL).decode(Raw.of(messages)).rows
    assert rows["event_id"].to_pylist() == [FLAGGED] * 2
    assert rows["is_fraud"].to_pylist() == [True, True]
    assert rows["amount_minor"].to_pylist() == [2_000_000] * 2
    assert time.time() * 1000 - messages[-1].timestamp()[1] < 60_000


NO_VERDICTS: tuple[tuple[Any, int, str], ...] = (
    ({"event_id": FLAGGED}, 400, "INVALID_LABEL"),
    ({"event_id": FLAGGED, "is_fraud": "yes"}, 400, "INVALID_LABEL"),
    ({"event_id": FLAGGED, "is_fraud": True, "amount_minor": 7}, 400, "INVALID_LABEL"),
    ({"event_id": FLAGGED, "is_fraud": True, "event_time": "noon"}, 400, "BAD_REQUEST"),
    ({"event_id": 7, "is_fraud": True}, 400, "INVALID_LABEL"),
    ({"event_id": "nobody", "is_fraud": True}, 404, "UNKNOWN_EVENT"),
    ({"labels": [], "more": 1}, 400, "BAD_REQUEST"),
    ({"event_id": FLAGGED, "is_fraud": True, "timestamp": 1}, 400, "INVALID_LABEL"),
    ({"labels": [7]}, 400, "INVALID_LABEL"),
    ({"labels": [examples.LABEL, examples.LABEL | {"currency": "eur"}]}, 400, "INVALID_LABEL"),
    ({"labels": [{}] * 1_001}, 413, "PAYLOAD_TOO_LARGE"),
)


def test_what_is_no_verdict_is_refused_before_anything_is_sent(door: Any, streamed: Deployment) -> None:
    """Of a list, not even the good ones."""
    before = len(streamed.read(Role.LABELS).messages)
    for body, status, code in NO_VERDICTS:
        refused(door.post("/v1/labels", body), status, code)
    assert len(streamed.read(Role.LABELS).messages) == before


def test_the_model_is_told(door: Any) -> None:
    """Where nothing was promoted, the rules decide, and that is what is said."""
    found = door.get("/v1/model").json()
    assert found["model"]["name"] == "rules"
    assert found["thresholds"] == {"review_at": 0.5, "block_at": 0.9}
    assert len(found["features"]) == 39


def test_keys_protect_all_of_it(opened: Any, streamed: Deployment) -> None:
    """Without a key nothing below /v1 answers, the document included; with one everything does."""
    key = "0123456789abcdef"
    serve = streamed.settings.serve.model_copy(update={"keys": type(streamed.settings.redis.url)(key)})
    with opened(streamed.settings.model_copy(update={"serve": serve})) as door:
        paths = ["/v1/model", "/v1/flags", "/v1/customers/101/churn", "/v1/decisions/event-3", "/openapi.json"]
        assert {door.get(path).status_code for path in paths} == {401}
        assert door.post("/v1/labels", {}).status_code == 401
        assert door.client.get("/v1/model", headers={"x-api-key": key}).status_code == 200
