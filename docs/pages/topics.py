"""The topics, the contracts of what stands on them, and the vocabularies of a decision."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from models import rules
from models.feature_list import FEATURE_VERSION, FEATURES, ROW_FEATURES, ROW_VERSION, Feature
from pages import markdown
from pages.markdown import code, table
from pages.meanings import MARKS
from schemas import headers
from schemas.contracts import VERSIONS, Contract
from schemas.framing import CONTENT_TYPES, Framing
from schemas.topics import DAY_MS, FOR_EVER, RULES, TopicRule

INTRODUCTION: Final = """\
# Topics

Names are [settings](settings.md#topics). `fraudstream topics create` makes what is missing, `fraudstream topics check`
compares what there is with this table. The key is the card id, but for epochs and orders, which have none. An answer
stands in the partition with the number of its question, so no output may have fewer partitions than the input. Orders
are JSON, one to a record, and stand in one order; [operating](operating.md) is their page.
"""
FRAMING_INTRODUCTION: Final = """
## Framings

A value says what it is by its first bytes; readers take all three, side by side.
"""
FIRST_BYTES: Final = {
    Framing.SINGLE_OBJECT: ("`C3 01` + 8-byte fingerprint", "Avro single-object encoding; needs no registry"),
    Framing.CONFLUENT: ("`00` + 4-byte id", "Confluent wire format; the id is the schema registry's"),
    Framing.JSON: ("`{`", "JSON, one event"),
}
HEADER_INTRODUCTION: Final = f"""
## Headers of a decision

CloudEvents in binary mode, all of it derived from the input: `{headers.CE_SPECVERSION}`, `{headers.CE_ID}`
(topic/partition/offset of the transaction), `{headers.CE_SOURCE}`, `{headers.CE_TYPE}`, `{headers.CE_TIME}`
(event time) and `{headers.CONTENT_TYPE}`. {" and ".join(map(code, headers.TRACE))} are copied from the transaction.
Headers of dead letters are on [their page](dead-letters.md).
"""
CONTRACT_INTRODUCTION: Final = """
## Contracts

Avro; the files are in `schemas/avro`. A published version is never edited: what changes is a new version that reads all
older ones. Fields with a default may be left out.
"""
MARK_INTRODUCTION: Final = """
## Marks

Facts about a transaction that was scored all the same: in `marks` of the decision, and counted.
"""
RULE_INTRODUCTION: Final = """
## Rules

Codes in `rules` and `reasons` of a decision. A rule that hits adds its margin, in log-odds, to {base:g}; the score is
the logistic function of the sum. Limits and lists are [settings](settings.md#rules).
"""
FEATURE_INTRODUCTION: Final = """
## Features

The entries of `features` in a decision with `feature_version` {version}, in this order; with {rows} the first {first}
alone. Nothing older than the horizon can change a value. A value that is not known is NaN.
"""


def page() -> str:
    return markdown.page(
        INTRODUCTION,
        table(("topic", "setting", "what it is", "kept", "partitions"), map(_topic, RULES)),
        FRAMING_INTRODUCTION,
        table(("framing", "first bytes", "what follows", "content type"), map(_framing, Framing)),
        HEADER_INTRODUCTION,
        CONTRACT_INTRODUCTION,
        *map(_contract, VERSIONS),
        MARK_INTRODUCTION,
        table(("mark", "meaning", "what to do"), ((code(*m.names()), x.what, x.do) for m, x in MARKS.items())),
        RULE_INTRODUCTION.format(base=rules.BASE_MARGIN),
        table(("code", "margin", "in words", "hits", "misses"), map(_rule, rules.RULES)),
        FEATURE_INTRODUCTION.format(version=FEATURE_VERSION, rows=ROW_VERSION, first=len(ROW_FEATURES)),
        table(("feature", "meaning", "kind", "group", "horizon"), map(_feature, FEATURES)),
    )


def _feature(feature: Feature) -> tuple[str, ...]:
    horizon = f"{feature.horizon_ms / DAY_MS:.3g} days" if feature.horizon_ms else ""
    return code(feature.name), feature.meaning, feature.kind, code(feature.group), horizon


def _topic(rule: TopicRule) -> tuple[str, ...]:
    path = f"topics.{rule.role}"
    kept = "for ever" if rule.retention_ms == FOR_EVER else f"{rule.retention_ms // DAY_MS} days"
    like = "as many as" if rule.exactly else "at least as many as"
    alone = str(rule.partitions or "your choice")
    partitions = f"{like} {code(rule.partitioned_like)}" if rule.partitioned_like else alone
    return code(rule.name), f"[{path}](settings.md#{path.replace('.', '')})", rule.about, kept, partitions


def _framing(framing: Framing) -> tuple[str, ...]:
    return code(framing), *FIRST_BYTES[framing], code(CONTENT_TYPES[framing])


def _contract(contract: Contract) -> str:
    schema = json.loads(contract.text)
    return markdown.page(
        f"### {contract.name.title()} v{contract.version}",
        f"{schema['doc']} Fingerprint on the wire: `{contract.fingerprint.hex(' ').upper()}`.",
        table(("field", "type", "default", "meaning"), _fields(schema)),
    )


def _fields(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, ...]]:
    """A record within a record is shown by its own fields, with dotted names."""
    for field in schema["fields"]:
        name, kind = f"{prefix}{field['name']}", field["type"]
        if isinstance(kind, dict) and kind["type"] == "record":
            yield from _fields(kind, f"{name}.")
        else:
            default = code(json.dumps(field["default"])) if "default" in field else ""
            yield code(name), _words(kind), default, field.get("doc", "")


def _words(kind: Any) -> str:  # noqa: ANN401 - whatever Avro allows there
    match kind:
        case list():
            return " or ".join(_words(each) for each in reversed(kind))
        case {"logicalType": str(name)}:
            return name
        case {"type": "enum", "symbols": symbols}:
            return f"one of {', '.join(symbols)}"
        case {"type": "array", "items": items}:
            return f"list of {_words(items)}"
        case {"type": "map", "values": values}:
            return f"map of {_words(values)}"
    return str(kind)


def _rule(rule: rules.Rule) -> tuple[str, ...]:
    examples = ("<br>".join(code(json.dumps(dict(each))) for each in some) for some in (rule.hits, rule.misses))
    return code(rule.code), f"{rule.margin:+g}", rule.sentence, *examples
