"""One event as an object, from JSON or from a row of a file: strict types, fields by name, unknown ones ignored.

Nothing is converted silently: "12" and 12.0 are no integers, a boolean is no number, a whole number will do for a
double. A time is integer milliseconds or ISO 8601 with an offset, cut to the millisecond. A symbol the contract does
not know reads as its default. Of a key that stands twice in JSON the last counts. NaN and Infinity are not JSON, and
an integer too large for its column stands at the column's end, where the range check finds it.
"""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Optional

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError, from_json

from schemas.contracts import Schema
from schemas.errors import DeadLetter
from schemas.lot.reference import EPOCH, MILLISECOND, Record
from schemas.lot.table import AvroType, is_time, kind, optional, value_type
from schemas.verdicts import Reason

NO_OFFSET: Final = "a time as text is ISO 8601 with an offset, as in 2026-01-31T12:00:00Z"
NO_OBJECT: Final = "Input should be an object"
REASONS: Final = {
    "missing": Reason.MISSING_FIELD,
    "finite_number": Reason.FIELD_OUT_OF_RANGE,
    "not_unicode": Reason.INVALID_UTF8,
}


def model(contract: Schema) -> type[BaseModel]:
    """The pydantic model of one event of a flat contract."""
    fields: dict[str, Any] = {each["name"]: (_field_type(each["type"]), _default(each)) for each in contract["fields"]}
    return create_model(contract["name"], **fields)


class Events:
    """Reads single events of one contract; each method returns a record or raises DeadLetter."""

    def __init__(self, contract: Schema) -> None:
        self.model = model(contract)

    def from_json(self, value: bytes) -> Record:
        try:
            event = from_json(value, allow_inf_nan=False)
        except ValueError as error:
            raise _not_json(value, error) from None
        return self.from_mapping(event)

    def from_mapping(self, event: object) -> Record:
        try:
            return vars(self.model.model_validate(dict(event) if isinstance(event, Mapping) else event))
        except ValidationError as error:
            raise _wrong(error) from None


def _field_type(avro_type: AvroType) -> object:
    found: object = _TYPES.get(kind(avro_type))
    inner = value_type(avro_type)
    if isinstance(inner, dict) and kind(avro_type) == "enum":
        known = partial(_symbol, frozenset(inner["symbols"]), inner.get("default"))
        found = Annotated[StrictStr, AfterValidator(known)]
    elif is_time(avro_type):
        found = Annotated[LONG, BeforeValidator(_moment)]
    return Optional[found] if optional(avro_type) else found  # noqa: UP045 - made at run time


def _default(field: Schema) -> object:
    return Field(field["default"]) if "default" in field else Field()


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("not_unicode", "Input has half of a surrogate pair") from None
    return value


def _clipped(limit: int, value: int) -> int:
    return min(max(value, -limit), limit - 1)


def _symbol(known: frozenset[str], default: str | None, value: str) -> str:
    if value in known:
        return value
    if default is None:
        raise PydanticCustomError("unknown_symbol", "Input should be one of the contract's symbols")
    return default


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("not_a_time", NO_OFFSET) from None
    if not isinstance(value, dt.datetime):
        return value
    if value.tzinfo is None:
        raise PydanticCustomError("not_a_time", NO_OFFSET)
    return (value - EPOCH) // MILLISECOND


LONG: Final = Annotated[StrictInt, AfterValidator(partial(_clipped, 2**63))]
_TYPES: Final[Mapping[str, Any]] = {
    "string": Annotated[StrictStr, AfterValidator(_text)],
    "int": Annotated[StrictInt, AfterValidator(partial(_clipped, 2**31))],
    "long": LONG,
    "double": Annotated[StrictFloat, AllowInfNan(allow_inf_nan=False)],
    "boolean": StrictBool,
}


def _not_json(value: bytes, error: ValueError) -> DeadLetter:
    try:
        value.decode()
    except UnicodeDecodeError as undecodable:
        return DeadLetter(Reason.INVALID_UTF8, f"byte {undecodable.start}: {undecodable.reason}")
    return DeadLetter(Reason.INVALID_JSON, str(error))


def _wrong(error: ValidationError) -> DeadLetter:
    """The first fault in the contract's order; never quotes the input."""
    fault = error.errors(include_url=False, include_context=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else "the event"
    if fault["input"] is None and fault["loc"]:
        return DeadLetter(Reason.MISSING_FIELD, f"{name} is null")
    said = NO_OBJECT if not fault["loc"] else fault["msg"]
    return DeadLetter(REASONS.get(fault["type"], Reason.WRONG_TYPE), f"{name}: {said}")
