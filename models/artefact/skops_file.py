"""model.skops, read with the operator's list of types and no other: audited here first, then by skops itself."""

import json
import warnings
from collections.abc import Collection
from typing import Any, Final

from sklearn.exceptions import InconsistentVersionWarning
from skops.io import dumps, get_untrusted_types, loads

from models.artefact import trust
from models.artefact.archive import SCHEMA, pack, unpack
from models.artefact.refusal import refused

OLDEST_PROTOCOL: Final = 2
"""Older ones choose older readers, which are less strict."""
MOST_NODES: Final = 500_000
DEEPEST: Final = 100
FIX: Final = (
    "save a model of trusted types; if you vouch for that type's code yourself, name it in models.trusted "
    "(`--set models.trusted=…`)"
)


def load(content: bytes, where: str, trusted: Collection[str] = ()) -> Any:  # noqa: ANN401 - any estimator
    entries = unpack(content, where)
    _audit(_schema(entries[SCHEMA], where), frozenset(entries), where, trusted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)  # golden vectors say whether it matters
            return loads(pack(entries), trusted=trust.names(trusted))
    except Exception as error:
        raise refused(where, f"cannot be loaded: {type(error).__name__}: {str(error)[:200]}") from error


def dump(estimator: Any) -> bytes:  # noqa: ANN401
    return dumps(estimator)  # type: ignore[no-any-return]


def unusual_types(content: bytes) -> list[str]:
    """What MLflow must be told to trust when it loads the file."""
    return list(get_untrusted_types(data=content))


def _schema(text: bytes, where: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError, MemoryError):
        raise refused(where, f"{SCHEMA} is not JSON that can be read") from None
    if not isinstance(schema, dict) or type(schema.get("protocol")) is not int or schema["protocol"] < OLDEST_PROTOCOL:
        raise refused(
            where, f"{SCHEMA} says no protocol of {OLDEST_PROTOCOL} or newer", fix="save it again with a newer skops"
        )
    return schema


def _audit(schema: dict[str, Any], files: frozenset[str], where: str, trusted: Collection[str]) -> None:
    """Looks at everything that could be a node, wherever it stands."""
    rest: list[tuple[Any, int]] = [(schema, 0)]
    seen = 0
    while rest:
        value, depth = rest.pop()
        seen += 1
        if seen > MOST_NODES or depth > DEEPEST:
            raise refused(where, f"{SCHEMA} has too many parts, or they stand too deep in each other")
        if isinstance(value, dict):
            if "__loader__" in value or "__class__" in value:
                _check(value, files, where, trusted)
            rest += [(each, depth + 1) for each in value.values() if isinstance(each, dict | list)]
        elif isinstance(value, list):
            rest += [(each, depth + 1) for each in value if isinstance(each, dict | list)]


def _check(node: dict[str, Any], files: frozenset[str], where: str, trusted: Collection[str]) -> None:
    kind, name = str(node.get("__loader__")), f"{node.get('__module__')}.{node.get('__class__')}"
    if not trust.known(kind):
        raise refused(where, f"holds {name[:200]} as {kind[:50]}, which is never accepted")
    if not trust.may_be(kind, name, trusted):
        raise refused(where, f"holds the type {name[:200]}, which is not trusted", fix=FIX)
    if "file" in node and node["file"] not in files:
        raise refused(where, f"{name} lies in {str(node['file'])[:100]!r}, which is not there")
