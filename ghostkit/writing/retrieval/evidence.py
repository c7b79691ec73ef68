"""The record of a retrieval: what was asked and found, how the window was shared, what of it is in the prose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ghostkit.book.model import Section
from ghostkit.events import Event, EventType
from ghostkit.ports import FoundContext
from ghostkit.writing.material import Material

if TYPE_CHECKING:
    from ghostkit.rag.context.passages import Passage
    from ghostkit.rag.retrieval.result import Dropped, Hit, Retrieval

RETRIEVAL_KEY: Final = "retrieval:"
_MANY: Final = ("beyond top_k", "threshold")
MOST_BEYOND: Final = 10
LONGEST_QUERY: Final = 2000
"""Characters of a query that an event keeps; a section's own is in its plan besides."""
_SHOWN: Final = re.compile(r"<passage from=\"[^\"\n]*\">\n(.*)\n</passage>", re.DOTALL)
_NOT_KNOWN: Final = ("retrieved", "style_guide")


def query_for(section: Section) -> str:
    """What is looked for on behalf of a section: what its plan says of it."""
    return "\n".join([section.title, section.brief, *section.points])


def plain_passage(shown: str) -> str:
    """The words of a passage as a prompt has it, without the tag around them."""
    found = _SHOWN.fullmatch(shown.strip())
    return found[1] if found else shown.strip()


def evidence_of(
    found: Retrieval, *, slot: str, retrieval_id: str, settings: Mapping[str, Any], as_of: tuple[int, int] | None,
    passages: list[Passage] | None = None, no_room: list[Hit] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The data of a `rag_retrieval_completed` event; `passages` are what went into a prompt, None: there is none."""
    tokens = {one.hit.chunk.id: one.tokens for one in passages or ()}
    crowded_out = {hit.chunk.id for hit in no_room or ()}
    hits = [{**_hit(hit), **_fate(hit, tokens, crowded_out, passages is None)} for hit in found.hits]
    return {
        "retrieval": retrieval_id,
        "slot": slot,
        "query": found.query[:LONGEST_QUERY],
        "config": found.config_id,
        "settings": dict(settings),
        "embedder": found.embedder,
        "as_of": list(as_of) if as_of else None,
        "hits": hits,
        "dropped": [_dropped(one) for one in _nearest(found.dropped)],
        "dropped_in_all": len(found.dropped),
        "ms": round(found.ms.get("total", 0.0), 3),
        "times": {stage: round(ms, 3) for stage, ms in found.ms.items()},
        "cache_hit": found.cache_hit,
        "index": found.index_version,
        "notes": list(found.notes),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    where = hit.chunk.metadata
    return {
        "chunk": hit.chunk.id,
        "document": where.document,
        "kind": where.kind,
        "chapter": hit.chunk.chapter_num,
        "section": hit.chunk.section_num,
        "start": where.start,
        "end": where.end,
        "revision": where.revision,
        "rank": hit.rank,
        "score": round(hit.score, 4),
        "parts": {name: round(score, 4) for name, score in hit.parts.items()},
        "merged": list(hit.merged),
    }


def _fate(hit: Hit, tokens: Mapping[str, int], crowded_out: set[str], only_looking: bool) -> dict[str, Any]:
    if hit.chunk.id in crowded_out:
        return {"kept": False, "why": "no room"}
    if only_looking:
        return {"kept": False, "why": "a search"}
    return {"kept": True, "tokens": tokens.get(hit.chunk.id, 0)}


def _nearest(dropped: Sequence[Dropped]) -> list[Dropped]:
    """All that say more than that there was better; of those that don't, the best few. 190 of them made an event of
    14 kB for each section."""
    telling = [one for one in dropped if one.why not in _MANY]
    beyond = sorted((one for one in dropped if one.why in _MANY), key=lambda one: -one.score)
    return telling + beyond[:MOST_BEYOND]


def _dropped(one: Dropped) -> dict[str, Any]:
    return {"chunk": one.chunk_id, "score": round(one.score, 4), "why": one.why}


def retrieval_events(found: FoundContext, made: Material) -> list[Event]:
    """What commits with the intent of a section that something was looked up for."""
    if not found.evidence:
        return []
    shares = {**made.shares.as_dict(), "budget": made.budget_tokens} if made.shares else {}
    return [
        Event(
            type=EventType.RAG_RETRIEVAL_COMPLETED,
            data={**found.evidence, "shares": shares},
            source="retrieval",
            key=f"{RETRIEVAL_KEY}{found.evidence['retrieval']}",
        )
    ]


def with_overlap(event: Event, found: FoundContext, made: Material, text: str) -> Event:
    """The event of a completed section with how much of what was retrieved is in its prose, passage by passage."""
    if event.type is not EventType.SECTION_COMPLETED:
        return event
    overlap = overlap_by_passage(found.plain or found.passages, made, text) if found.passages else {}
    data = {**event.data, "retrieval": found.evidence.get("retrieval", ""), "overlap": overlap}
    return replace(event, data=data)


def overlap_by_passage(passages: Mapping[str, str], made: Material, text: str) -> dict[str, dict[str, Any]]:
    """By passage name; what the section was told elsewhere is no sign that it read the passage."""
    from ghostkit.rag.context.usage import Prose, use_of

    known = "\n".join(_strings(made))
    prose = Prose(text, str(made.variables.get("language", "")), known=known)
    found = {name.rpartition(":")[2]: use_of(passage, prose) for name, passage in passages.items()}
    return {name: {"overlaps": one.used, "score": round(one.score, 4), "how": one.told} for name, one in found.items()}


def _strings(made: Material) -> list[str]:
    told: list[str] = []
    for name, value in made.variables.items():
        if name not in _NOT_KNOWN:
            told += value if isinstance(value, list) else [str(value)]
    return told
