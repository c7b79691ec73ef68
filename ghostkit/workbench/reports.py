"""What a book can tell of itself: status, receipts, statistics, frames. The shapes are contracts of the CLI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ghostkit.cache import KINDS
from ghostkit.cache.manager import rated, summed
from ghostkit.errors import InputError, UnknownName
from ghostkit.events import EventType
from ghostkit.ledger import Attempt, Revision, Slot, Totals
from ghostkit.ledger.embeddings import TYPES as EMBEDDING_EVENTS
from ghostkit.ledger.embeddings import EmbeddingTotals, embedding_totals
from ghostkit.workbench.retrieved import passages_by_slot, retrieved_for
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.naming import reads_in_words
from ghostkit.writing.plan import SECTION, Goal

if TYPE_CHECKING:
    import polars

    from ghostkit.workbench.book import Book


def status(book: Book) -> dict[str, Any]:
    """The book's state, chapter by chapter, with the sums of its ledger."""
    value, totals, embedded = book.value, book.ledger.totals(), embeddings(book)
    attempts = _attempts(book, totals)
    steps = {state: totals.steps.get(state, 0) for state in ("done", "open", "stopped")}
    costs = _costs(book)
    outdated = {text.object_id: [reason.text for reason in text.reasons] for text in book.stale().sections}
    chapters = [
        {
            "id": chapter.id,
            "number": chapter.number,
            "title": chapter.title,
            "status": str(chapter.status),
            "sections": [
                {
                    "id": section.id,
                    "number": f"{chapter.number}.{section.number}",
                    "title": section.title,
                    "status": str(section.status),
                    "words": section.word_count,
                    "locked": section.locked,
                    "edited_by_human": str(section.status) == "edited",
                    "stale": outdated.get(section.id, []),
                    "model": _model_of(book, section.id),
                    "cost_usd": costs.get(section.id, 0.0),
                }
                for section in chapter.sections
            ],
        }
        for chapter in value.chapters
    ]
    return {
        "title": value.title,
        "state": state_of(book),
        "language": value.language,
        "chapters": chapters,
        "steps": steps,
        "attempts": attempts,
        "cached": len(cache_hits(book)),
        "proposals": len(book.proposals()),
        "words": value.word_count,
        "cost_usd": totals.cost_usd + embedded.cost_usd,
        "unpriced_calls": totals.unpriced + embedded.unpriced,
        "in_doubt_usd": totals.in_doubt_usd + embedded.in_doubt_usd,
    }


def embeddings(book: Book) -> EmbeddingTotals:
    """What was embedded for the book, by the ledger's events."""
    return embedding_totals(book.ledger.events(types=EMBEDDING_EVENTS))


def _attempts(book: Book, totals: Totals) -> dict[str, int]:
    """Attempts by state. What a dead runner left open is in doubt, though the next runner is the one to record it."""
    attempts = {"complete": 0, "in_doubt": 0, **totals.attempts}
    if attempts.get("open"):
        with book.ledger.exclusive_if_free() as free:
            if free:
                attempts["in_doubt"] += attempts.pop("open")
    return attempts


def state_of(book: Book) -> str:
    """`new`, `outlined`, `writing` or `complete`."""
    chapters = book.value.chapters
    if not chapters:
        return "new"
    if all(str(chapter.status) in ("complete", "edited") for chapter in chapters):
        return "complete"
    return "writing" if book.value.word_count else "outlined"


def _costs(book: Book) -> dict[str, float]:
    return dict(book.ledger.cost_by_object())


def _model_of(book: Book, section_id: str) -> str:
    head = book.manuscript.head(section_id, SECTION)
    return head.model if head else ""


