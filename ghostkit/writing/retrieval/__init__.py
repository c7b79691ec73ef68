"""Retrieval for a book: what of it can be found, what a section is given, and the record of it."""
