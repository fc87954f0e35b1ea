"""What the OpenAPI document tells of each route: what goes in and out, every status, and examples that run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from serving.product import examples
from serving.product.asked import LATEST_MS
from serving.product.shapes import COUNT, SHAPES, Shape, listing, nullable, record

JSON: Final = "application/json"
REFUSED: Final[Mapping[int, str]] = {
    400: "What was sent cannot be used: where and why, never what stood there.",
    404: "Nobody knows it.",
    409: "What it would be computed with is not here.",
    413: "More bytes or rows than are taken at once.",
    415: "Something else than JSON in UTF-8.",
    429: "As many requests as there may be are waiting; Retry-After says when to try again.",
    503: "Something that the answer needs is not there at the moment; error_code says what, Retry-After when to try.",
    504: "It took longer than a request may take.",
}
ERROR: Final = {JSON: {"schema": SHAPES["Error"]}}


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    name: str
    summary: str
    description: str
    found: Shape
    statuses: tuple[int, ...]
    body: Shape | None = None
    examples: Mapping[str, Any] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """As FastAPI takes them. Whatever else may be answered has the shape of every error."""
        refused = {status: {"description": REFUSED[status], "content": ERROR} for status in self.statuses}
        ok = {"description": "The answer.", "content": {JSON: {"schema": self.found}}}
        other = {"description": "Any other status.", "content": ERROR}
        return {
            "methods": [self.method],
            "operation_id": self.name,
            "summary": self.summary,
            "description": self.description,
            "tags": ["product"],
            "responses": {200: ok, **refused, "default": other},
            "openapi_extra": self._body(),
        }

    def _body(self) -> dict[str, Any] | None:
        if self.body is None:
            return None
        content = {JSON: {"schema": self.body, "examples": dict(self.examples or {})}}
        return {"requestBody": {"required": True, "content": content}}


TRANSACTION, LABEL, VERDICT = SHAPES["Transaction"], SHAPES["Label"], SHAPES["Verdict"]
BESIDE: Final[Mapping[str, Shape]] = {
    "history": nullable(listing(TRANSACTION))
    | {"description": "What the cards did before, in any order: folded by arrival, not answered."},
    "labels": nullable(listing(LABEL))
    | {"description": "Verdicts on earlier transactions, of these cards and of these terminals."},
    "complete_since": {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": LATEST_MS},
            {"type": "string", "format": "date-time"},
            {"type": "null"},
        ],
        "description": "Since when the history lacks nothing; without it, since its first transaction.",
    },
}
SCORE: Final = Operation(
    "POST",
    "score",
    "Decide transactions",
    "One transaction, or several that are folded in their order, decided exactly as the stream decides them: the same "
    "features, score, outcome and reasons to the last bit, where history and labels are the same. `cold_state` says "
    "that features reach further back than what was given. Nothing is remembered after the answer, and nothing is "
    "published. Of a list, what cannot be scored is told in `rejects`, with the reason that the stream's dead letters "
    "would have.",
    record({"decisions": listing(SHAPES["Decided"]), "rejects": listing(SHAPES["Reject"])}),
    (400, 413, 415, 429, 504),
    {
        "oneOf": [
            record({"transaction": TRANSACTION, **BESIDE}, needed=("transaction",), additionalProperties=False),
            record(
                {"transactions": listing(TRANSACTION), **BESIDE}, needed=("transactions",), additionalProperties=False
            ),
        ]
    },
    examples.SCORE,
)
CHURN: Final = Operation(
    "GET",
    "churn",
    "How likely a customer is to leave",
    "Out of the generation that is live: score, decile, whether the customer is at risk, and how old that is. 404 with "
    "UNKNOWN_CUSTOMER where the generation does not have the customer; 503 with NO_GENERATION where none was "
    "published, with REDIS_UNAVAILABLE where Redis does not answer.",
    SHAPES["Churn"],
    (400, 404, 429, 503),
)
OFFER: Final = Operation(
    "GET",
    "offer",
    "What to offer a customer who calls",
    "By the policy of offers. A customer whom nobody knows, a score that is too old and a Redis in which nothing was "
    "published each have an answer of their own; a Redis that does not answer is 503 with REDIS_UNAVAILABLE.",
    SHAPES["Offer"],
    (400, 429, 503),
)
FLAGS: Final = Operation(
    "GET",
    "flags",
    "Recent flags",
    "The newest first. Every flag that was published since `since` is among what can be found here, as long as "
    "`current` is true; where the topic could not be read yet, 503 with KAFKA_UNAVAILABLE.",
    record({"since": COUNT, "current": {"type": "boolean"}, "flags": listing(SHAPES["Flag"])}),
    (400, 503),
)
HISTORY: Final = Operation(
    "GET",
    "history",
    "What a card did of late",
    "Its transactions, the newest first, approved ones too, each with what became of it. Read back from the end of the "
    "log; with the partition and offset of one of them, so that it is among them. What is not told may still be in the "
    "log: `looked_back_to` says how far back was looked, and `complete` false that a bound ended it.",
    SHAPES["History"],
    (400, 429, 503),
)
EXPLAIN: Final = Operation(
    "GET",
    "explain",
    "Why a transaction was decided as it was",
    "Of any transaction that is still in the log, approved ones too: the decision, its features and what each "
    "contributed, rules, thresholds, churn, the model and policy in force, and whether it comes out the same when it "
    "is computed anew. Reads the log, so that it takes a while; `since` bounds the search.",
    SHAPES["Explanation"],
    (400, 404, 409, 429, 503, 504),
)
LABELS: Final = Operation(
    "POST",
    "labels",
    "Publish verdicts",
    "Answered once all of them are in the log of labels, known as of now. What of a transaction is not told is looked "
    "up in the stream. Sending a verdict again changes nothing, so that after 503, when it is not known whether it "
    "arrived, it can simply be sent again; the latest verdict on a transaction counts.",
    record({"delivered": COUNT, "labels": listing(SHAPES["Delivered"])}),
    (400, 404, 413, 415, 429, 503),
    {
        "anyOf": [
            VERDICT,
            record({"labels": listing(VERDICT)}, needed=("labels",), additionalProperties=False),
        ]
    },
    examples.VERDICTS,
)
MODEL: Final = Operation(
    "GET",
    "model",
    "What decides",
    "The model and policy that are live; `rules` where none was promoted.",
    SHAPES["Model"],
    (),
)