def receipt(book: Book, number: str) -> dict[str, Any]:
    """What the ledger knows about one section's text."""
    chapter, section = find_section(book.value, number)
    head = book.ledger.head(section.id, SECTION)
    slot, made_by = _origin_of(book, section.id, head)
    attempts = book.ledger.attempts(slot)
    if not attempts:
        raise UnknownName(
            f"Section {chapter.number}.{section.number} has no receipt: no model was ever asked for it.",
            fix="Write it first; `ghostkit status` shows what is written.",
        )
    complete = [a for a in attempts if str(a.state) == "complete"]
    best = next((a for a in complete if a.id == made_by), (complete or attempts)[-1])
    request = dict(book.ledger.request(best.id))
    inputs, actor = request.pop("inputs"), request.pop("actor")
    return {
        "slot": str(slot),
        "number": f"{chapter.number}.{section.number}",
        "title": section.title,
        "fingerprint": best.fingerprint,
        "model": best.model,
        "actor": actor,
        "request": request,
        "inputs": inputs,
        "reads": reads_in_words(book.value, inputs),
        "usage": {
            "input_tokens": best.input_tokens,
            "output_tokens": best.output_tokens,
            "source": best.usage_source,
        },
        "token_details": {
            "cached": best.cached_tokens,
            "cache_write": best.cache_write_tokens,
            "reasoning": best.reasoning_tokens,
        },
        "request_id": best.request_id,
        "cost_usd": best.cost_usd if best.cost_known else None,
        "started_at": best.started_at.isoformat(timespec="milliseconds"),
        "first_token_s": best.first_token_s,
        "total_s": best.total_s,
        "attempts": [_attempt(attempt) for attempt in attempts],
        "retrieval": retrieved_for(book, section.id, str(slot), best.id),
        "served_by": "cache" if best.id in cache_hits(book) else "provider",
        "edited_since": head is not None and head.attempt_id != best.id,
    }


def _origin_of(book: Book, section_id: str, head: Revision | None) -> tuple[Slot, str | None]:
    """The slot, and the attempt, that the text comes from: its own, or that of the text a person started from."""
    slot = Slot(object_id=section_id, kind=SECTION)
    while head is not None and head.attempt_id is None:
        head = book.ledger.revision(head.base_id) if head.base_id is not None else None
    if head is None:
        return slot, None
    assert head.attempt_id is not None
    return book.ledger.attempt(head.attempt_id).slot, head.attempt_id  # another section's, after a split or merge


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "number": attempt.number,
        "state": str(attempt.state),
        "model": attempt.model,
        "started_at": attempt.started_at.isoformat(timespec="milliseconds"),
        "input_tokens": attempt.input_tokens,
        "output_tokens": attempt.output_tokens,
        "cost_usd": attempt.cost_usd if attempt.cost_known else None,
        "most_usd": attempt.cost_ceiling_usd if attempt.cost_known or attempt.cost_ceiling_usd else None,
        "error": attempt.error,
        "run": attempt.run_id,
    }


def cache_hits(book: Book, run_id: str | None = None) -> set[str]:
    """The attempts (of one run, if given) that were served from a cache and never sent."""
    events = book.ledger.events(types=["cache_hit"])
    return {event.data.get("attempt", "") for event in events if run_id in (None, event.run_id)}


def stats(book: Book) -> dict[str, Any]:
    """Calls, tokens, cost, seconds of generation; and by the ledger's events what its cache did for this book, how
    often a call was tried again, and what became of circuit breakers that opened. Costs are of embeddings too; calls,
    tokens and seconds are of generation, and those of embeddings stand by themselves.
    """
    totals, embedded = book.ledger.totals(), embeddings(book)
    cache = cache_stats(book)
    return {
        "cache": cache,
        "calls": totals.calls - len(cache_hits(book)),
        "tokens": {"input": totals.input_tokens, "output": totals.output_tokens},
        "cost_usd": totals.cost_usd + embedded.cost_usd,
        "unpriced_calls": totals.unpriced + embedded.unpriced,
        "in_doubt_usd": totals.in_doubt_usd + embedded.in_doubt_usd,
        "seconds": round(totals.seconds, 3),
        "embeddings": asdict(embedded) | {"seconds": round(embedded.seconds, 3)},
        "retries": len(book.ledger.events(types=[EventType.GENERATION_RETRY])),
        "circuits": circuits(book),
    }


