"""Every setting with its variable, what is allowed, its default and what it is for."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from pages import markdown
from pages.markdown import code, table
from schemas.settings import Leaf, leaves
from schemas.settings.kafka import OWNED
from schemas.settings.leaves import CONFIG

INTRODUCTION: Final = f"""\
# Settings

A setting has one name, `group.field`, and four places. The first that has it wins, each setting by itself:

1. the command line: an option of its own (`--bootstrap`), or `--set kafka.bootstrap=broker:9092`
2. the environment: `FRAUDSTREAM_KAFKA_BOOTSTRAP=broker:9092`
3. the file `fraudstream.toml` in the current folder, or the one named by `--config` or `{CONFIG}`:
   `[kafka]`, below it `bootstrap = "broker:9092"`
4. the default

A name nobody knows or a value that is not allowed ends the program with exit code 78 and says where it stands and
which name was probably meant. [`fraudstream settings`](cli.md#fraudstream-settings) shows what holds and where it
comes from. What is marked **secret** is shown as `***` everywhere, and so are passwords within tables and addresses.

A *table* takes any name below it. One property is set as `--set kafka.properties.security.protocol=SSL`, as
`FRAUDSTREAM_KAFKA_PROPERTIES__SECURITY_PROTOCOL=SSL`, or in the file below `[kafka.properties]` as
`"security.protocol" = "SSL"`; all of them at once as a JSON object.
"""
OWNED_INTRODUCTION: Final = """\
## Properties that are not passed through

Everything else that librdkafka knows may be set in `kafka.properties`. These are decided elsewhere and refused there:
"""


def page() -> str:
    groups = groupby(leaves(), key=lambda leaf: leaf.path.partition(".")[0])
    described = (part for name, group in groups for part in _group(name, group))
    owned = table(("property", "instead"), ((code(name), instead) for name, instead in OWNED.items()))
    return markdown.page(INTRODUCTION, *described, OWNED_INTRODUCTION, owned)


def _group(name: str, group: Iterator[Leaf]) -> Iterator[str]:
    yield f"## {name}"
    for leaf in group:
        facts = [code(leaf.env), leaf.type, f"default {code(leaf.default_text) or 'empty'}"]
        yield f"### {leaf.path}"
        yield " · ".join([*facts, *(["**secret**"] if leaf.secret else [])])
        yield leaf.doc
