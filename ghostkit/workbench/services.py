"""What a live book is put together from; any of it can be replaced in a test or a notebook cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ghostkit.book import ProjectFolder
from ghostkit.cache import CacheManager, cache_for
from ghostkit.events import EventManager, Handler
from ghostkit.generation import GenerationOptions, PromptService, StreamManager
from ghostkit.generation.options import options_from_settings as options_from_settings
from ghostkit.ledger import Ledger, SqliteLedger
from ghostkit.ports import ContextSource
from ghostkit.providers import ProviderRegistry, registry
from ghostkit.rag.config import RAGConfig
from ghostkit.settings import get_settings
from ghostkit.writing.measures import MEASURES, Measure


def log_files(folder: ProjectFolder, book_id: str) -> Sequence[Handler]:
    """The structured log of every event, and the error log beside it; both without secrets."""
    from ghostkit.events import ErrorHandler, LoggingHandler, protect

    settings = get_settings()
    secrets = (settings.secret(name) for name in type(settings).model_fields if name.endswith("_api_key"))
    protect(*filter(None, secrets))
    logs = folder.root / "logs"
    return LoggingHandler(logs / "ghostkit.jsonl", book=book_id), ErrorHandler(logs / "errors.jsonl", book=book_id)


def cache_of_settings(folder: ProjectFolder) -> CacheManager | None:
    """The cache that the settings ask for now; a file cache lies in the book's own `cache/` unless they say where."""
    return cache_for(folder.cache)


def no_context(folder: ProjectFolder) -> ContextSource | None:
    """Sections read the window of chapters before them, and nothing is retrieved beside it."""
    return None


@dataclass(frozen=True, kw_only=True)
class Services:
    """The collaborators of a book. `Book.open(path, services=Services(providers=mine))` replaces one of them."""

    providers: ProviderRegistry = field(default_factory=lambda: registry)
    prompts: Callable[[Sequence[Path]], PromptService] = PromptService
    options: Callable[[], GenerationOptions] = options_from_settings
    ledger: Callable[[Path], Ledger] = SqliteLedger
    events: Callable[[], EventManager] = EventManager
    streams: Callable[[], StreamManager] = StreamManager
    observers: Callable[[ProjectFolder, str], Sequence[Handler]] = log_files
    cache: Callable[[ProjectFolder], CacheManager | None] = cache_of_settings
    context: Callable[[ProjectFolder], ContextSource | None] | None = None
    """What gives sections more to read, instead of retrieval as `rag` says; `no_context` turns it off."""
    rag: RAGConfig | None = None
    """None: as the settings say, each time."""
    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES)
