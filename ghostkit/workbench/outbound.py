"""What left this machine for a book: to which host, how much, when, for which text; from its ledger alone.

The book is neither opened nor locked, so this works while it is being written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from ghostkit.book import ProjectFolder, load_structure, read_text
from ghostkit.book.model import Book
from ghostkit.errors import GhostkitError
from ghostkit.ledger.asked import Asked, requests_asked
from ghostkit.ledger.embeddings import EmbeddingCall, embeddings_asked
from ghostkit.ledger.values import AttemptState, Slot
from ghostkit.providers.adapters.ollama_host import is_cloud
from ghostkit.providers.replay import read_address
from ghostkit.providers.this_machine import is_this_machine
from ghostkit.writing import plan

Left = Literal["yes", "may have", "no"]
STAYS = {"rehearsal": "rehearsal", "replay": "replay"}
"""Providers that answer without sending anything."""
UNTOLD = "(its provider names no host)"
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Departure:
    """One request that left, or may have. `local`: to a service on this very machine."""

    at: datetime
    host: str
    local: bool
    left: Left
    characters: int
    purged_bytes: int
    model: str
    state: str
    attempt: str
    slot: str
    number: str
    title: str
    text: str
    """What kind of text it was for: section, outline, chapter_summary …; of texts to be embedded, "embedding"."""
    texts: int = 0
    """How many were sent to be embedded; 0 for what asked for an answer."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """`requests` oldest first; `stayed` counts the answers for which nothing was sent, by who gave them."""

    title: str
    requests: tuple[Departure, ...]
    stayed: dict[str, int] = field(default_factory=dict)

    def by_host(self) -> list[dict[str, Any]]:
        """Sums a host, the most characters first; hosts of this machine last."""
        sums: dict[tuple[bool, str], dict[str, Any]] = {}
        for request in self.requests:
            row = sums.setdefault(
                (request.local, request.host),
                {"host": request.host, "local": request.local, "requests": 0, "characters": 0, "may_have": 0,
                 "first": request.at, "last": request.at},
            )  # fmt: skip
            row["requests"] += 1
            row["characters"] += request.characters
            row["may_have"] += request.left == "may have"
            row["first"], row["last"] = min(row["first"], request.at), max(row["last"], request.at)
        return sorted(sums.values(), key=lambda row: (row["local"], -row["characters"], row["host"]))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        hosts = [row | {name: row[name].isoformat(timespec="milliseconds") for name in ("first", "last")}
                 for row in self.by_host()]  # fmt: skip
        away = [request for request in self.requests if not request.local]
        return {
            "title": self.title,
            "left_this_machine": bool(away),
            "characters": sum(request.characters for request in away),
            "hosts": hosts,
            "stayed": self.stayed,
            "requests": [request.as_dict() for request in self.requests],
        }


def outbound(path: Path, *, since: datetime | None = None, host: str | None = None) -> Outbound:
    """What left for the book at `path`, from `since` on and to `host` alone, if given.

    Raises `BookNotFound`, `LedgerDamaged`, `LedgerTooNew`, or `LedgerError` for a ledger of an earlier ghostkit.
    """
    folder = ProjectFolder(path).open(writable=False)
    book = _structure(folder)
    departures: list[Departure] = []
    stayed: Counter[str] = Counter()
    for asked in requests_asked(folder.ledger):
        if since is not None and asked.started_at < since:
            continue
        why = _why_it_stayed(asked)
        if why:
            stayed[why] += 1
            continue
        departure = _departure(asked, book)
        departures.append(departure)
    for call in embeddings_asked(folder.ledger):
        if since is not None and call.started_at < since:
            continue
        if not call.sent:
            stayed["never sent"] += 1
            continue
        departures.append(_embedded(call, book))
    if host is not None:
        departures = [one for one in departures if _is_host(host, one.host)]
    departures.sort(key=lambda one: one.at)
    return Outbound(title=book.title if book else path.name, requests=tuple(departures), stayed=dict(stayed))


def _is_host(asked: str, host: str) -> bool:
    return asked.lower() in (host.lower(), host.lower().rpartition(":")[0])


def _structure(folder: ProjectFolder) -> Book | None:
    try:
        return load_structure(read_text(folder.book), str(folder.book))
    except GhostkitError:
        return None  # numbers and titles are missing then; what left is told all the same


def _why_it_stayed(asked: Asked) -> str:
    if asked.cached:
        return "cache"
    if asked.unsent:
        return "never sent"
    provider, _, name = asked.model.partition(":")
    if provider == "replay" and read_address(name).otherwise.partition(":")[0] not in ("", *STAYS):
        return ""  # what wasn't recorded went to that one
    return STAYS.get(provider, "")


def _departure(asked: Asked, book: Book | None) -> Departure:
    host, local = destination(asked.model, asked.base_url)
    number, title = _place(asked.slot, book)
    return Departure(
        at=asked.started_at, host=host, local=local, left=_left(asked), characters=asked.characters,
        purged_bytes=asked.purged_bytes, model=asked.model, state=str(asked.state), attempt=asked.attempt_id,
        slot=str(asked.slot), number=number, title=title, text=asked.slot.kind,
    )  # fmt: skip


def _embedded(call: EmbeddingCall, book: Book | None) -> Departure:
    host, local = destination(call.model, call.base_url)
    slot = _slot_of(call.slot)
    number, title = _place(slot, book) if slot is not None else ("", "")
    purpose = f"for the {call.purpose}" if call.purpose == "index" else f"for {call.purpose or 'search'}"
    arrived = call.ended == "complete" or call.turned_away
    return Departure(
        at=call.started_at, host=host, local=local, left="yes" if arrived else "may have",
        characters=call.characters, purged_bytes=0, model=call.model, state=call.ended or "in_doubt",
        attempt=call.id, slot=call.slot, number=number, title=title or purpose, text="embedding", texts=call.texts,
    )  # fmt: skip


def _slot_of(text: str) -> Slot | None:
    """`object/kind/variant` read back."""
    parts = text.split("/")
    if len(parts) != 3 or not parts[2].isdecimal():
        return None
    return Slot(object_id=parts[0], kind=parts[1], variant=int(parts[2]))


def _left(asked: Asked) -> Left:
    if asked.state in (AttemptState.OPEN, AttemptState.IN_DOUBT) or asked.model.startswith("replay:"):
        return "may have"
    if asked.state in (AttemptState.CANCELLED, AttemptState.ERROR) and not (asked.answered or asked.turned_away):
        return "may have"  # it was stopped, or failed, and no word came back: the request may have gone out before
    return "yes"


def destination(model: str, base_url: str) -> tuple[str, bool]:
    """The host (with its port, where that is unusual), and whether that is this machine."""
    provider, _, name = model.partition(":")
    parts = urlsplit(base_url if "://" in base_url else f"//{base_url}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = parts.hostname or "", None
    if not host:
        return UNTOLD, False
    local = is_this_machine(host)
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        shown = f"{shown}:{port}"
    if local and provider == "ollama" and is_cloud(name):
        return f"ollama.com (through {shown})", False  # Ollama passes these models' prompts on to its own cloud
    return shown, local


def _place(slot: Slot, book: Book | None) -> tuple[str, str]:
    """The displayed number and title of what a slot's text belongs to."""
    if book is None:
        return "", ""
    for chapter in book.chapters:
        if chapter.id == slot.object_id:
            return str(chapter.number), chapter.title
        for section in chapter.sections:
            if section.id == slot.object_id:
                return f"{chapter.number}.{section.number}", section.title
    if slot.object_id == book.id:
        return "", book.title
    return "", "no longer in the book" if _of_the_structure(slot.kind) else ""


def _of_the_structure(kind: str) -> bool:
    return kind in (plan.SECTION, plan.CHAPTER_OUTLINE, *plan.SUMMARIES)
