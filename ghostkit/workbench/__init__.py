"""The public face: the live book and its runs."""

from ghostkit.workbench.book import Book
from ghostkit.workbench.growing import GrowingBook, generate_book
from ghostkit.workbench.handles import Chapter, Section
from ghostkit.workbench.model_choice import check_model
from ghostkit.workbench.run import Run
from ghostkit.workbench.run_state import RUN_TRANSITIONS, RunState
from ghostkit.workbench.services import Services
from ghostkit.workbench.spawning import background

__all__ = [
    "RUN_TRANSITIONS",
    "Book",
    "Chapter",
    "GrowingBook",
    "Run",
    "RunState",
    "Section",
    "Services",
    "background",
    "check_model",
    "generate_book",
]
