"""What goes in and out, as JSON Schema: that of the contracts, and of what the routes put around them."""

from collections.abc import Mapping
from typing import Any, Final

from models.rules import RULES
from schemas.contracts import DECISION, LABEL, TRANSACTION, Contract
from schemas.lot.limits import CAPITALS, LENGTHS, RANGES
from schemas.lot.stamped import STAMP
from schemas.lot.table import is_time, kind, optional, value_type
from schemas.verdicts import Reason

Shape = dict[str, Any]

TEXT: Final[Shape] = {"type": "string"}
COUNT: Final[Shape] = {"type": "integer", "minimum": 0}
ANSWERED: Final = frozenset({"epoch", "source", "scored_at"})
"""What a decision says of where and when the stream made it."""


def nullable(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def listing(shape: Shape) -> Shape:
    return {"type": "array", "items": shape}


def record(fields: Mapping[str, Shape], *, needed: tuple[str, ...] | None = None, **more: object) -> Shape:
    """Without `needed` every field is always there."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields) if needed is None else [*needed],
    } | more


def taken(contract: Contract) -> Shape:
    """What is read of a contract: times in either form, other names passed over, and when it arrived."""
    fields = [*contract.schema["fields"], STAMP]
    needed = tuple(each["name"] for each in fields if "default" not in each)
    return record({each["name"]: _taken(each) for each in fields}, needed=needed)


def _taken(field: Shape) -> Shape:
    name, avro = field["name"], field["type"]
    shape = _time() if is_time(avro) else _plain(kind(avro)) | _limits(name)
    described = {"description": doc} if (doc := field.get("doc")) else {}
    return (nullable(shape) if optional(avro) else shape) | described


def _time() -> Shape:
    limit = next(each for each in RANGES if each.column == "event_time")
    whole = {"type": "integer", "minimum": int(limit.low), "maximum": int(limit.high)}
    return {"anyOf": [whole, {"type": "string", "format": "date-time"}]}


def _plain(name: str) -> Shape:
    kinds = {"int": "integer", "long": "integer", "double": "number", "boolean": "boolean"}
    return {"type": kinds.get(name, "string")}


def _limits(name: str) -> Shape:
    found: Shape = {}
    for length in (each for each in LENGTHS if each.column == name):
        found |= {"minLength": length.least, "maxLength": length.most}
    for limit in (each for each in RANGES if each.column == name):
        found |= {"minimum": limit.low, "maximum": limit.high}
    for capitals in (each for each in CAPITALS if each.column == name):
        found |= {"pattern": f"^[A-Z]{{{capitals.letters}}}$"}
    return found


def _given(field: Shape) -> Shape:
    return nullable(_of(field["type"])) if optional(field["type"]) else _of(field["type"])


def _of(avro: Any) -> Shape:  # noqa: ANN401 - an Avro type
    inner = value_type(avro)
    if isinstance(inner, dict):
        if inner["type"] == "array":
            number = inner["items"] == "double"
            return listing(nullable(_plain("double")) if number else TEXT)
        if inner["type"] == "enum":
            return {"type": "string", "enum": inner["symbols"]}
        if inner["type"] == "record":
            return record({each["name"]: _given(each) for each in inner["fields"]})
    return _plain(kind(avro))


def decision(*, without: frozenset[str] = frozenset(), **more: Shape) -> Shape:
    """Of the contract, with the sentences for people."""
    fields = {each["name"]: _given(each) for each in DECISION.schema["fields"] if each["name"] not in without}
    sentences = listing(TEXT) | {"description": "Of each reason, for people."}
    return record(fields | {"sentences": sentences} | more)


MODEL: Final = record({"name": TEXT, "version": TEXT, "digest": TEXT})
STATUS: Final[Shape] = {"type": "string", "enum": ["fresh", "stale", "unknown_customer", "unavailable"]}
SCORE: Final[Shape] = {"type": "number", "minimum": 0, "maximum": 1}
BECAME: Final[Shape] = {
    "status": {
        "type": "string",
        "enum": ["decided", "unflagged", "waiting", "not_scored", "unknown"],
        "description": "How the outcome is known: from a decision, from that no flag was published, or not at all.",
    },
    "outcome": nullable({"type": "string", "enum": ["approve", "review", "block"]}),
    "score": nullable(SCORE),
}
NOT_TOLD: Final = frozenset({"device_id", "latitude", "longitude", "memo"})
DONE: Final = record(
    {each["name"]: _given(each) for each in TRANSACTION.schema["fields"] if each["name"] not in NOT_TOLD}
    | {"partition": COUNT, "offset": COUNT, "timestamp": {"type": "integer"}}
    | BECAME
)
"""A transaction of the log, and what became of it."""
SHAPES: Final[Mapping[str, Shape]] = {
    "Transaction": taken(TRANSACTION),
    "Label": taken(LABEL),
    "Error": record({"error_code": TEXT, "message": TEXT}),
    "Decided": decision(without=ANSWERED, row=COUNT, cold_state={"type": "boolean"}),
    "Flag": decision(without=frozenset({"features"})),
    "Reject": record(
        {
            "in": {"type": "string", "enum": ["transactions", "history", "labels"]},
            "row": COUNT,
            "reason": {"type": "string", "enum": [str(each) for each in Reason]},
            "detail": TEXT,
        }
    ),
    "Delivered": record(
        {each["name"]: _given(each) for each in LABEL.schema["fields"]},
    ),
    "Verdict": record({each["name"]: _taken(each) for each in LABEL.schema["fields"]}, needed=("event_id", "is_fraud")),
    "Model": record(
        {
            "model": MODEL,
            "policy": TEXT,
            "thresholds": record({"review_at": SCORE, "block_at": SCORE}),
            "feature_version": COUNT,
            "features": listing(record({"name": TEXT, "meaning": TEXT})),
            "rules": listing({"type": "string", "enum": [rule.code for rule in RULES]}),
        }
    ),
    "Churn": record(
        {
            "customer": TEXT,
            "status": STATUS,
            "score": SCORE,
            "decile": nullable(COUNT),
            "at_risk": {"type": "boolean"},
            "generation": TEXT,
            "age_seconds": {"type": "integer"},
        }
    ),
    "History": record(
        {
            "card": TEXT,
            "partition": COUNT,
            "transactions": listing(DONE),
            "looked_from": record({"offset": COUNT, "newest": {"type": "boolean"}})
            | {"description": "What stands below that offset was looked at; `newest`: that is the end of the log."},
            "looked_back_to": record({"offset": COUNT, "time": nullable(COUNT)})
            | {"description": "The first record that was looked at, and its time; null where there was none."},
            "ended": {"type": "string", "enum": ["limit", "beginning", "bound"]},
            "complete": {
                "type": "boolean",
                "description": "False: looking was ended by a bound, and the log goes further back.",
            },
        }
    ),
    "Explanation": record(
        {
            "equal": {"type": "boolean", "description": "Whether it comes out the same when it is computed anew."},
            "verdict": TEXT,
            "event_id": TEXT,
            "record": TEXT | {"description": "Topic, partition and offset of the transaction."},
            "published": listing(TEXT),
            "decision": {"type": "object"},
            "sentences": listing(TEXT),
            "features": {
                "type": "object",
                "additionalProperties": record({"value": nullable(_plain("double")), "meaning": TEXT}),
            },
            "contributions": listing(record({"code": TEXT, "margin": _plain("double"), "sentence": TEXT})),
            "rules": {"type": "object", "additionalProperties": TEXT},
            "lists": listing(TEXT),
            "thresholds": record({"review_at": SCORE, "block_at": SCORE}),
            "epoch": {"type": "object"},
            "cold": {"type": "boolean"},
            "checks": {"type": "object"},
        }
    ),
    "Offer": record(
        {
            "customer": TEXT,
            "offer": TEXT,
            "reason": TEXT,
            "costs_minor": COUNT,
            "rule": TEXT,
            "policy_version": COUNT,
            "status": STATUS,
            "score": nullable(SCORE),
            "decile": nullable(COUNT),
            "generation": nullable(TEXT),
            "age_seconds": nullable({"type": "integer"}),
        }
    ),
}
