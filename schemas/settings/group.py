"""One group of settings: immutable, refusing what it does not know, documented under each field."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


def words(text: str) -> Any:  # noqa: ANN401 - what pydantic's Field returns
    """What is allowed, said for people: on the settings page and when something else is given."""
    return Field(json_schema_extra={"words": text})


def wrong(text: str, *paths: str) -> PydanticCustomError:
    """An error about other places than the one being validated: about two settings at once, or one key of a table."""
    return PydanticCustomError("wrong", "{text}", {"text": text, "paths": paths})
