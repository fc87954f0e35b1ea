"""An answer as JSON: doubles in the shortest digits that have the same bits, null for a number that is none."""

from pydantic_core import to_json
from starlette.responses import Response

JSON = "application/json"


def encoded(value: object) -> bytes:
    return bytes(to_json(value, inf_nan_mode="null"))


def answer(value: object) -> Response:
    return Response(value if isinstance(value, bytes) else encoded(value), media_type=JSON)
