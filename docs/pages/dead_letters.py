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
    headers.REPLAYED_FROM: "where it was replayed from, topic/partition/offset, if it was refused before; else absent",
}
ENVELOPE: Final = """
Where the original would not fit into a record with these headers, and where the reason is `card_number`, the value is a
JSON object with `sha256`, `size`, `topic`, `partition`, `offset` and `timestamp` of the original.

The reason is also the label of the metric `fraudstream_dead_letters_total`.

## Looking at them

`fraudstream dlq list` tells each with its place, time, reason and detail, `--counts` how many there are by reason and
partition. A place is `PARTITION/OFFSET` among the dead letters; `fraudstream dlq show 3/17` shows one with its headers
and value. What looks like a card number is shown as asterisks, in keys, headers and values.

## Replaying

Once the cause is mended, `fraudstream dlq replay` sends chosen ones back to the input topic: by place, or by
`--reason`, `--partition`, `--from` and `--to`; `--dry-run` tells which.

```sh
fraudstream dlq replay --reason unknown_schema --why "schema 17 is registered now"
```

- They go back with their key, value and headers, but for those that were added, and with `{replayed}`. A key decides
  the partition, as it does for producers; without one it is the partition that they came from.
- They come back as new records at the end of the log: late events, scored as of their own time. Decisions that were
  made without them stay as they are; history is not rewritten.
- Each is sent once, whoever runs the command how often: what is sent and the note that it was sent, on
  [topics.orders](settings.md#topicsorders), are one transaction. `--again` sends it all the same.
- An envelope stands for a record that is not there any more, so that it cannot be replayed. While the input topic keeps
  the original, its place is in the envelope.
- One that is refused again is a dead letter of its own; its `{replayed}` says so, and `list` marks it.

Replaying needs READ on the dead letters, WRITE on the input and on the orders, and WRITE on transactional ids with the
prefix `score.app`.

## Too many of them

When more than [dead_letters.max_consecutive](settings.md#dead_lettersmax_consecutive) records of a partition in a row
are refused, or more than [dead_letters.max_ratio](settings.md#dead_lettersmax_ratio) of the last
[dead_letters.window](settings.md#dead_letterswindow), the partition stops: something is wrong with those who write to
it, or with this program, and what is drained into the dead letters has to be replayed record by record. Other
partitions go on. It stays stopped across restarts and wherever it is assigned, since the counters and the stop are
committed with the offset. `fraudstream_partitions_stopped`, `fraudstream_degraded{{name="dead_letters_stopped"}}`
and `fraudstream doctor` tell.

When the cause is mended, or when it is all right that these records are dead letters:

```sh
fraudstream dlq resume 3 --why "the producer was rolled back"
```

## Reasons
"""


def page() -> str:
    rows = ((code(name), meaning) for name, meaning in HEADERS.items())
    more = ENVELOPE.format(replayed=headers.REPLAYED_FROM)
    return markdown.page(INTRODUCTION, table(("header", "content"), rows), more, *map(_reason, Reason))


def _reason(reason: Reason) -> str:
    meaning = REASONS[reason]
    return f"### {reason}\n\n{meaning.what}\n\n**What to do:** {meaning.do}"
