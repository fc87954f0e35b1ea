"""One file per command of the `fraudstream` program; heavy imports stand inside the functions."""
