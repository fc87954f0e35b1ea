"""What a body is, by its Content-Type: one of three kinds, UTF-8 alone, and no parameter that would be ignored."""

from collections.abc import Sequence
from typing import Final

from serving.door.model import Kind
from serving.refusal import Refusal

KINDS: Final[dict[str, Kind]] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
KNOWN: Final = "application/json, text/csv or application/vnd.apache.parquet"
AS_IT_IS: Final = frozenset({b"", b"identity"})
UTF_8: Final = frozenset({"utf-8", "utf8"})

_remembered: Final[dict[bytes, Kind]] = {each.encode(): kind for each, kind in KINDS.items()}


def kind_in(headers: Sequence[tuple[bytes, bytes]]) -> Kind:
    """Of a request. Raises Refusal, 415, also for one that is compressed, 400 for one that says it twice."""
    said: bytes | None = None
    for name, value in headers:
        if name == b"content-type":
            if said is not None:
                raise Refusal(400, "the request has two Content-Types; say one")
            said = value
        elif name == b"content-encoding" and value.strip().lower() not in AS_IT_IS:
            raise Refusal(415, "the body is compressed, which is not read here; send it as it is")
    return kind_of(said)


def kind_of(content_type: bytes | None) -> Kind:
    """Raises Refusal, 415, for everything else."""
    if content_type is None:
        raise Refusal(415, f"the request has no Content-Type; say {KNOWN}")
    known = _remembered.get(content_type)
    return known if known is not None else _parsed(content_type.decode("latin-1"))


def _parsed(text: str) -> Kind:
    name, *parameters = (each.strip() for each in text.split(";"))
    kind = KINDS.get(name.lower())
    if kind is None:
        raise Refusal(415, f"the Content-Type is none that is read here; say {KNOWN}")
    for each in filter(None, parameters):
        parameter, _, value = each.partition("=")
        if parameter.strip().lower() != "charset":
            raise Refusal(415, "the Content-Type has a parameter that is not known; only charset is")
        if value.strip().strip('"').lower() not in UTF_8:
            raise Refusal(415, "only UTF-8 is read; send the body in it, with charset=utf-8 or without a charset")
    return kind
