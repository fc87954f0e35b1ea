"""A shadow: the same scorer with another model, as a group of its own, whose answers nobody acts on.

It reads what the live scorer reads and writes beside it, to topics whose names end in `-shadow`; identities, offsets
and snapshots are its own, so that neither can be in the other's way.
"""

from typing import Final

from schemas.settings import Settings
from schemas.topics import Role

SUFFIX: Final = "-shadow"
PORTS_ON: Final = 100
"""So far above the live workers' ports are those of a shadow on the same node."""
WRITTEN: Final = (Role.FLAGS, Role.SCORES, Role.DLQ, Role.EPOCHS)


def shadowed(settings: Settings, model: str | None = None) -> Settings:
    """Those of a shadow; every decision is written, since comparing is what it is for."""
    own = {
        "score": {"group": settings.score.group + SUFFIX, "app": settings.score.app + SUFFIX},
        "topics": {role.value: settings.topics.name(role) + SUFFIX for role in WRITTEN},
        "output": {"scores": True},
        "health": {"port": settings.health.port + PORTS_ON if settings.health.port > 0 else settings.health.port},
        "models": {"live": model} if model is not None else {},
    }
    return settings.model_copy(
        update={group: getattr(settings, group).model_copy(update=changes) for group, changes in own.items()}
    )
