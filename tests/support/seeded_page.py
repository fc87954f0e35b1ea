"""A page with a feed of made-up figures and flags, and the product's routes as recorded answers."""

import math
import random
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request

from models.feature_list import FEATURES
from models.reasons.codes import CODES
from schemas.settings.serve import Serve
from serving.app import Parts, build
from serving.page.about import about
from serving.page.facts import Churn, Figures, Model, Note, Rate, Source, State, flag
from serving.page.live import Live
from serving.page.router import open_paths, router
from serving.refusal import unavailable

NOW: Final = 1_781_866_800_000
REASONS: Final = [each.code for each in CODES]


def decision(number: int, outcome: str = "", *, card: str = "", reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    draw = random.Random(number)
    outcome = outcome or draw.choice(["review", "review", "block"])
    score = draw.uniform(0.62, 0.99) if outcome == "block" else draw.uniform(0.21, 0.6)
    return {
        "event_id": f"e-{number:06}",
        "card_id": card or f"c-{draw.randrange(900):04}",
        "customer_id": f"{draw.randrange(900)}",
        "terminal_id": f"t-{draw.randrange(400):04}",
        "event_time": NOW + number * 1_700,
        "amount_minor": int(math.exp(draw.gauss(8.6, 1.2))),
        "currency": "EUR",
        "score": score,
        "raw_margin": math.log(score / (1 - score)),
        "outcome": outcome,
        "reasons": list(reasons or draw.sample(REASONS, 2)),
        "rules": [],
        "features": [round(draw.uniform(0, 9), 2) for _ in FEATURES],
        "churn": {"score": 0.183421, "status": "fresh", "generation": "20260619-020000"},
        "model": {"name": "fraud", "version": "3", "digest": "9f86d081884c"},
        "policy": "fraud 2",
        "feature_version": 3,
        "marks": [],
        "degraded": [],
        "epoch": 0,
        "source": {"topic": "transactions", "partition": number % 4, "offset": number},
        "scored_at": NOW + number * 1_700 + 12,
    }


def explained(found: dict[str, Any]) -> dict[str, Any]:
    draw = random.Random(found["event_id"])
    shares = sorted((draw.gauss(0.4, 0.8) for _ in CODES), reverse=True)
    base = found["raw_margin"] - sum(shares)
    parts = [
        {
            "code": "base",
            "sentence": "What the model says of a transaction of which everything is usual.",
            "margin": base,
        }
    ]
    parts += [
        {"code": each.code, "sentence": each.sentence, "margin": one} for each, one in zip(CODES, shares, strict=True)
    ]
    return {
        "decision": {name: each for name, each in found.items() if name != "features"},
        "features": {
            each.name: {"value": one, "meaning": each.meaning}
            for each, one in zip(FEATURES, found["features"], strict=True)
        },
        "contributions": parts,
        "thresholds": {"review_at": 0.2, "block_at": 0.61},
        "record": "transactions/{partition}/{offset}".format(**found["source"]),
    }


def done(found: dict[str, Any], status: str = "decided", **more: Any) -> dict[str, Any]:
    names = ("event_id", "event_time", "terminal_id", "amount_minor", "currency", "outcome", "score")
    rest = {"country": "DE", "channel": "ONLINE", "merchant_category": 5411, "status": status}
    return {name: found[name] for name in names} | rest | more


def others(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Transactions of its card that are no flags."""
    undecided: dict[str, Any] = {"score": None, "country": None, "channel": None, "merchant_category": None}
    outcomes = {"unflagged": "approve", "waiting": None, "not_scored": None, "unknown": None}
    return [
        done(found, status, event_id=f"{found['event_id']}-{status}", outcome=outcome, **undecided)
        for status, outcome in outcomes.items()
    ]


@dataclass(slots=True)
class Recorded:
    """What was flagged, and what the page published."""

    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    fails: bool = False
    no_history: bool = False

    def history(self, card: str, partition: int, offset: int) -> dict[str, Any]:
        """Each flag, and before it one of each kind that is none."""
        flags = [each for each in self.decisions.values() if each["card_id"] == card][::-1]
        assert any(each["source"]["partition"] == partition and each["source"]["offset"] == offset for each in flags)
        rows = [one for each in flags for one in (done(each), *others(each))]
        return {
            "transactions": [] if card == "c-gone" else rows,
            "looked_from": {"offset": offset + 1, "newest": True},
            "looked_back_to": {"offset": 7, "time": NOW},
            "ended": "bound",
            "complete": False,
        }

    def routes(self) -> APIRouter:
        routes = APIRouter(prefix="/v1")

        @routes.get("/decisions/{event_id}")
        async def decision_(event_id: str) -> dict[str, Any]:
            return explained(self.decisions[event_id])

        @routes.get("/cards/{card}/transactions")
        async def history(card: str, partition: int, offset: int) -> dict[str, Any]:
            if self.no_history:
                raise unavailable("Kafka does not answer; try again in a moment", code="KAFKA_UNAVAILABLE")
            return self.history(card, partition, offset)

        @routes.post("/labels")
        async def labels(request: Request) -> dict[str, Any]:
            if self.fails:
                raise unavailable("the broker does not answer", code="KAFKA_UNAVAILABLE")
            self.labels.append(await request.json())
            return {"published": True}

        return routes


@dataclass(slots=True)
class Seeded:
    live: Live = field(default_factory=lambda: Live(about("serve", "0.1.0")))
    recorded: Recorded = field(default_factory=Recorded)

    def app(self, settings: Serve, *, most: int = 64) -> FastAPI:
        routers = (router(self.live, most), self.recorded.routes())
        return build(Parts(settings, "0.1.0", routers=routers, open_paths=open_paths()))

    def flag(self, number: int, **more: Any) -> None:
        made = decision(number, **more)
        self.recorded.decisions[made["event_id"]] = made
        self.live.flag(flag(made))

    def sources(self) -> None:
        self.live.source("flags", Source(State.OK, "127.0.0.1:9092"))
        self.live.source("workers", Source(State.OK, "2 of 2 answer"))
        self.live.source("redis", Source(State.OK, "127.0.0.1:6379"))
        self.live.source("registry", Source(State.OK, "~/.fraudstream/models"))

    def facts(self, now_ms: int) -> None:
        self.live.model(Model("fraud", "3", "9f86d081884c7d65", "fraud 2", now_ms - 86_400_000 * 3, 0.2, 0.61))
        self.live.churn(Churn("20260619-020000", now_ms - 5 * 3_600_000, now_ms - 7 * 3_600_000, 1_048_576, "churn 4"))

    def round(self, number: int, at: int, *, notes: tuple[Note, ...] = ()) -> None:
        draw = random.Random(number)
        per_s = 412 + 60 * math.sin(number / 14) + draw.gauss(0, 14)
        p50 = 6.1 + draw.gauss(0, 0.5)
        counts = {"approve": 61_204 + number * 398, "review": 802 + number * 5, "block": 311 + number * 2}
        self.live.figures(
            Figures(
                at=at,
                per_s=per_s,
                outcomes={name: Rate(count, per_s * 0.01) for name, count in counts.items()},
                p50_ms=p50,
                p99_ms=p50 * 3.1 + abs(draw.gauss(0, 4)) + (38 if number % 67 < 3 else 0),
                latency="from record to commit",
                lag_records=max(int(draw.gauss(6, 4)), 0) + (240 if number % 67 < 3 else 0),
                lag_s=0.08,
                answering=2,
                workers=2,
                partitions=4,
                stages={"publish": 8.2, "decide": 3.1, "enrich": 0.9, "decode": 0.7},
            ),
            notes,
        )
