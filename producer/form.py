"""What the rows of a file are to have: the fields of a contract, and what else is wanted of them."""

from dataclasses import dataclass
from typing import Final

from schemas.contracts import LABEL, TRANSACTION, Contract, Schema

TIME: Final[Schema] = {"type": "long", "logicalType": "timestamp-millis"}


@dataclass(frozen=True, slots=True)
class Form:
    """`besides` are columns of times that are read although they are not part of the record."""

    contract: Contract
    besides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.contract.name

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field["name"] for field in self.schema["fields"])

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(field["name"] for field in self.schema["fields"] if "default" not in field)

    @property
    def schema(self) -> Schema:
        more = [{"name": each, "type": TIME} for each in self.besides]
        return self.contract.schema | {"fields": [*self.contract.schema["fields"], *more]}


TRANSACTIONS: Final = Form(TRANSACTION)
LABELS: Final = Form(LABEL)
KNOWN_LABELS: Final = Form(LABEL, ("timestamp",))
"""Labels that say when they were known."""
