"""Lots made from a few fields; the rest is an unremarkable purchase at noon."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from models.rule_examples import lot_of

Make = Callable[..., pa.RecordBatch]


@pytest.fixture
def lot() -> Make:
    return lot_of
