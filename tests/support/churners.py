"""Customers who left or stayed, and models of them, made once."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from fraudstream.churn.training import Made, Order, make
from models.churn.learning import Labelled, Recipe
from models.hashing import hash_strings
from models.registry.registry import Registry
from producer.customers import KEY, LABEL, customers

MANY = 3_000


@cache
def people(count: int = MANY, seed: int = 3) -> Labelled:
    rows = pa.Table.from_batches(list(customers(count, seed))).combine_chunks().to_batches()[0]
    left = np.array(rows[LABEL].to_pylist()) == "yes"
    return Labelled(rows, hash_strings(rows[KEY]), left, KEY, LABEL)


@cache
def made(estimator: str = "trees", seed: int = 0) -> Made:
    """As the command makes it, with nothing live beside it."""
    return make(Order("churn", Recipe(estimator, seed)), people(), Registry(Path("nowhere")), lambda *_: None)
