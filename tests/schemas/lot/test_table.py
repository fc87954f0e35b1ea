import pyarrow as pa

from schemas.contracts import LABEL, TRANSACTION
from schemas.lot import SCHEMA
from schemas.lot.table import columns


def test_the_lot_has_the_contract_and_its_coordinates() -> None:
    """Columns stand in contract order with their Arrow types, optional ones may be null, coordinates follow."""
    kinds = {each.name: str(each.type) for each in SCHEMA}
    assert kinds == {
        "event_id": "string",
        "event_time": "timestamp[ms, tz=UTC]",
        "card_id": "string",
        "customer_id": "string",
        "terminal_id": "string",
        "amount_minor": "int64",
        "currency": "string",
        "merchant_category": "int32",
        "country": "string",
        "channel": "dictionary<values=string, indices=int8, ordered=0>",
        "device_id": "string",
        "latitude": "double",
        "longitude": "double",
        "memo": "string",
        "partition": "int32",
        "offset": "int64",
        "timestamp": "int64",
        "marks": "uint32",
    }
    assert [each.name for each in SCHEMA] == list(kinds)
    optional = [each["name"] for each in TRANSACTION.schema["fields"] if "default" in each]
    assert [each.name for each in SCHEMA if each.nullable] == optional


def test_every_flat_contract_has_columns() -> None:
    """A label's columns come from its contract in the same way."""
    assert columns(LABEL.schema).field("is_fraud").type == pa.bool_()
