"""Customers out of files of any origin: an id and a row each, some thousands at a time."""
