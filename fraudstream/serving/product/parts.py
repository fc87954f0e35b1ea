"""Puts the product's routes together from the settings. Opens no connection before the door does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fraudstream.serving.product.customers import LiveCustomers
from fraudstream.serving.product.explaining import LogExplaining
from fraudstream.serving.product.flags import FlagsReader
from fraudstream.serving.product.histories import LogHistories
from fraudstream.serving.product.scoring import LiveScoring
from fraudstream.serving.product.verdicts import LogVerdicts
from schemas.settings import Settings
from serving.product.ports import Ports
from serving.product.router import Product, product


def product_of(settings: Settings) -> Product:
    """Raises Misconfigured for a model that is there and cannot be used, and for an offers' policy that is none."""
    flags = FlagsReader(settings)
    ports = Ports(
        LiveScoring(settings),
        LiveCustomers(settings),
        flags.window,
        LogHistories(settings),
        LogExplaining(settings, flags.window.place),
        LogVerdicts(settings),
    )
    made = product(ports, settings.serve)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        flags.start()
        try:
            async with made.running():
                yield
        finally:
            flags.close()

    return replace(made, running=running)
