"""Ledgers with a past, made by hand: what a long book leaves behind, in seconds and always the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ghostkit.book.folder import ProjectFolder
from ghostkit.book.model import Book, Chapter, Section
from ghostkit.book.structure import dump_structure
from ghostkit.events import Event, EventType
from ghostkit.ledger import AttemptState, Intent, Outcome, Slot, SqliteLedger, Who, text_hash

WHO = Who(actor="Ada", run_id="r-1", ghostkit_version="9.9.9")
START = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)


@dataclass
class Desk:
    """A project folder whose ledger is open; `close` it, or leave it open as another program would."""

    folder: ProjectFolder
    ledger: SqliteLedger

    def close(self) -> None:
        self.ledger.release_lease()
        self.ledger.close()


def make_book(root: Path, *, chapters: int = 3, sections: int = 2, title: str = "The Long Walk") -> Desk:
    """An empty book of that shape; its ids are `c-1`, `s-1-2` …"""
    root.mkdir(parents=True, exist_ok=True)
    folder = ProjectFolder(root)
    folder.book.write_bytes(dump_structure(outline(chapters, sections, title)))
    ledger = SqliteLedger(folder.ledger, synchronous="OFF")
    ledger.acquire_lease({"goal": "a test"})
    return Desk(folder, ledger)


def outline(chapters: int, sections: int, title: str = "The Long Walk", id: str = "b-1") -> Book:
    return Book(
        id=id,
        title=title,
        created_at=START,
        chapters=tuple(
            Chapter(
                id=f"c-{c}",
                number=c,
                title=f"Chapter {c}",
                sections=tuple(
                    Section(id=f"s-{c}-{s}", number=s, title=f"Section {c}.{s}") for s in range(1, sections + 1)
                ),
            )
            for c in range(1, chapters + 1)
        ),
    )


def intent(slot: Slot, attempt: str, **changes: Any) -> Intent:
    values: dict[str, Any] = {
        "attempt_id": attempt, "slot": slot, "model": "openai:gpt-5", "base_url": "http://localhost/v1",
        "fingerprint": text_hash(attempt), "messages": (("user", ("Write.",)),), "parameters": {"max_tokens": 100},
        "inputs": {}, "cost_ceiling_usd": 0.25, "template": "section@1:abcd1234",
    }  # fmt: skip
    return Intent(**{**values, **changes})


def outcome(text: str = "Ada went home.", **changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "state": AttemptState.COMPLETE, "text": text, "input_tokens": 12, "output_tokens": 4, "cached_tokens": 3,
        "usage_source": "reported", "cost_usd": 0.01, "first_token_s": 0.2, "total_s": 1.5,
    }  # fmt: skip
    return Outcome(**{**values, **changes})


def retrieved(retrieval: str, slot: str, *, hits: int = 3, kept: int = 2, config: str = "cfg-1", **more: Any) -> Event:
    """A `rag_retrieval_completed` as the pipeline records it."""
    found = [
        {
            "chunk": f"k-{retrieval}-{n}", "document": "s-1-1", "chapter": 1, "section": 1, "start": n * 10,
            "end": n * 10 + 9, "rank": n + 1, "score": 1 - n / 10, "parts": {"semantic": 0.5, "keyword": 2.0},
            "tokens": 40, "kept": n < kept, "why": "" if n < kept else "no room",
        }
        for n in range(hits)
    ]  # fmt: skip
    data = {
        "retrieval": retrieval, "slot": slot, "query": "where is the compass", "config": config,
        "settings": {"top_k": 10}, "embedder": "hashing-256", "as_of": [2, 1], "hits": found,
        "ms": {"embed": 1.5, "total": 4.5}, "cache_hit": False,
        "shares": {"core": 400, "retrieved": 80, "summaries": 30, "budget": 1000}, **more,
    }  # fmt: skip
    return Event(type=EventType.RAG_RETRIEVAL_COMPLETED, data=data, source="rag")


def completed(section: str, attempt: str, overlap: dict[str, Any] | None = None, **measures: float) -> Event:
    data: dict[str, Any] = {"section": section, "chapter": "c-1", "number": "1.1", "words": 3, "attempt": attempt}
    data["measures"] = measures or {"known_names": 0.75}
    if overlap is not None:
        data["overlap"] = overlap
    return Event(type=EventType.SECTION_COMPLETED, data=data, source="writing")


def told(type: str, **data: Any) -> Event:
    return Event(type=EventType(type), data=data, source="test")


def write_section(desk: Desk, section: str, attempt: str, *, text: str = "", **changes: Any) -> None:
    """A retrieval, a call that succeeds, and its overlap: a section as the pipeline leaves it behind."""
    slot = Slot(object_id=section, kind="section")
    desk.ledger.record(
        [retrieved(f"q-{attempt}", str(slot)), told("cache_miss", kind="generations", key="k", slot=str(slot))], WHO
    )
    desk.ledger.open_attempt(intent(slot, attempt), WHO, [told("generation_started", slot=str(slot), attempt=attempt)])
    overlap = {
        f"k-q-{attempt}-0": {"overlaps": True, "score": 0.9, "how": "verbatim"},
        f"k-q-{attempt}-1": {"overlaps": False, "score": 0.1, "how": ""},
    }
    desk.ledger.close_attempt(
        attempt, outcome(text or f"{attempt} went home.", **changes), WHO, [completed(section, attempt, overlap)]
    )
    desk.ledger.supersede(slot)


def many_events(count: int, *, chapters: int = 40, sections: int = 5, seed: int = 1) -> Iterator[Event]:
    """What writing a long book tells, in about the proportions of a real one."""
    dice = random.Random(seed)
    number = 0
    while True:
        for event in _of_one_section(dice, number, chapters, sections):
            if number >= count:
                return
            number += 1
            yield event


def _of_one_section(dice: random.Random, number: int, chapters: int, sections: int) -> Iterator[Event]:
    section = f"s-{dice.randint(1, chapters)}-{dice.randint(1, sections)}"
    slot, attempt = f"{section}/section/0", f"a-{number:08x}"
    at = START + timedelta(seconds=number)

    def event(type: str, **data: Any) -> Event:
        return Event(type=EventType(type), data=data, timestamp=at, source="bench")

    yield event("section_started", section=section, chapter="c-1", number="1.1", title="Under the knife")
    yield retrieved(f"q-{number}", slot, hits=4)
    yield event("cache_miss", kind="generations", key=f"chapter:1:section:1:{number:032x}", slot=slot)
    yield event("generation_started", slot=slot, attempt=attempt, model="openai:gpt-5")
    if dice.random() < 0.1:
        yield event("generation_retry", slot=slot, attempt=2, reason=dice.choice(["rate", "server"]), delay_s=1.5)
    yield event(
        "generation_completed", slot=slot, attempt=attempt, model="openai:gpt-5", input_tokens=dice.randint(900, 4000),
        output_tokens=dice.randint(200, 900), ms=dice.randint(900, 20000), cost_usd=round(dice.random() / 50, 6),
    )  # fmt: skip
    yield completed(section, attempt, {f"k-q-{number}-0": {"overlaps": True, "score": 0.8, "how": "verbatim"}})
    yield event("checkpoint_saved", path="checkpoints/checkpoint_latest.json", reason="section_completed")
