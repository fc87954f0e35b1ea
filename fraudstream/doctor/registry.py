"""The schema registry, where the settings name one: does it answer, and does it let us in."""

from collections.abc import Iterator
from typing import Any, Final

from fraudstream.doctor.finding import Finding, away, ok, wrong
from schemas.settings import Settings
from schemas.settings.masking import masked

LOGIN: Final = "correct registry.properties basic.auth.user.info or bearer.auth.token, or that user's rights"
START: Final = "start the registry or correct registry.url; what is kept in registry.cache is used meanwhile"
DENIED: Final = frozenset({401, 403})
QUOTED: Final = 200


def check(settings: Settings) -> Iterator[Finding]:
    if settings.registry.url is None:
        yield ok("registry.url", "not set, and not needed but for records in Confluent framing")
        return
    from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

    url = masked(settings.registry.url)
    try:
        client: Any = SchemaRegistryClient(settings.registry.client())
        types = client.get_schema_types()
    except SchemaRegistryError as error:
        said = f"{error.http_status_code} {error.error_message}"[:QUOTED]
        denied = error.http_status_code in DENIED
        yield wrong(url, f"it refuses us: {said}", LOGIN) if denied else away(url, f"it answers {said}", START)
    except Exception as error:  # noqa: BLE001 - errors of whichever HTTP library the client uses come through bare
        yield away(url, f"it does not answer: {masked(str(error) or type(error).__name__)[:QUOTED]}", START)
    else:
        yield ok(url, f"answers; it takes {', '.join(map(str, types)) or 'Avro'}")
