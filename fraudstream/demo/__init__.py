"""The demo: the product's own commands on real servers, and a screen in front of them."""
