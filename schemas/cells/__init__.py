"""Columns of any type, as tables of people have them, read as values of one kind."""
