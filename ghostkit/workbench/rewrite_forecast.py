"""What a re-write would ask for and cost. Nothing is sent or recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostkit.book.styles import style_named
from ghostkit.errors import ProviderError
from ghostkit.generation import GenerationService, StepSpec
from ghostkit.ledger import Slot, in_thread
from ghostkit.providers import Provider, Request
from ghostkit.providers.estimating import estimate_count
from ghostkit.providers.prices import with_set_prices
from ghostkit.workbench.model_choice import check_model
from ghostkit.workbench.rewriting import described
from ghostkit.writing.forecast import (
    OTHER_TOKENS_A_WORD,
    TOKENS_A_WORD,
    Forecast,
    PlannedCall,
    cost,
)
from ghostkit.writing.plan import SECTION, Goal
from ghostkit.writing.revising import Remake, Reviser, Wish, check_wish, request_for
from ghostkit.writing.writer import BookWriter

if TYPE_CHECKING:
    from ghostkit.workbench.book import Book


async def forecast_rewrite(
    book: Book, sections: Sequence[str], *, note: str, variants: int, stale: bool, model: str | None
) -> Forecast:
    """The calls that are left to make; what waits already is not among them.

    With `stale` the summaries that are out of date now are; those that the new sections will make so can't be known.
    """
    checked = check_wish(note, variants, accept=False)
    wish = Wish(sections=tuple(sections), note=checked, variants=variants, stale=stale)
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
            context=book.context_source(looking=True, asking_nobody=True),
            rag=book.rag,
        )
        reviser = Reviser(writer, wish)
        provider, bare = service.provider_for(name)
        calls = [
            await _call(book, provider, bare, remake.spec)
            for remake in (await in_thread(_summaries, reviser) if stale else ())
        ]
        for section_id in wish.sections:
            for draw in await reviser.draws(section_id):
                if draw.state != "there":
                    calls.append(await _call(book, provider, bare, draw.spec))
        info = with_set_prices(provider.info(bare))
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


def _summaries(reviser: Reviser) -> list[Remake]:
    """Those that are out of date and were never answered for."""
    found: list[Remake] = []
    known: set[tuple[str, str, str]] = set()
    while (remake := reviser.stale_summary(None, known)) is not None:
        known.add(reviser.key_of(remake.spec))
        found += [remake] if remake.answered is None else []
    return found


async def _call(book: Book, provider: Provider, bare_model: str, spec: StepSpec) -> PlannedCall:
    request = request_for(spec, bare_model)
    tokens, counted = await _count(provider, request)
    rate = TOKENS_A_WORD.get(book.value.language.split("-")[0].lower(), OTHER_TOKENS_A_WORD)
    number, title, words = _named(book, spec.slot)
    return PlannedCall(
        slot=str(spec.slot),
        kind=spec.slot.kind,
        number=number,
        title=title,
        known=True,
        counted=counted,
        input_tokens=tokens,
        output_tokens=min(round(words * rate), request.max_tokens),
        max_tokens=request.max_tokens,
    )


def _named(book: Book, slot: Slot) -> tuple[str, str, int]:
    """Number and title of what a slot's text is for, and how many words the text there has."""
    head = book.ledger.head(slot.object_id, slot.kind)
    words = len(head.text.split()) if head is not None else 0
    if slot.kind == SECTION:
        chapter, section = book.manuscript.section(slot.object_id)
        return f"{chapter.number}.{section.number}", section.title, words or book.value.settings.words
    chapter = book.manuscript.chapter(slot.object_id)
    return str(chapter.number), chapter.title, words


async def _count(provider: Provider, request: Request) -> tuple[int, bool]:
    try:
        counted = await provider.count_tokens(request)
    except ProviderError:  # it can't be reached: no reason to give no forecast
        counted = estimate_count(request, provider.name)
    return counted.tokens, counted.exact
