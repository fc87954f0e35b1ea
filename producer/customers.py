"""Made-up customers of a bank for a churn model to learn from: habits, contracts, complaints, and who left since.

Whether somebody left is drawn from a probability that follows from the row, so nobody can know it for sure; how well a
model can do is pinned by a test. The first customers of a seed are the same however many are made.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

AT_ONCE: Final = 65_536
LABEL: Final = "churned"
KEY: Final = "customer_id"
CONTRACTS: Final = ("Month-to-month", "One year", "Two year")
PAYMENTS: Final = ("Card", "Direct debit", "Invoice", "Standing order")
PLANS: Final = ("Basic", "Family", "Plus", "Premium")
REGIONS: Final = ("Centre", "East", "North", "South", "West")
PAPERLESS: Final = 0.6
PATIENCE: Final = 2
"""Calls to support after which whoever may leave any month does."""
NEW_MONTHS: Final = 1.0
"""Whoever came this month has paid nothing in total yet: a blank in the table, as in those of others."""
SCHEMA: Final = pa.schema(
    [
        (KEY, pa.string()),
        ("tenure_months", pa.int64()),
        ("contract", pa.string()),
        ("plan", pa.string()),
        ("region", pa.string()),
        ("payment_method", pa.string()),
        ("paperless", pa.string()),
        ("monthly_charges", pa.float64()),
        ("total_charges", pa.float64()),
        ("usage_hours", pa.float64()),
        ("usage_change", pa.float64()),
        ("support_calls", pa.int64()),
        ("days_since_activity", pa.int64()),
        ("late_payments", pa.int64()),
        ("products", pa.int64()),
        ("customer_value", pa.float64()),
        (LABEL, pa.string()),
    ]
)


def customers(count: int, seed: int = 0, first: int = 1, *, labelled: bool = True) -> Iterator[pa.RecordBatch]:
    """Ids are `first`, first + 1 …, as those of made-up transactions are."""
    schema = SCHEMA if labelled else pa.schema([each for each in SCHEMA if each.name != LABEL])
    for start in range(0, count, AT_ONCE):
        rows = _some(np.random.default_rng([seed, start]))
        columns = [rows[each.name] for each in schema if each.name != KEY]
        ids = pa.array(np.arange(start, start + AT_ONCE) + first).cast(pa.string())
        arrays = [ids, *(pa.array(each, mask=_mask(each)) for each in columns)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema).slice(0, min(AT_ONCE, count - start))


def _mask(values: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    return np.isnan(values) if values.dtype.kind == "f" else None


def _some(random: np.random.Generator) -> dict[str, NDArray[np.generic]]:
    n = AT_ONCE
    tenure = np.floor(random.gamma(1.3, 22.0, n)).clip(0, 96)
    contract = (random.random(n) + tenure / 120 > np.array([[0.72], [0.95]])).sum(axis=0)
    plan, region, payment = random.integers(0, 4, n), random.integers(0, 5, n), random.integers(0, 4, n)
    paperless = random.random(n) < PAPERLESS
    monthly = np.round(18.0 + 14.0 * plan + random.gamma(2.0, 6.0, n), 2)
    total = np.round(tenure * monthly * random.uniform(0.92, 1.02, n), 2)
    usage = np.round(random.gamma(2.2, 9.0, n), 1)
    change = np.round(random.normal(0.0, 0.25, n), 3)
    calls = random.poisson(random.gamma(1.1, 1.1, n))
    quiet = np.floor(random.gamma(0.9, 16.0, n)).clip(0, 365)
    late = random.poisson(0.5, n)
    products = 1 + random.binomial(4, 0.3, n)
    lean = (
        -3.0
        + np.array([1.5, -0.1, -1.3])[contract]
        - 0.028 * tenure.clip(0, 60)
        + 0.022 * monthly
        + 0.42 * calls.clip(0, 6)
        + 0.016 * quiet.clip(0, 120)
        + 0.35 * late
        - 0.28 * (products - 1)
        - 1.6 * change
        - 0.012 * usage
        + np.array([0.25, -0.15, 0.3, -0.1])[payment]
        + 0.15 * paperless
        + 0.9 * ((calls > PATIENCE) & (contract == 0))
    )
    left = random.random(n) < 1.0 / (1.0 + np.exp(-lean))
    value = np.round(monthly * (6.0 + 2.5 * products) * random.uniform(0.8, 1.2, n), 2)
    return {
        "tenure_months": tenure.astype(np.int64),
        "contract": np.array(CONTRACTS)[contract],
        "plan": np.array(PLANS)[plan],
        "region": np.array(REGIONS)[region],
        "payment_method": np.array(PAYMENTS)[payment],
        "paperless": np.array(["no", "yes"])[paperless.astype(np.int64)],
        "monthly_charges": monthly,
        "total_charges": np.where(tenure < NEW_MONTHS, np.nan, total),
        "usage_hours": usage,
        "usage_change": change,
        "support_calls": calls,
        "days_since_activity": quiet.astype(np.int64),
        "late_payments": late,
        "products": products,
        "customer_value": value,
        LABEL: np.array(["no", "yes"])[left.astype(np.int64)],
    }