def circuits(book: Book) -> list[dict[str, Any]]:
    """The models whose circuit breaker ever changed: the last state on record, since when, and how often it opened.

    An answer closes it as well: one that was open when its process ended is closed for the next.
    """
    found: dict[str, dict[str, Any]] = {}
    answers = (EventType.GENERATION_COMPLETED, EventType.EMBEDDING_COMPLETED)
    for event in book.ledger.events(types=[EventType.PROVIDER_STATE, *answers]):
        model, state = str(event.data.get("model", "")), str(event.data.get("state", "closed"))
        if event.type in answers and found.get(model, {"state": "closed"})["state"] == "closed":
            continue
        opened = found.get(model, {"opened": 0})["opened"] + (state == "open")
        since = event.timestamp.isoformat(timespec="seconds")
        found[model] = {"model": model, "state": state, "since": since, "opened": opened}
    return [found[model] for model in sorted(found)]


def cache_stats(book: Book, run_id: str | None = None) -> dict[str, Any]:
    """Look-ups as recorded in the ledger (of one run, if given), and what the cache of the settings holds now."""
    looked_up = Counter(
        (event.data.get("kind", ""), event.type)
        for event in book.ledger.events(types=["cache_hit", "cache_miss"])
        if run_id in (None, event.run_id)
    )
    try:
        cache = book.services.cache(book.folder)
    except InputError:  # what is set can't be had, as a run would say; what was looked up is on record all the same
        cache = None
    held = cache.stats()["kinds"] if cache is not None else {}
    kinds = {}
    for kind in KINDS:
        now = held.get(kind, {"entries": 0, "bytes": 0})
        counts = rated(looked_up[kind, "cache_hit"], looked_up[kind, "cache_miss"])
        kinds[kind] = {**counts, "entries": now["entries"], "bytes": now["bytes"]}
    return {"backend": cache.name if cache is not None else "none", **summed(kinds.values()), "kinds": kinds}


def _sum_of_costs(attempts: Sequence[Attempt]) -> float | None:
    """None where the cost of any is not known."""
    return sum(a.cost_usd for a in attempts) if all(a.cost_known for a in attempts) else None


def measures(book: Book) -> polars.DataFrame:
    """One row a section and measure: its score as of its last writing."""
    import polars

    scores: dict[str, dict[str, float]] = {}
    for event in book.ledger.events(types=[EventType.SECTION_COMPLETED]):
        scores[event.data["section"]] = event.data.get("measures", {})
    rows = [
        (f"{chapter.number}.{section.number}", name, float(value))
        for chapter, section in book.value.sections()
        for name, value in scores.get(section.id, {}).items()
    ]
    columns = {"section": polars.String, "measure": polars.String, "value": polars.Float64}
    return polars.DataFrame(rows, schema=columns, orient="row")


def run_frame(book: Book, goal: Goal) -> polars.DataFrame:
    """One row a section of `goal`; `chunks` counts the passages retrieved for it, `seconds` its last call."""
    import polars

    columns = {
        "section": polars.String, "title": polars.String, "status": polars.String, "words": polars.Int64,
        "input_tokens": polars.Int64, "output_tokens": polars.Int64, "seconds": polars.Float64,
        "cost_usd": polars.Float64, "chunks": polars.Int64, "model": polars.String,
    }  # fmt: skip
    rows = []
    passages = passages_by_slot(book)
    for chapter, section in book.value.sections():
        if not goal.wants_section(chapter, section):
            continue
        attempts = book.ledger.attempts(Slot(object_id=section.id, kind=SECTION))
        last = attempts[-1] if attempts else None
        rows.append(
            (
                f"{chapter.number}.{section.number}", section.title, str(section.status), section.word_count,
                last.input_tokens if last else 0, last.output_tokens if last else 0,
                last.total_s if last else None, _sum_of_costs(attempts),
                passages.get(str(Slot(object_id=section.id, kind=SECTION)), 0), last.model if last else "",
            )
        )  # fmt: skip
    return polars.DataFrame(rows, schema=columns, orient="row")
