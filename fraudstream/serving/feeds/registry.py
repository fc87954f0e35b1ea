"""The model that is live in the registry, and its policy; the rules, where none is."""

from datetime import datetime
from typing import Final

from fraudstream.serving.feeds.feeding import away
from models.policies.policies import Policies
from models.registry import aliases
from models.registry.entry import Entry
from models.registry.reference import Reference, parse
from models.registry.registry import Registry, Resolved
from schemas.errors import FraudstreamError
from schemas.settings import Settings
from serving.page.facts import Model, Source, State
from serving.page.live import Live

NAME: Final = "registry"
LIST: Final = "fraudstream models list"
TRAIN: Final = "fraudstream train"


class LiveModel:
    def __init__(self, settings: Settings, live: Live) -> None:
        self._settings, self._live = settings, live
        self._registry = Registry(settings.models.root.expanduser(), settings.models.trusted)

    def look(self) -> None:
        try:
            found = self._found()
        except (FraudstreamError, OSError, RuntimeError) as error:
            self._live.source(NAME, away(error, LIST))
            return
        self._live.model(found or self._rules())
        root = str(self._settings.models.root)
        why = f"Nothing was promoted as {self._settings.models.live or 'a model'} in {root}: the rules decide."
        self._live.source(NAME, Source(State.OK, root) if found else Source(State.EMPTY, why, TRAIN))

    def _found(self) -> Model | None:
        """None where the rules are wanted, or nothing was ever promoted."""
        model = promoted(self._registry, self._settings.models.live)
        if model is None:
            return None
        policy = Policies(self._registry).live(str(model))
        at = policy.policy.thresholds
        return Model(
            name=str(model.name),
            version=str(model.version),
            digest=model.digest or "",
            policy=policy.label,
            promoted_at=_moved(self._registry.read().entries, model, self._settings.models.live),
            review_at=at.review_at,
            block_at=at.block_at,
        )

    def _rules(self) -> Model:
        policy = self._settings.policy
        return Model("rules", "", "", "of the settings", None, policy.review_at, policy.block_at)


def promoted(registry: Registry, name: str) -> Resolved | None:
    """None where the rules are wanted, or where that alias never had a version. Raises Usage for what is no name."""
    wanted = parse(name) if name else None
    if not isinstance(wanted, Reference):
        return None
    if wanted.alias and wanted.alias not in aliases.current(registry.read().entries, wanted.name):
        return None
    return registry.resolve(name)


def _moved(entries: tuple[Entry, ...], model: Resolved, name: str) -> int | None:
    """When it became live, in milliseconds; None where a version is named."""
    wanted = parse(name)
    alias = wanted.alias if isinstance(wanted, Reference) else None
    moved = [
        each.at
        for each in entries
        if each.kind == "model" and each.name == model.name and each.action in {"promote", "rollback"}
        if alias and each.alias == alias
    ]
    return round(datetime.fromisoformat(moved[-1]).timestamp() * 1000) if moved else None
