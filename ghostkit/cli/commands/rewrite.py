"""`ghostkit rewrite`: other texts for what is written, to be decided on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.options import json_option, model_option, open_book, path_argument
from ghostkit.cli.terminal import say, say_folded, say_json
from ghostkit.cli.wording import counted, duration, money
from ghostkit.errors import InputError

if TYPE_CHECKING:
    from ghostkit.workbench import Book, Run
    from ghostkit.workbench.revisions import Version


@click.command(short_help="Write sections anew; the texts wait as proposals.")
@path_argument
@click.argument("places", metavar="[2.3 | 2]...", nargs=-1)
@click.option("--stale", is_flag=True, help="What is out of date.")
@click.option("--all", "everything", is_flag=True, help="Everything that is written.")
@click.option("--note", metavar="TEXT", help="What should change.")
@click.option("--variants", type=int, default=1, show_default=True, help="How many texts for each section.")
@click.option("--accept", is_flag=True, help="Take a text at once where the present one is a model's and unlocked.")
@click.option("--parallel", type=int, default=1, show_default=True, help="How many texts at a time.")
@model_option
@click.option("--budget", type=float, metavar="USD", help="Stop before a call that could spend more than this.")
@click.option("--dry-run", is_flag=True, help="Say what it would ask and cost; spends and records nothing.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("--progress", is_flag=True, help="With --json: JSON lines of progress on stderr.")
@json_option
def rewrite(
    path: Path, places: tuple[str, ...], stale: bool, everything: bool, note: str | None, variants: int, accept: bool,
    parallel: int, model: str | None, budget: float | None, dry_run: bool, quiet: bool, progress: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write sections anew. The book keeps its texts: the new ones wait as proposals until you accept them.

    Ctrl-C stops cleanly, and asking again goes on: what was answered is never asked for twice. A text of yours and
    what is locked are never replaced without your word.

    \b
    Examples:
      ghostkit rewrite projects/salt-road 2.3 --note "Less weather."
      ghostkit rewrite projects/salt-road 2.3 --variants 3
      ghostkit rewrite projects/salt-road --stale --accept
      ghostkit rewrite projects/salt-road 2 --dry-run
    """
    if sum(map(bool, (places, stale, everything))) != 1:
        raise InputError("Say what to write anew.", fix="Give a section such as 2.3, a chapter, --stale or --all.")
    if note is not None and not note.strip():
        raise InputError("The note is empty.", fix="Say what should change, or leave --note out.")
    book = open_book(path)
    if stale and _is_up_to_date(book):
        # What was to be reached is so already: no failure, so that a script may ask again and again.
        say_json({"proposals": [], "accepted": []}, indent=None) if as_json else say("Nothing is out of date.")
        return
    asked: dict[str, Any] = {"section": list(places) or None, "stale": stale, "note": note or "", "variants": variants}
    if dry_run:
        _forecast(book, {**asked, "model": model}, budget, as_json)
        return
    from ghostkit.cli.views import choose_view
    from ghostkit.cli.writing import carry_out, outcome, summary

    before = {version.id for version in book.proposals()}
    view = choose_view(quiet=quiet, as_json=as_json, progress=progress)
    run = carry_out(
        lambda: book.rewrite(**asked, accept=accept, parallel=parallel, model=model, budget_usd=budget), view
    )
    problem = outcome(run, path, _again(path, places, stale, everything, note, variants, accept))
    waiting = [v for v in book.proposals() if book.section(v.number).id in run.goal.sections]
    if as_json and run.started_at is not None:
        row = {**summary(run, path), "proposals": [v.as_dict() for v in waiting]}
        row["accepted"] = [v.as_dict() for v in _taken(book, run)]
        say_json(row, indent=None)
    if problem is not None:
        raise problem
    if not as_json and not quiet:
        _tell(book, run, path, waiting, before)


def _is_up_to_date(book: Book) -> bool:
    from ghostkit.ledger import NothingToChange

    try:
        book.sections_to_rewrite(stale=True)
    except NothingToChange:
        return True
    return False


def _again(
    path: Path, places: tuple[str, ...], stale: bool, everything: bool, note: str | None, variants: int, accept: bool
) -> str:
    """The command that goes on with this one."""
    words = ["ghostkit", "rewrite", str(path), *places]
    words += [f"--{name}" for name, given in (("stale", stale), ("all", everything), ("accept", accept)) if given]
    words += ["--note", note] if note else []
    words += ["--variants", str(variants)] if variants != 1 else []
    return shlex.join(words)


def _forecast(book: Book, asked: dict[str, Any], budget: float | None, as_json: bool) -> None:
    import anyio

    from ghostkit.cli.dry_run import lines

    found = anyio.run(lambda: book.rewrite_forecast(**asked))
    if as_json:
        say_json({"dry_run": True, **found.as_dict(), **({"budget_usd": budget} if budget is not None else {})})
        return
    for line in lines(found, budget):
        say(line)


def _taken(book: Book, run: Run) -> list[Version]:
    """Texts that this run made and the book has now."""
    made = {
        attempt.id for id in run.goal.sections for attempt in book.ledger.attempts_of(id, "section")
        if attempt.run_id == run.id
    }  # fmt: skip
    heads = [book.ledger.head(id, "section") for id in run.goal.sections]
    places = {section.id: section for chapter in book.chapters for section in chapter.sections}
    return [places[h.object_id].revision(h.id) for h in heads if h is not None and h.attempt_id in made]


def _summaries(book: Book, run: Run) -> int:
    """How many summaries the book has that this run made."""
    heads = [head for head in book.manuscript.heads() if head.kind.endswith("summary") and head.attempt_id]
    return sum(
        attempt.run_id == run.id
        for head in heads
        for attempt in book.ledger.attempts_of(head.object_id, head.kind)
        if attempt.id == head.attempt_id
    )


def _tell(book: Book, run: Run, path: Path, waiting: list[Version], before: set[int]) -> None:
    totals = book.ledger.totals(run.id)
    taken, summaries = _taken(book, run), _summaries(book, run)
    new = [version for version in waiting if version.id not in before]
    if not totals.calls and waiting:
        say(f"Nothing was asked for: {counted(len(waiting), 'proposal')} of exactly this wait already.")
    else:
        say_folded(
            f"{counted(totals.calls, 'call')} in {duration(run.status()['elapsed_s'])}, "
            f"{money(totals.cost_usd, totals.unpriced)}: "
            f"{counted(len(new), 'new proposal')}, {counted(len(taken), 'text')} taken into the book"
            + (f", {counted(summaries, 'summary', 'summaries')} made again." if summaries else ".")
        )
    for version in waiting:
        say(f"  {version.id}  {version.number} {book.section(version.number).title}: {counted(version.words, 'word')}")
    if waiting:
        say(f"Look: ghostkit diff {path} {waiting[0].number} --to {waiting[0].id}")
        say(f"Then: ghostkit accept {path} {waiting[0].id}   or   ghostkit reject {path} {waiting[0].id}")
