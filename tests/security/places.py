"""Where a key could come out: each place has a name, what is there, how it is looked at, and what must be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.security import looking
from tests.security.looking import Look
from tests.security.world import World

Subject = Callable[[World], Any]


@dataclass(frozen=True)
class Place:
    """`expects` must stand in what is seen: an empty place would pass without being one."""

    name: str
    look: Look
    subject: Subject
    expects: str


def kept(name: str) -> Subject:
    return lambda world: world.subjects[name]


def inside(*names: str) -> Subject:
    """Files and folders of the book."""
    return lambda world: [world.subjects["book"] / name for name in names]


def said(name: str, expects: str) -> Place:
    return Place(f"`{name}`", looking.TEXT, kept(name), expects)


def _ledger(world: World) -> Path:
    path: Path = world.subjects["book"] / "ledger.sqlite"
    return path


def _error(name: str, look: Look, expects: str) -> Place:
    return Place(name, look, kept("errors"), expects)


def _settings(world: World) -> list[Any]:
    from ghostkit.settings import get_settings

    return [get_settings()]


def _dumped(world: World) -> str:
    from ghostkit.settings import get_settings

    settings = get_settings()
    return f"{settings.model_dump()} {settings.model_dump_json()} {settings.__dict__} {list(settings)}"


def _rows(world: World) -> str:
    from ghostkit.settings import settings_table

    return repr(settings_table())


def _metrics(world: World) -> str:
    from ghostkit.events import MetricsCollector
    from ghostkit.ledger import SqliteLedger

    collector, ledger = MetricsCollector(), SqliteLedger(_ledger(world))
    for event in ledger.events():
        collector.collect(event)
    ledger.close()
    return f"{collector.export_metrics()} {collector.export_metrics('prometheus')}"


def _cache_memory(world: World) -> str:
    from ghostkit.cache import CacheManager

    manager, parts = CacheManager("file", cache_dir=world.subjects["book"] / "cache"), []
    for kind in ("embeddings", "summaries", "generations"):
        parts += [f"{key} {manager.backend.get(kind, key)!r}" for key in manager.keys(kind, "*")]  # type: ignore[arg-type]
    return "\n".join(parts)


PLACES: tuple[Place, ...] = (
    # settings and keys
    Place("repr of the settings", looking.REPR, _settings, "openai_api_key"),
    Place("str of the settings", looking.STR, _settings, "openai_api_key"),
    Place("the settings dumped", looking.TEXT, _dumped, "openai_api_key"),
    Place("the table of settings", looking.TEXT, _rows, "OPENAI_API_KEY"),
    said("settings", "OPENAI_API_KEY"),
    said("settings --json", "OPENAI_API_KEY"),
    said("keys list", "openai"),
    said("keys list --json", "openai"),
    said("a key given as a word", "No such option"),
    said("a key set by argument", "argument"),
    # what the machine and the providers say
    said("doctor", "python"),
    said("doctor PATH --json", "ledger"),
    said("providers", "openai"),
    said("providers --check", "does not accept the key"),
    said("providers --check --json", "does not accept the key"),
    Place("diagnoses", looking.VALUE, kept("diagnoses"), "Diagnosis"),
    # the book's folder
    Place("the ledger's files, byte by byte", looking.LEDGER_FILES, _ledger, "SQLite format 3"),
    Place("the ledger's columns", looking.LEDGER_COLUMNS, _ledger, "does not accept the key"),
    Place("the ledger's texts", looking.LEDGER_TEXTS, _ledger, "Ilse"),
    Place("the data of the ledger's events", looking.LEDGER_EVENTS, _ledger, "generation_failed"),
    Place("the ledger's requests", looking.LEDGER_REQUESTS, _ledger, "max_tokens"),
    Place("book.json", looking.FILES, inside("book.json"), "The Salt Pans"),
    Place("texts and outlines", looking.FILES, inside("outline.md", "chapters", "characters"), "section_01.md"),
    Place("checkpoints", looking.FILES, inside("checkpoints"), "checkpoints"),
    Place("the structured log", looking.FILES, inside("logs/ghostkit.jsonl"), "generation_failed"),
    Place("the error log", looking.FILES, inside("logs/errors.jsonl"), "generation_failed"),
    Place("the log of events that are full of keys", looking.FILES, kept("log of every event"), "provider_state"),
    Place("the cache in memory", looking.VALUE, kept("memory cache"), "greeting"),
    Place("a recording", looking.FILES, kept("recording"), "Salt"),
    Place("a replay", looking.TEXT, kept("a replay"), "replay"),
    Place("the simulator's bill and requests", looking.VALUE, kept("simulator"), "answered"),
    Place("the file cache", looking.FILES, inside("cache"), "generations"),
    Place("the cache's entries", looking.TEXT, _cache_memory, "outline"),
    Place("everything in the book's folder", looking.FILES, lambda world: [world.subjects["book"]], "book.json"),
    Place("everything else that was written", looking.FILES, lambda world: [
        path for path in world.folder.iterdir() if path.name not in ("private", "book", ".env")
    ], "children.txt"),
    # exports
    Place("export to Markdown", looking.FILES, lambda world: [world.subjects["export markdown"]], "Salt Pans"),
    Place("export to HTML", looking.FILES, lambda world: [world.subjects["export html"]], "Salt Pans"),
    Place("export to EPUB, unpacked", looking.ZIP, kept("export epub"), "dc:title"),
    # what the commands tell of the book
    said("status", "1.1"),
    said("status --json", "attempts"),
    said("stats --json", "calls"),
    said("events", "generation_failed"),
    said("events --json", "generation_failed"),
    said("receipt --prompt", "fingerprint"),
    said("receipt --json", "fingerprint"),
    said("outbound", "127.0.0.1"),
    said("outbound --json", "hosts"),
    said("cache list", "generations"),
    said("checkpoints", ""),
    said("history", "revision"),
    Place("metrics", looking.TEXT, _metrics, "error"),
    Place("runs", looking.VALUE, kept("runs"), "Run"),
    Place("views of the book", looking.VALUE, kept("views"), "Salt Pans"),
    Place("a fan-out and its table", looking.TEXT, kept("fan-out"), "rehearsal"),
    # errors
    _error("text of errors", looking.ERROR_TEXT, "does not accept the key"),
    _error("repr of errors", looking.ERROR_REPR, "AuthError"),
    _error("arguments and attributes of errors", looking.ERROR_FACTS, "request_id"),
    _error("causes and contexts of errors", looking.ERROR_CHAIN, "below"),
    _error("tracebacks", looking.ERROR_TRACEBACK, "Traceback"),
    Place("rich's tracebacks with locals", looking.ERROR_RICH, kept("an error of each kind"), "locals"),
    Place("IPython's verbose tracebacks", looking.ERROR_VERBOSE, kept("an error of each kind"), "AuthError"),
    _error("locals of all frames", looking.ERROR_LOCALS, "provider"),
    _error("errors given to logging", looking.ERROR_LOGGED, "it failed"),
    Place("errors of runs", looking.ERROR_RICH, kept("errors of runs"), "AuthError"),
    Place("locals of runs' errors", looking.ERROR_LOCALS, kept("errors of runs"), "book"),
    Place("what a crash says", looking.TEXT, kept("what a crash says"), "did not expect"),
    Place("crash files", looking.FILES, kept("crash files"), "RuntimeError"),
    # objects
    Place("repr of providers", looking.REPR, kept("provider objects"), "Provider"),
    Place("vars of providers", looking.VARS, kept("provider objects"), "base_url"),
    Place("what copying or pickling a provider takes", looking.STATE, kept("provider objects"), "base_url"),
    Place("repr of the SDKs' clients", looking.REPR, kept("clients"), "object at"),
    # the process
    Place("warnings", looking.VALUE, kept("warnings"), "a canary's world"),
    Place("stdout and stderr", looking.TEXT, kept("stdout and stderr of this process"), "a canary's world"),
    Place("logging at its most talkative", looking.TEXT, kept("logging at its most talkative"), "HTTP Request: POST"),
    said("a failing process", "does not accept the key"),
    said("a failing command --json", "does not accept the key"),
    Place("arguments of processes", looking.TEXT, kept("arguments of generate"), "generate"),
    Place("environment of child processes", looking.FILES, kept("environment of child processes"), "PATH="),
)  # fmt: skip
