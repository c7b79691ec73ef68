"""The projection of a book's ledger into DuckDB, and what can be asked of it."""

from ghostkit.analytics.asking import Answer, ask
from ghostkit.analytics.connecting import Analytics, connect, connect_for_strangers
from ghostkit.analytics.schema import TABLES
from ghostkit.analytics.views import VIEWS

__all__ = ["TABLES", "VIEWS", "Analytics", "Answer", "ask", "connect", "connect_for_strangers"]
