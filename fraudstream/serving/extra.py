"""What is served needs two packages that scoring does not: named before anything else is done."""

from importlib.util import find_spec
from typing import Final

from schemas.errors import Misconfigured

PACKAGES: Final = ("fastapi", "uvicorn")


def needed() -> None:
    """Raises Misconfigured with the command that installs them."""
    missing = [each for each in PACKAGES if find_spec(each) is None]
    if missing:
        raise Misconfigured(
            f"HTTP is served with {' and '.join(PACKAGES)}; not installed: {', '.join(missing)}",
            fix='pip install "fraudstream[serve]"',
        )
