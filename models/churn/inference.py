"""What a table of customers holds, found out from its cells: which column is the id, which are numbers, which hold
categories, and which are left out, each with the reason. Nobody is asked; whoever knows better says so.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from models.churn.encoding import LONGEST, LONGEST_NAME, Categories, Encoding, Number, doubles, folded, trimmed
from schemas.cells.cells import NUMBER, Column, is_number, mask, matches, there
from schemas.errors import Usage

MOST: Final = 32
"""Categories of a column; the rest count as never seen."""
LEAST_COVERED: Final = 0.5
"""Of the rows, by the most frequent categories of a column that has more."""
ALMOST_ALL: Final = 0.99
SEVERAL: Final = 0.5
NOTHING: Final = ("na", "n/a", "nan", "null", "none", "?", "-")
"""What stands in columns of numbers where there is none."""
LEADING_ZERO: Final = r"^[+-]?0[0-9]"
DATE: Final = r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4})([T ].*)?$"
KEYED: Final = re.compile(r"(?i)(^|[ _-])(id|key|no|nr|nbr|num|number|code|phone|msisdn|account)$|[a-z](ID|Id)$")

Left = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inferred:
    """`left_out` says why, by column."""

    encoding: Encoding
    left_out: Left


def key_of(rows: pa.RecordBatch, besides: Collection[str] = ()) -> str | None:
    """The column that tells customers apart: different in almost every row, and text or called like an id.

    One that is called so may have the same id several times, which is for others to tell.
    """
    found = [name for name in rows.schema.names if name not in besides and _tells_apart(name, rows[name])]
    named = [name for name in found if KEYED.search(name)]
    usable = named or [name for name in found if _is_text(trimmed(name, rows[name]))]
    return usable[0] if usable else None


def infer(rows: pa.RecordBatch, key: str | None, besides: Collection[str]) -> Inferred:
    """`besides` are columns that nobody may learn from, the label first of all."""
    declared: list[Number | Categories] = []
    left: dict[str, str] = {}
    for name in rows.schema.names:
        if name == key or name in besides:
            continue
        found = _declared(name, rows[name]) if 0 < len(name) <= LONGEST_NAME else "has no name, or too long a one"
        if isinstance(found, str):
            left[name] = found
        else:
            declared.append(found)
    if not declared:
        raise Usage(
            f"no column is left to learn from: {', '.join(f'{name} {why}' for name, why in left.items())}",
            fix="give a table with more columns than an id and a label",
        )
    try:
        return Inferred(Encoding(key=key, columns=declared), left)
    except ValidationError as error:
        said = str(error.errors(include_url=False, include_input=False)[0]["msg"])
        fix = "rename some, or leave some out with --drop"
        raise Usage(f"these columns cannot be learnt from: {said}", fix=fix) from None


def _declared(name: str, values: pa.Array) -> Number | Categories | str:
    """The declaration, or why there is none."""
    if pa.types.is_nested(values.type):
        return "holds lists or records"
    if pa.types.is_temporal(values.type):
        return "holds dates; days since then would be a number"
    of = trimmed(name, values)
    present = of.values.drop_null()
    if not len(present):
        return "is empty"
    if _is_numeric(of, present):
        return _number(name, of)
    if pa.types.is_string(of.type) and matches(present, DATE).all():
        return "holds dates; days since then would be a number"
    return _categories(name, folded(name, values))


def _is_numeric(of: Column, present: pa.Array) -> bool:
    if not pa.types.is_string(of.type):
        return is_number(of.type)
    present = present.filter(pc.invert(pc.is_in(pc.utf8_lower(present), pa.array(NOTHING))))
    return len(present) > 0 and bool(matches(present, NUMBER).all()) and not matches(present, LEADING_ZERO).any()


def _number(name: str, of: Column) -> Number | str:
    found = doubles(of)
    known = found[~np.isnan(found)]
    different = len(np.unique(known))
    if not different:
        return "is empty"
    if different == 1 and len(known) == len(found):
        return "has the same value everywhere"
    whole = bool((known == np.floor(known)).all())
    if whole and KEYED.search(name) and different >= ALMOST_ALL * len(found):
        return "is another id"
    return Number(name=name, usual=float(np.quantile(known, 0.5, method="inverted_cdf")))


def _categories(name: str, texts: pa.Array) -> Categories | str:
    counted = texts.drop_null().value_counts().to_pylist()
    if len(counted) == 1 and not texts.null_count:
        return "has the same value everywhere"
    ranked: list[Any] = sorted(counted, key=lambda each: (-each["counts"], each["values"]))
    known = sum(each["counts"] for each in counted)
    if len(counted) > MOST and len(counted) >= ALMOST_ALL * known:
        return "is another id, or free text: it differs in almost every row"
    kept = [each for each in ranked if len(each["values"]) <= LONGEST][:MOST]
    covered = sum(each["counts"] for each in kept) / known
    if covered < LEAST_COVERED:
        return f"has {len(counted):,} different texts, of which the {MOST} most frequent are {covered:.0%} of the rows"
    return Categories(name=name, categories=sorted(each["values"] for each in kept), usual=kept[0]["values"])


def _tells_apart(name: str, values: pa.Array) -> bool:
    if pa.types.is_nested(values.type) or pa.types.is_temporal(values.type) or pa.types.is_boolean(values.type):
        return False
    of = trimmed(name, values)
    least = SEVERAL if KEYED.search(name) else ALMOST_ALL
    different = pc.count_distinct(of.values).as_py()
    if not len(values) or different < least * len(values) or there(of.values).mean() < least:
        return False
    if _is_text(of):
        return True
    numbers = doubles(of)
    return bool(KEYED.search(name)) and bool((numbers == np.floor(numbers))[~np.isnan(numbers)].all())


def _is_text(of: Column) -> bool:
    """Also `0101`: what begins with a nought is no number."""
    if not pa.types.is_string(of.type):
        return False
    present = of.values.drop_null()
    return not matches(present, NUMBER).all() or bool(mask(pc.match_substring_regex(present, LEADING_ZERO)).any())
