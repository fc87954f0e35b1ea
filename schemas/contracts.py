"""The published Avro contracts, each version parsed once and known by the fingerprint that travels with its bytes."""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

Schema = dict[str, Any]

FILE_NAME: Final = re.compile(r"(?P<name>[a-z]+)-v(?P<version>\d+)\.avsc")


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One version. `fingerprint` is CRC-64-AVRO as it stands on the wire: eight bytes, least significant first."""

    name: str
    version: int
    schema: Schema
    text: str
    fingerprint: bytes


def parse(name: str, version: int, text: str) -> Contract:
    schema = json.loads(text)
    canonical = to_parsing_canonical_form(parse_schema(schema))
    return Contract(name, version, schema, text, bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO")))


def _versions() -> tuple[Contract, ...]:
    """Every published version, oldest first within a name."""
    files_by_name = ((FILE_NAME.fullmatch(file.name), file) for file in files("schemas").joinpath("avro").iterdir())
    found = [
        parse(match["name"], int(match["version"]), file.read_text("utf-8")) for match, file in files_by_name if match
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.version)))


def _newest(name: str) -> Contract:
    return [each for each in VERSIONS if each.name == name][-1]


VERSIONS: Final = _versions()
TRANSACTION: Final = _newest("transaction")
LABEL: Final = _newest("label")
EPOCH: Final = _newest("epoch")
DECISION: Final = _newest("decision")
