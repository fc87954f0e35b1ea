"""Records of one contract, whatever their framing, as plain fields; times stay milliseconds."""

import json
from io import BytesIO
from math import nan
from typing import Any, Final, cast

from fastavro import parse_schema, schemaless_reader
from fastavro.validation import validate

from schemas.contracts import Contract
from schemas.errors import DeadLetter, FraudstreamError
from schemas.framing import JSON_START, Framing, split
from schemas.lot.logical import without_plain
from schemas.registry import SchemaSource
from schemas.verdicts import Reason

Fields = dict[str, Any]
TRAILING: Final = "more follows the {}"
NUMBERS: Final = {"type": "array", "items": "double"}


def _numbers(values: list[Any]) -> list[Any]:
    """JSON has no word for a number that is not known, and null stands for it."""
    return [nan if each is None else each for each in values]


def may_hold(value: bytes | None, text: bytes) -> bool:
    """Whether a record of any contract may have that text in a field: in JSON it may be written with escapes."""
    return value is not None and (text in value or (value.startswith(JSON_START) and b"\\" in value))


class Records:
    """Writers' schemas are asked for once."""

    def __init__(self, contract: Contract, source: SchemaSource) -> None:
        self._name, self._source = contract.name, source
        self._contract = parse_schema(without_plain(contract.schema))
        self._defaults = {each["name"]: each["default"] for each in contract.schema["fields"] if "default" in each}
        self._numbers = [each["name"] for each in contract.schema["fields"] if each["type"] == NUMBERS]
        self._writers: dict[bytes, Any] = {}

    def read(self, value: bytes | None) -> Fields:
        """Raises DeadLetter for what is none, RegistryAway where its schema cannot be asked for."""
        style, key, start = split(value or b"")
        if style is Framing.JSON:
            return self._from_json(value or b"")
        payload = BytesIO(value or b"")
        payload.seek(start)
        try:
            found = schemaless_reader(payload, self._writer(key), self._contract)
        except FraudstreamError:
            raise
        except Exception as error:
            raise DeadLetter(Reason.INVALID_ENCODING, type(error).__name__) from error
        if payload.read(1):
            raise DeadLetter(Reason.TRAILING_BYTES, TRAILING.format(self._name))
        return cast("Fields", found)

    def _writer(self, key: bytes) -> Any:  # noqa: ANN401 a schema is JSON
        if key not in self._writers:
            self._writers[key] = parse_schema(without_plain(self._source.writer(key)))
        return self._writers[key]

    def _from_json(self, value: bytes) -> Fields:
        try:
            found = json.loads(value.decode())
        except (ValueError, RecursionError) as error:
            raise DeadLetter(Reason.INVALID_JSON, type(error).__name__) from error
        if isinstance(found, dict):
            found |= {name: _numbers(found[name]) for name in self._numbers if isinstance(found.get(name), list)}
        if not validate(found, self._contract, raise_errors=False):
            raise DeadLetter(Reason.WRONG_TYPE, f"the object is no {self._name}")
        return self._defaults | cast("Fields", found)
