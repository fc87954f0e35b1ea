"""What kinds of files there are. Imports nothing, so that a command line can name them at once."""

from enum import StrEnum


class Format(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    AVRO = "avro"
