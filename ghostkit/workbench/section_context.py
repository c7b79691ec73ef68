"""The exact context that a section would get now: messages, the shares of their parts, how passages were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ghostkit.book.styles import style_named
from ghostkit.errors import ModelChoiceNeeded
from ghostkit.generation import Budget, GenerationService
from ghostkit.ledger import in_thread
from ghostkit.providers import Message
from ghostkit.workbench.model_choice import DEFAULT_MODEL, check_model
from ghostkit.writing.manuscript import find_section
from ghostkit.writing.material import Material
from ghostkit.writing.plan import SECTION, Goal, Node
from ghostkit.writing.writer import BookWriter

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


@dataclass(frozen=True, kw_only=True)
class SectionContext:
    """What a model would read for one section. `shares` are estimated tokens; `evidence` says how it was found."""

    number: str
    title: str
    model: str
    mode: str
    messages: tuple[Message, ...]
    shares: Mapping[str, int]
    evidence: Mapping[str, Any]
    inputs: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the contract of `ghostkit context --json`."""
        return {
            "section": self.number,
            "title": self.title,
            "model": self.model,
            "mode": self.mode,
            "shares": dict(self.shares),
            "messages": [{"role": one.role, "parts": list(one.parts)} for one in self.messages],
            "retrieval": dict(self.evidence),
            "inputs": dict(self.inputs),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return "\n\n".join(message.text for message in self.messages)

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {tokens:,}" for name, tokens in self.shares.items())
        return f"<SectionContext {self.number}: {told} tokens, {len(self.evidence.get('hits', ()))} passages found>"


async def section_context(book: Book, number: str, model: str | None) -> SectionContext:
    """As `BookWriter` would make it; nothing is sent to the model and nothing recorded."""
    await in_thread(book.look_for_edits)
    chapter, section = find_section(book.value, number)
    name = _model(book, model)
    service = _service(book)
    try:
        await service.ready(name)
        style = await in_thread(style_named, book.value.style, book.folder)
        writer = BookWriter(
            book.manuscript,
            service,
            model=name,
            style=style,
            goal=Goal(),
            context=book.context_source(looking=True),
            rag=book.rag,
        )
        node = Node(object_id=section.id, kind=SECTION)
        found = await writer.retrieved(node)
        made = await in_thread(writer.sources.material, node, found.passages)
        prompt = service.prompts.render(made.template, **made.variables)
    finally:
        await service.aclose()
    return SectionContext(
        number=f"{chapter.number}.{section.number}",
        title=section.title,
        model=name,
        mode=str(book.rag.mode),
        messages=prompt.messages,
        shares=_shares(made),
        evidence=found.evidence,
        inputs=made.inputs,
        notes=(*made.notes, *found.evidence.get("notes", ())),
    )


def _service(book: Book) -> GenerationService:
    return GenerationService(
        ledger=book.ledger,
        who=book.who(),
        events=book.events,
        prompts=book.services.prompts([book.folder.templates]),
        providers=book.services.providers,
        streams=book.streams,
        budget=Budget(None),
        options=book.services.options,
    )


def _model(book: Book, model: str | None) -> str:
    """As `write` would choose it; looking needs no choice where writing would ask for one."""
    try:
        return check_model(model, book.services.providers) if model else book.choose_model(None)
    except ModelChoiceNeeded:
        return DEFAULT_MODEL


def _shares(made: Material) -> dict[str, int]:
    shares = made.shares.as_dict() if made.shares else {}
    return {**shares, "budget": made.budget_tokens}
