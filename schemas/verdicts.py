"""Two closed vocabularies about one record: why it was refused, and what is worth knowing of one that was scored."""

from enum import IntFlag, StrEnum


class Reason(StrEnum):
    """Why a record went to the dead letters: header value, metric label and docs anchor. Never renamed."""

    EMPTY = "empty"
    UNKNOWN_FRAMING = "unknown_framing"
    UNKNOWN_SCHEMA = "unknown_schema"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    EMPTY_FIELD = "empty_field"
    TOO_LONG = "too_long"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    CURRENCY_INVALID = "currency_invalid"
    FIELD_OUT_OF_RANGE = "field_out_of_range"
    KEY_MISMATCH = "key_mismatch"
    CARD_NUMBER = "card_number"
    SKIPPED = "skipped"


class Mark(IntFlag):
    """Facts about a record that was scored all the same: one integer column in a lot, names in a decision."""

    NONE = 0
    KEY_MISSING = 1
    KEY_MISMATCH = 2
    PARTITION_MISMATCH = 4
    CARD_NUMBER = 8
    LATE = 16
    REDELIVERED = 32
    FUTURE = 64
    CAPPED = 128
    FOREIGN_CURRENCY = 256
    COLD_STATE = 512
    LISTED = 1024
    EXPLORED = 2048
    RULE_ERROR = 4096
    SPARED = 8192

    @property
    def symbol(self) -> str:
        """Of one mark alone."""
        return str(self.name).lower()

    def names(self) -> list[str]:
        return [mark.symbol for mark in self]


WANTED = Mark.LISTED | Mark.EXPLORED | Mark.SPARED
"""Marks that somebody asked for: nothing is wrong with such a record."""
