"""Schema keys to schemas: what the bytes after a record's framing were written with.

A key is what `schemas.framing.split` found: an 8-byte fingerprint, answered from the bundled contracts, or a 4-byte id,
answered by a Confluent-compatible registry. There are three answers: the schema; "there is no such schema"
(`DeadLetter`, for this record alone); "cannot say now" (`RegistryAway`, the partition waits, nothing is dead-lettered).

Order of effects for an id: memory, else the registry, else, where that does not answer, the copy on disk. A registry
that answers is believed before the disk, since one that was wiped hands the same ids out again.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from fastavro.schema import SchemaParseException, UnknownType, parse_schema

from schemas.contracts import VERSIONS, Contract, Schema
from schemas.errors import DeadLetter, FraudstreamError, Misconfigured, RegistryAway
from schemas.framing import ID_BYTES
from schemas.schema_files import SchemaFiles, digest
from schemas.settings import Settings
from schemas.settings.masking import masked
from schemas.verdicts import Reason

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import SchemaRegistryError

Client = Any
"""The library's SchemaRegistryClient, which is half typed."""

NO_SUCH_SECONDS: Final = 30.0
"""How long "no such id" is believed: short, because a schema may be registered just after its first record."""
NO_SUCH_REMEMBERED: Final = 1_000
AWAY_SECONDS: Final = 1.0
"""How long a registry that did not answer is not asked again: a lot may need it more than once."""
NO_SUCH_CODES: Final = range(40400, 40500)
"""The registry's own 404s; any other 404 comes from something that is not a registry."""
HIGHEST_ID: Final = 2**31 - 1
QUOTED: Final = 200

FIX_AWAY: Final = "start the registry or correct registry.url; what waits for it goes on by itself"
FIX_AUTH: Final = "correct registry.properties basic.auth.user.info or bearer.auth.token, or that user's rights"
FIX_REFUSED: Final = "compare with what the subject holds, and look at the compatibility it demands"
FIX_CLIENT: Final = "correct registry.url or registry.properties"


class SchemaSource(Protocol):
    def writer(self, key: bytes) -> Schema: ...


class Fingerprints:
    """The bundled contracts; needs no server."""

    def __init__(self, versions: tuple[Contract, ...] = VERSIONS) -> None:
        self._schemas = {contract.fingerprint: contract.schema for contract in versions}

    def writer(self, key: bytes) -> Schema:
        try:
            return self._schemas[key]
        except KeyError:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"fingerprint {key.hex()} is of no bundled contract") from None


class ConfluentRegistry:
    """Ids as a Confluent-compatible registry knows them, through its own client."""

    def __init__(self, conf: Mapping[str, object], cache: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._conf = dict(conf)
        self._url = masked(str(conf.get("url")))
        self._files = SchemaFiles(cache, self._url)
        self._clock = clock
        self._known: dict[int, Schema] = {}
        self._no_such: dict[int, tuple[float, str]] = {}
        self._away: tuple[float, str] = (-math.inf, "")

    def writer(self, key: bytes) -> Schema:
        number = int.from_bytes(key, "big")
        if number not in self._known:
            self._recall_no_such(number)
            try:
                self._known[number] = _parsed(self._answer(number), number)
            except DeadLetter as refusal:
                self._remember_no_such(number, refusal.detail)
                raise
        return self._known[number]

    def register(self, contract: Contract, subject: str) -> int:
        """The id of `contract` under `subject`, registered where it is new; the one on disk while nobody answers."""
        name = f"subject-{digest([subject, contract.text])[:32]}"
        try:
            number = int(self._ask(lambda client: _registered(client, subject, contract), f"subject {subject}"))
        except DeadLetter as refusal:
            raise Misconfigured(f"schema registry {self._url}: {refusal.detail}", fix=FIX_REFUSED) from None
        except RegistryAway:
            if kept := self._files.read(name):
                return int(kept["id"])
            raise
        self._files.write(name, {"id": number})
        return number

    def _recall_no_such(self, number: int) -> None:
        until, detail = self._no_such.get(number, (-math.inf, ""))
        if self._clock() < until:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, detail)

    def _remember_no_such(self, number: int, detail: str) -> None:
        """Bounded: records of noise hold ids without end."""
        if len(self._no_such) >= NO_SUCH_REMEMBERED:
            self._no_such.clear()
        self._no_such[number] = self._clock() + NO_SUCH_SECONDS, detail

    def _answer(self, number: int) -> Mapping[str, Any]:
        if number > HIGHEST_ID:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"{number} cannot be the id of a schema")
        try:
            answer: dict[str, Any] = self._ask(lambda client: _fetched(client, number), f"schema id {number}")
        except RegistryAway:
            if kept := self._files.read(str(number)):
                return kept
            raise
        self._files.write(str(number), answer)
        return answer

    def _ask(self, call: Callable[[Client], Any], what: str) -> Any:  # noqa: ANN401 - the client's answer
        """One question. Whatever is neither an answer nor a refusal means that the registry is away."""
        until, reason = self._away
        if self._clock() < until:
            raise RegistryAway(reason, fix=FIX_AWAY)
        client = self._client
        try:
            return call(client)
        except _library().SchemaRegistryError as error:
            refusal = self._refusal(error, what)
        except Exception as error:  # noqa: BLE001 - errors of whichever HTTP library the client uses come through bare
            refusal = self._gone(f"{what}: {type(error).__name__} {error}")
        raise refusal

    def _refusal(self, error: "SchemaRegistryError", what: str) -> FraudstreamError:
        said = f"{what}: {error.http_status_code} {error.error_message}"
        match error.http_status_code:
            case 401 | 403:
                return Misconfigured(self._named(said), fix=FIX_AUTH)
            case 409 | 422:
                return Misconfigured(self._named(said), fix=FIX_REFUSED)
            case 404 if error.error_code in NO_SUCH_CODES:
                return DeadLetter(Reason.UNKNOWN_SCHEMA, f"{what} is not in the registry")
        return self._gone(said)

    def _gone(self, said: str) -> RegistryAway:
        self._away = self._clock() + AWAY_SECONDS, self._named(said)
        return RegistryAway(self._named(said), fix=FIX_AWAY)

    def _named(self, said: str) -> str:
        return f"schema registry {self._url}, {masked(said)[:QUOTED]}"

    @cached_property
    def _client(self) -> Client:
        try:
            return _library().SchemaRegistryClient(self._conf)
        except (ValueError, TypeError, OSError) as error:
            reason = masked(str(error))
        raise Misconfigured(f"the schema registry client refuses its settings: {reason}", fix=FIX_CLIENT)


