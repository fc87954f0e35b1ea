"""From lesson to lesson, with everything in a folder that is gone afterwards."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from fraudstream.tutorial.doors import Doors
from fraudstream.tutorial.lesson import Lesson, Result
from fraudstream.tutorial.pupils import registered
from models.registry.registry import Registry
from schemas.settings import Settings
from schemas.settings.models import Models

Tell = Callable[[str], None]


@contextmanager
def school() -> Iterator[Doors]:
    """A registry of its own, on this machine alone."""
    with _quiet(), tempfile.TemporaryDirectory(prefix="fraudstream-tutorial-") as name:
        folder = Path(name)
        registered(Registry(folder / "models"))
        yield Doors(folder, Settings(models=Models(root=folder / "models")))


@contextmanager
def _quiet() -> Iterator[None]:
    """Errors alone are logged: a lesson is to be read."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)


def walk(lessons: Sequence[Lesson], tell: Tell) -> list[Result]:
    """Tells each lesson as it is tried. Gives what came out otherwise than expected."""
    wrong: list[Result] = []
    with school() as doors:
        for number, lesson in enumerate(lessons, start=1):
            tell(f"{number}. {lesson.title}\n\n{lesson.text}\n")
            for result in lesson.tried(doors):
                tell(f"    {result}")
                wrong += [] if result.right else [result]
            tell(f"\n{lesson.moral}\n" if lesson.moral else "")
    return wrong
