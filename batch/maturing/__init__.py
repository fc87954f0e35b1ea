"""Transactions that nobody disputed for so long that they count as genuine: which they are, and their labels."""
