"""Every reason why a record is not scored: what it means and what to do. The headings are the anchors of the metric."""

from typing import Final

from pages import markdown
from pages.markdown import code, table
from pages.meanings import REASONS
from schemas import headers
from schemas.topics import RULES, Role
from schemas.verdicts import Reason

TOPIC: Final = next(rule.name for rule in RULES if rule.role is Role.DLQ)
INTRODUCTION: Final = f"""\
# Dead letters

A record that can never be scored goes to `{TOPIC}`, in the same transaction as the decisions about its neighbours,
with the same partition number. Its key, value and headers are untouched; headers are added that say why:
"""
HEADERS: Final = {
    headers.DLQ_REASON: "one of the reasons below",
    headers.DLQ_DETAIL: f"what exactly was wrong, up to {headers.DETAIL_BYTES} bytes; never a part of the value",
    headers.DLQ_TOPIC: "where the record stood: topic",
    headers.DLQ_PARTITION: "partition",
    headers.DLQ_OFFSET: "offset",
    headers.DLQ_TIMESTAMP: "record timestamp in milliseconds",
    headers.DLQ_VERSION: "version of the program that refused it",
    headers.DLQ_ENVELOPE: "1 where the value is a JSON envelope instead of the original; else absent",
    headers.DLQ_HEADERS: "`unreadable` where an original header name is not text and all are left out; else absent",
}
ENVELOPE: Final = """
Where the original would not fit into a record with these headers, and where the reason is `card_number`, the value is a
JSON object with `sha256`, `size`, `topic`, `partition`, `offset` and `timestamp` of the original.

The reason is also the label of the metric `fraudstream_dead_letters_total`.

## Reasons
"""


def page() -> str:
    rows = ((code(name), meaning) for name, meaning in HEADERS.items())
    return markdown.page(INTRODUCTION, table(("header", "content"), rows), ENVELOPE, *map(_reason, Reason))


def _reason(reason: Reason) -> str:
    meaning = REASONS[reason]
    return f"### {reason}\n\n{meaning.what}\n\n**What to do:** {meaning.do}"
