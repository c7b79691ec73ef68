"""`ghostkit write --dry-run`: what it would ask and cost. Spends nothing, records nothing, takes no lease."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.cli.commands.receipt import print_messages
from ghostkit.cli.terminal import say, say_json
from ghostkit.cli.wording import counted, money

if TYPE_CHECKING:
    from ghostkit.generation import PromptService
    from ghostkit.workbench import Book
    from ghostkit.writing.forecast import Forecast, Preview

MOST_SPANS = 6
_KINDS = {
    "outline": ("outline of the book", "outlines of the book"),
    "characters": ("cast", "casts"),
    "chapter_outline": ("chapter outline", "chapter outlines"),
    "section": ("section", "sections"),
    "chapter_summary": ("chapter summary", "chapter summaries"),
    "glossary": ("glossary", "glossaries"),
    "span8_summary": ("summary of eight chapters", "summaries of eight chapters"),
    "span64_summary": ("summary of sixty-four chapters", "summaries of sixty-four chapters"),
}


def dry_run(
    book: Book, path: Path, *, until: str | None, model: str | None, budget: float | None, section: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Print the forecast, and the messages for `section` if one is named."""
    found, shown = anyio.run(_look_ahead, book, until, model, section)
    if as_json:
        say_json(_row(found, shown, budget))
        return
    for line in lines(found, budget):
        say(line)
    if shown is not None:
        _print_preview(shown, path)


async def _look_ahead(
    book: Book, until: str | None, model: str | None, section: str | None
) -> tuple[Forecast, Preview | None]:
    from ghostkit.book import style_named
    from ghostkit.workbench import check_model
    from ghostkit.writing.forecast import forecast, preview
    from ghostkit.writing.plan import Goal

    # Not book.choose_model(model): that would note the choice in book.json.
    given: dict[str, Any] = {
        "model": check_model(model, book.services.providers) if model else book.choose_model(None),
        "goal": Goal(until=book.place(until)),
        "style": style_named(book.value.style, book.folder),
        "options": book.services.options,
        "prompts": _checked_prompts(book),
        "providers": book.services.providers,
        "context": book.context_source(looking=True, asking_nobody=True),
        "rag": book.rag,
    }
    shown = await preview(book.manuscript, section, **given) if section else None
    return await forecast(book.manuscript, **given), shown


def _checked_prompts(book: Book) -> PromptService:
    prompts = book.services.prompts([book.folder.templates])
    prompts.check()
    return prompts


def _row(found: Forecast, shown: Preview | None, budget: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"dry_run": True, **found.as_dict()}
    if budget is not None:
        row["budget_usd"] = budget
    if shown is not None:
        row["prompt"] = shown.as_dict()
    return row


def lines(found: Forecast, budget: float | None) -> list[str]:
    """The forecast, for people."""
    if not found.calls:
        return [f"Nothing is left to write of {found.goal}: no call, no cost."]
    kinds = [call.kind for call in found.calls]
    by_kind = [counted(kinds.count(kind), *names) for kind, names in _KINDS.items() if kind in kinds]
    source = "counted by the provider" if found.counted else "estimated"
    most = sum(call.max_tokens for call in found.calls)
    told = [
        f"{found.goal[0].upper()}{found.goal[1:]}, with {found.model}. Nothing is sent.",
        f"  calls     {len(found.calls)}: {', '.join(by_kind)}",
        f"  sections  {_spans([call.number for call in found.sections])}",
        f"  input     about {found.input_tokens:,} tokens ({source})",
        f"  output    about {found.output_tokens:,} tokens ({found.output_basis}); at most {most:,}",
        f"  cost      {_cost(found)}",
    ]
    if budget is not None:
        told.append(f"  budget    {money(budget)}: {_verdict(found, budget)}")
    return told


def _cost(found: Forecast) -> str:
    if found.low_usd is None or found.high_usd is None:
        return "unknown: the provider gives no price"
    if found.high_usd == 0:
        return "nothing: the model is free"
    return f"{money(found.low_usd)} to {money(found.high_usd)}, without retries"


def _verdict(found: Forecast, budget: float) -> str:
    if found.low_usd is None or found.high_usd is None:
        return "can't be judged without a price"
    if budget >= found.high_usd:
        return "enough"
    return "may be reached before the end" if budget >= found.low_usd else "will be reached before the end"


def _spans(numbers: list[str]) -> str:
    """`1.3 to 1.4, 2.1 to 2.4 (6)`: sections of a chapter that follow one another in one span."""
    spans: list[list[str]] = []
    for number in numbers:
        chapter, _, section = number.partition(".")
        if spans and spans[-1][-1] == f"{chapter}.{int(section) - 1}":
            spans[-1].append(number)
        else:
            spans.append([number])
    told = [span[0] if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans]
    if len(told) > MOST_SPANS:
        told = [*told[: MOST_SPANS - 1], "…", told[-1]]
    return f"{', '.join(told)} ({len(numbers)})" if told else "none"


def _print_preview(shown: Preview, path: Path) -> None:
    say()
    if shown.known:
        say(f"For {shown.section} {shown.title} this would be sent (fingerprint {shown.fingerprint[:16]}…):")
        print_messages([{"role": m.role, "parts": list(m.parts)} for m in shown.messages])
        return
    say(f"The prompt of {shown.section} can't be shown. {shown.why}" if shown.needs else shown.why)
    if shown.needs in ("outline", "characters", "chapter_outline"):
        say(f"Plan it with: ghostkit outline {path}")
    elif shown.needs:
        say(f"Write what stands before it with: ghostkit write {path} --until {shown.section}")
    elif not shown.needs and "receipt" in shown.why:
        say(f"See it with: ghostkit receipt {path} {shown.section} --prompt")
