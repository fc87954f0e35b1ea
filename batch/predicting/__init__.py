"""A file in, a file of predictions out: there whole or not at all, every row of it accounted for."""
