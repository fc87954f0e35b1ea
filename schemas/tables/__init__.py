"""Tables from outside as columns of untrusted cells, whatever format they come in: bodies whole, files in pieces.

Nothing is made into something else here: a cell is still what its format said. What a model takes of it is decided in
`models.predicting.taking`.
"""

from schemas.table_formats import Format
from schemas.tables.bodies import Body, csv_body, json_body, parquet_body
from schemas.tables.files import Lying, pieces
from schemas.tables.json_values import decoded
from schemas.tables.table import Bad, BadTable, Column, Kind, Table, TooLarge

__all__ = [
    "Bad",
    "BadTable",
    "Body",
    "Column",
    "Format",
    "Kind",
    "Lying",
    "Table",
    "TooLarge",
    "csv_body",
    "decoded",
    "json_body",
    "parquet_body",
    "pieces",
]
