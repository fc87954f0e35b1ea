"""What the page of routes says of /invocations, which answers past the framework that writes that page."""

from typing import Any, Final

CELL: Final = {"oneOf": [{"type": kind} for kind in ("number", "string", "boolean", "null")]}
ROWS: Final = {"type": "array", "items": {"oneOf": [CELL, {"type": "array", "items": CELL}, {"type": "object"}]}}
SPLIT: Final = {
    "type": "object",
    "properties": {
        "columns": {"type": "array", "items": {"type": "string"}},
        "index": {"type": "array"},
        "data": {"type": "array", "items": {"type": "array", "items": CELL}},
    },
    "required": ["data"],
}
PARAMS: Final = {
    "type": "object",
    "properties": {
        "output": {"enum": ["prediction", "score"]},
        "threshold": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "additionalProperties": False,
}
SHAPES: Final = {
    "dataframe_split": SPLIT,
    "dataframe_records": {"type": "array", "items": {"type": "object"}},
    "instances": ROWS,
    "inputs": {"oneOf": [ROWS, {"type": "object"}, {"type": "string"}]},
}
BODY: Final = {
    "oneOf": [
        {
            "type": "object",
            "properties": {name: shape, "params": PARAMS},
            "required": [name],
            "additionalProperties": False,
        }
        for name, shape in SHAPES.items()
    ]
}
ERROR: Final = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}
PREDICTIONS: Final = {
    "type": "object",
    "properties": {"predictions": {"type": "array", "items": CELL}},
    "required": ["predictions"],
}
REFUSALS: Final = {
    400: "the body is no table, or a cell is not what the model takes",
    401: "a key is needed",
    408: "the body did not come in time",
    413: "too many bytes or rows",
    415: "another kind of body, or no Content-Type",
    421: "asked under a name that is not this machine's",
    429: "too much waits for the model; try again",
    503: "no model is live yet; Retry-After says when to try again",
    504: "the answer was not there in time",
}
EXAMPLES: Final = {
    "rows": {"summary": "Rows of cells", "value": {"inputs": [[5.1, 3.5, 1.4, 0.2]]}},
    "named": {
        "summary": "Rows whose columns are named",
        "value": {"dataframe_split": {"columns": ["amount", "age"], "data": [[12.5, 41], [3, 29]]}},
    },
}
EXTRA: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": BODY, "examples": EXAMPLES},
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "a prediction for each row", "content": {"application/json": {"schema": PREDICTIONS}}},
    **{
        status: {"description": said, "content": {"application/json": {"schema": ERROR}}}
        for status, said in REFUSALS.items()
    },
}
