"""The model behind /invocations: found by its reference, believed, and followed when its alias moves."""

from models.predicting.predictor import Predictor
from models.registry.registry import Registry, Resolved
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings
from serving.door.live import Live
from serving.door.predicting import Predicting
from serving.door.watch import Find, Watch


def live(settings: Settings, reference: str) -> Live:
    """Raises Misconfigured where nothing stands behind the reference, or what stands there cannot be used."""
    registry = Registry(settings.models.root.expanduser(), settings.models.trusted)
    first = loaded(registry, resolved(registry, reference))
    if not first.ref.version:
        return Live(first, settings.serve)
    return Live(first, settings.serve, follow=_watch(settings, registry, reference).follow)


def awaited(settings: Settings, reference: str, find: Find) -> Live:
    """For a program that has other things to serve until something is promoted."""
    registry = Registry(settings.models.root.expanduser(), settings.models.trusted)
    return Live(None, settings.serve, follow=_watch(settings, registry, reference, find).follow)


def _watch(settings: Settings, registry: Registry, reference: str, find: Find | None = None) -> Watch:
    every_s = settings.models.check_every_s
    return Watch(registry, reference, lambda found: loaded(registry, found), every_s=every_s, find=find)


def resolved(registry: Registry, reference: str) -> Resolved:
    found = registry.resolve(reference)
    if not found.folder.is_dir():
        raise Usage(
            f"there is no model at {found}", fix="name a folder, or models:/name/3; `fraudstream models list` has them"
        )
    return found


def loaded(registry: Registry, found: Resolved) -> Predicting:
    """What it takes is asked of it once, so that the first request does not wait."""
    reference = str(found)
    try:
        loaded = registry.load(reference)
    except OSError as error:
        raise Misconfigured(f"{reference} cannot be read: {error.strerror}", fix="see who may read it") from None
    made = Predicting.of(Predictor.of(loaded, reference), found)
    golden = loaded.golden.rows[:2]
    if loaded.churn is None:
        made.predict(golden, "prediction", None)
    return made
