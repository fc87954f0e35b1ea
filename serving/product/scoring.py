"""POST /v1/transactions/score: transactions in, full decisions out, by the stream's own path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.lot import Lot
from serving.product.answer import encoded
from serving.product.asked import Object, listed, moment_ms, only
from serving.product.ports import Scoring
from serving.refusal import Refusal

ONE, MANY, HISTORY, LABELS, SINCE = "transaction", "transactions", "history", "labels", "complete_since"
KNOWN: Final = frozenset({ONE, MANY, HISTORY, LABELS, SINCE})
INVALID: Final = "INVALID_TRANSACTION"

Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """`history` and `labels` None: not given, which is something else than empty."""

    transactions: Rows
    one: bool
    history: Rows | None
    labels: Rows | None
    since_ms: int | None

    @property
    def rows(self) -> int:
        return len(self.transactions) + len(self.history or ()) + len(self.labels or ())


def ask(asked: Object, most_rows: int) -> Ask:
    """Raises Refusal."""
    only(asked, KNOWN)
    if (ONE in asked) == (MANY in asked):
        raise Refusal(400, f"give either {ONE}, an object, or {MANY}, a list of them")
    one = ONE in asked
    rows = [asked[ONE]] if one else listed(asked, MANY)
    if rows is None:
        raise Refusal(400, f"{MANY} is no list")
    since_ms = moment_ms(asked.get(SINCE), SINCE)
    found = Ask(rows, one, listed(asked, HISTORY), listed(asked, LABELS), since_ms)
    if found.rows > most_rows:
        raise Refusal(413, f"the body has more than {most_rows} rows; send less of them, or score a file")
    return found


def scored(scoring: Scoring, asked: Ask) -> bytes:
    """Raises Refusal for one transaction that cannot be scored; of a list the others are."""
    fold, rejects = scoring.begin(asked.since_ms), list[Mapping[str, object]]()
    if asked.labels is not None:
        rejects += _rejects(LABELS, fold.learn(asked.labels))
    if asked.history is not None:
        rejects += _rejects(HISTORY, fold.remember(asked.history))
    decided = fold.decide(asked.transactions)
    if asked.one and decided.lot.refusals:
        first = decided.lot.refusals[0]
        raise Refusal(400, f"{first.reason}: {first.detail}", code=INVALID)
    rejects += _rejects(MANY, decided.lot)
    found = [{"row": row, **fields} for row, fields in zip(decided.lot.index.tolist(), decided.fields(), strict=True)]
    return encoded({"decisions": found, "rejects": rejects})


def _rejects(where: str, lot: Lot) -> list[Mapping[str, object]]:
    return [{"in": where, "row": each.row, "reason": str(each.reason), "detail": each.detail} for each in lot.refusals]
