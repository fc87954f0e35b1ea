"""The models that are champions in the registry: can each be loaded here, and does a policy hold for it."""

from collections.abc import Iterator
from typing import Final

from fraudstream.doctor.finding import Finding, failed, info, ok, warning
from models.policies.policies import Policies
from models.registry import aliases
from models.registry.reference import CHAMPION
from models.registry.registry import Registry
from schemas.errors import FraudstreamError
from schemas.settings import Settings

SUBJECT: Final = "models.root"
TRAIN: Final = "`fraudstream train` makes one, `fraudstream models promote` makes it champion"
POLICY: Final = "pick thresholds and promote them: `fraudstream policies add`, then `fraudstream policies promote`"
RIGHTS: Final = "give this user the right to read the folder, or name another in models.root"


def check(settings: Settings) -> Iterator[Finding]:
    root = settings.models.root.expanduser()
    registry = Registry(root, settings.models.trusted)
    try:
        entries = registry.read().entries
    except OSError as error:
        yield warning(SUBJECT, f"{root} cannot be read: {error.strerror}", RIGHTS)
        return
    champions = [name for name in aliases.names(entries) if CHAMPION in aliases.current(entries, name)]
    if not champions:
        yield info(SUBJECT, f"{root} has no champion", TRAIN)
    for name in champions:
        yield _champion(registry, f"models:/{name}@{CHAMPION}")


def _champion(registry: Registry, reference: str) -> Finding:
    try:
        found = registry.resolve(reference)
        registry.load(reference)
    except FraudstreamError as error:
        return failed(reference, error)
    try:
        policy = Policies(registry).live(str(found))
    except FraudstreamError as error:
        return warning(reference, f"{found} loads, but {error.message}", error.fix or POLICY)
    return ok(reference, f"{found} loads, and policy {policy.label} holds for it")
