"""Ask a model something beside the book: answers that have no place in it and leave no trace in its ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ghostkit.generation import GenerationService, StepSpec, complete_text
from ghostkit.ledger import Slot, SqliteLedger, text_hash
from ghostkit.writing.material import title_variables

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


@asynccontextmanager
async def aside(book: Book) -> AsyncIterator[GenerationService]:
    """A service like the book's own, with a ledger in memory."""
    service = GenerationService(
        ledger=SqliteLedger(None),
        who=book.who(),
        events=book.events,
        prompts=book.services.prompts([book.folder.templates]),
        providers=book.services.providers,
        streams=book.streams,
        options=book.services.options,
    )
    service.ledger.acquire_lease({"goal": "a prompt"})
    try:
        yield service
    finally:
        await service.aclose()
        service.ledger.close()


async def propose_title(book: Book, model: str | None) -> str:
    value = book.value
    async with aside(book) as service:
        spec = StepSpec(
            slot=Slot(object_id=value.id, kind="title"),
            model=book.choose_model(model),
            prompt=service.prompts.render("title", **title_variables(value)),
            max_tokens=100,
            inputs={"brief": text_hash(value.instructions)},
        )
        text = complete_text(await service.run_step(spec))
    return " ".join(text.split()).strip('"“”')
