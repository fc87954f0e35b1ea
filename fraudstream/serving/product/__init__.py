"""The product's routes with the real parts behind them."""

from fraudstream.serving.product.parts import product_of

__all__ = ["product_of"]
