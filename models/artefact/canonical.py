"""JSON in one form, so that it can be sealed."""

import json
from typing import Any


def canonical(value: Any) -> bytes:  # noqa: ANN401 - anything JSON can say
    """One text for one meaning; NaN and infinity have none."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True).encode()
