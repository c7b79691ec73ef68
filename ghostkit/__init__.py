"""ghostkit: a book is built, not chatted."""

__version__ = "0.1.0"