class Registry:
    """Both kinds of key, told apart by their length."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Without registry.url it knows the published contracts alone."""
        registry = settings.registry
        return cls(Fingerprints(), ConfluentRegistry(registry.client(), registry.cache) if registry.url else None)

    def __init__(self, fingerprints: SchemaSource, confluent: ConfluentRegistry | None) -> None:
        self._fingerprints = fingerprints
        self._confluent = confluent

    def writer(self, key: bytes) -> Schema:
        if len(key) != ID_BYTES:
            return self._fingerprints.writer(key)
        if self._confluent is None:
            raise DeadLetter(Reason.UNKNOWN_SCHEMA, "it has a schema id, but no registry.url is set")
        return self._confluent.writer(key)

    def register(self, contract: Contract, subject: str) -> int:
        if self._confluent is None:
            raise Misconfigured("Confluent framing needs a schema registry", fix="set registry.url")
        return self._confluent.register(contract, subject)


def _library() -> Any:  # noqa: ANN401 - a module
    """Imported when first needed: it takes 0.3 s, and most deployments have no registry."""
    import confluent_kafka.schema_registry as library  # noqa: PLC0415

    return library


def _registered(client: Client, subject: str, contract: Contract) -> int:
    number = client.register_schema(subject, _library().Schema(contract.text, "AVRO"))
    if not isinstance(number, int):
        client.clear_caches()
        raise ValueError("the answer has no id")  # noqa: TRY004 - the other side's mistake, not ours
    return number


def _fetched(client: Client, number: int) -> dict[str, object]:
    schema = client.get_schema(number)
    if not isinstance(schema.schema_str, str):
        client.clear_caches()  # else the client would go on giving this answer
        raise ValueError("the answer has no schema")  # noqa: TRY004 - the other side's mistake, not ours
    kind = str(schema.schema_type or "AVRO")[:20]
    return {"schema": schema.schema_str, "type": kind, "references": bool(schema.references)}


def _parsed(answer: Mapping[str, Any], number: int) -> Schema:
    """Only a self-contained Avro record can have written a transaction."""
    if answer["type"] != "AVRO":
        raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"schema id {number} is {answer['type']}, not Avro")
    if answer["references"]:
        raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"schema id {number} refers to other schemas, which is not supported")
    try:
        schema = parse_schema(json.loads(answer["schema"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, SchemaParseException, UnknownType):
        raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"schema id {number} is not valid Avro") from None
    if not isinstance(schema, dict) or schema["type"] != "record":
        raise DeadLetter(Reason.UNKNOWN_SCHEMA, f"schema id {number} is not of a record")
    return schema
