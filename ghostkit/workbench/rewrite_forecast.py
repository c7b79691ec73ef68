"""What a re-write would ask for and cost. Nothing is sent or recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostkit.book.styles import style_named
from ghostkit.errors import ProviderError
from ghostkit.generation import GenerationService
from ghostkit.ledger import in_thread
from ghostkit.providers import Provider, Request
from ghostkit.workbench.model_choice import check_model
from ghostkit.workbench.rewriting import described
from ghostkit.writing.forecast import (
    CHARACTERS_A_TOKEN,
    OTHER_TOKENS_A_WORD,
    TOKENS_A_WORD,
    Forecast,
    PlannedCall,
    cost,
)
from ghostkit.writing.plan import SECTION, Goal
from ghostkit.writing.revising import Draw, Reviser, Wish, check_wish, request_for
from ghostkit.writing.writer import BookWriter

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


async def forecast_rewrite(
    book: Book, sections: Sequence[str], *, note: str, variants: int, model: str | None
) -> Forecast:
    """The calls that are left to make; what waits already is not among them."""
    wish = Wish(sections=tuple(sections), note=check_wish(note, variants, accept=False), variants=variants)
    # Not book.choose_model(model): that would note the choice in book.json.
    name = check_model(model, book.services.providers) if model else book.choose_model(None)
    service = GenerationService(
        ledger=book.ledger,
        who=book.who(),
        prompts=book.services.prompts([book.folder.templates]),
        providers=book.services.providers,
        options=book.services.options,
    )
    try:
        style = await in_thread(style_named, book.value.style, book.folder)
        writer = await in_thread(
            BookWriter,
            book.manuscript,
            service,
            model=name,
            style=style,
            goal=Goal(sections=wish.sections),
            context=book.services.context(book.folder),
        )
        reviser = Reviser(writer, wish)
        provider, bare = service.provider_for(name)
        calls = []
        for section_id in wish.sections:
            for draw in await reviser.draws(section_id):
                if draw.state != "there":
                    calls.append(await _call(book, provider, bare, draw))
        info = provider.info(bare)
    finally:
        await service.aclose()
    low, high = cost(info, tuple(calls))
    return Forecast(
        goal=described(book, wish),
        model=f"{info.provider}:{info.model}",
        calls=tuple(calls),
        low_usd=low,
        high_usd=high,
        output_basis="as long as the text there is",
    )


async def _call(book: Book, provider: Provider, bare_model: str, draw: Draw) -> PlannedCall:
    request = request_for(draw.spec, bare_model)
    tokens, counted = await _count(provider, request)
    chapter, section = book.manuscript.section(draw.spec.slot.object_id)
    rate = TOKENS_A_WORD.get(book.value.language.split("-")[0].lower(), OTHER_TOKENS_A_WORD)
    words = section.word_count or book.value.settings.words
    return PlannedCall(
        slot=str(draw.spec.slot),
        kind=SECTION,
        number=f"{chapter.number}.{section.number}",
        title=section.title,
        known=True,
        counted=counted,
        input_tokens=tokens,
        output_tokens=min(round(words * rate), request.max_tokens),
        max_tokens=request.max_tokens,
    )


async def _count(provider: Provider, request: Request) -> tuple[int, bool]:
    try:
        return (await provider.count_tokens(request)).tokens, True
    except ProviderError:  # it can't be reached: no reason to give no forecast
        return round(sum(len(message.text) for message in request.messages) / CHARACTERS_A_TOKEN), False
