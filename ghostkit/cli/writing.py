"""Carry a run out in front of somebody: show it, log its events, and stop it cleanly when they say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.cli.boundary import Interrupted
from ghostkit.cli.interrupts import stopping_on_signals
from ghostkit.cli.views import View
from ghostkit.cli.watch import Watch
from ghostkit.cli.wording import counted, duration, money
from ghostkit.errors import GhostkitError, IncompleteEnding

if TYPE_CHECKING:
    from pathlib import Path

    from ghostkit.workbench import Run


def carry_out(start: Callable[[], Run], view: View) -> Run:
    """Run it to its end, however that is; raises what kept it from starting."""
    runs: list[Run] = []
    refused: list[Exception] = []

    async def work() -> None:
        from ghostkit.workbench import background

        async with background():
            # An error leaves the task group by hand, so that it isn't wrapped in an exception group.
            try:
                runs.append(start())
            except Exception as error:
                refused.append(error)
                return
            await _accompany(runs[0], view)

    try:
        anyio.run(work)
    finally:
        view.close()
    if refused:
        raise refused[0]
    return runs[0]


async def _accompany(run: Run, view: View) -> None:
    watch = Watch(run)

    def stop() -> None:
        watch.stopping = True
        view.tick(watch)
        run.cancel()

    try:
        async with stopping_on_signals(stop, view.close), anyio.create_task_group() as tasks:
            tasks.start_soon(_draw, watch, view)
            await run.wait()
            tasks.cancel_scope.cancel()
        view.tick(watch)
    finally:
        watch.close()
        view.close()


async def _draw(watch: Watch, view: View) -> None:
    view.begin(watch)
    while True:
        view.tick(watch)
        await anyio.sleep(view.interval_s)


def summary(run: Run, path: Path) -> dict[str, Any]:
    """How a run came out, for programs."""
    from ghostkit.workbench.reports import cache_hits

    status = run.status()
    totals, cached = run.book.ledger.totals(run.id), len(cache_hits(run.book, run.id))
    return {
        "state": status["state"], "reason": status["reason"], "run": run.id, "goal": run.goal_text,
        "model": run.model, "title": run.book.title, "path": str(path), "words": status["words"],
        "sections_done": status["sections_done"], "sections_total": status["sections_total"],
        "calls": totals.calls - cached, "cached": cached, "cost_usd": totals.cost_usd,
        "unpriced_calls": totals.unpriced, "in_doubt_usd": totals.in_doubt_usd, "seconds": status["elapsed_s"],
    }  # fmt: skip


def outcome(run: Run, path: Path, again: str) -> GhostkitError | None:
    """The error a run ended with, in words that say how to go on; None if it came out whole."""
    state = str(run.state)
    if state == "done":
        return None
    if state == "cancelled":
        return Interrupted(f"Stopped. {_so_far(run)}", fix=f"Go on with: {again}")
    if state == "incomplete":
        if isinstance(run.error, GhostkitError):
            return run.error
        return IncompleteEnding(run.reason or "The run did not finish.", fix=f"Try again with: {again}")
    if isinstance(run.error, GhostkitError):
        return run.error
    if run.error is not None:
        raise run.error
    return GhostkitError(run.reason or f"The run ended as {state}.", fix=f"Try again with: {again}")


def _so_far(run: Run) -> str:
    status = run.status()
    total = status["sections_total"]
    if not total:
        return "What was planned is kept."
    begun = [s for s, pieces in run.progress_meter.texts.items() if any(pieces)]
    places = sorted((c.number, s.number) for c, s in run.book.value.sections() if s.id in begun)
    also = f", and so is the start of {', '.join(f'{c}.{s}' for c, s in places)}" if places else ""
    return f"{status['sections_done']} of {counted(total, 'section')} written and kept{also}."


def done_line(found: dict[str, Any]) -> str:
    """The summary in a sentence."""
    if not found["calls"] and not found["cached"]:
        return f"{found['title']}: nothing was left to write of {found['goal']}."
    cached = f" and {found['cached']:,} from the cache" if found["cached"] else ""
    many = counted(found["sections_total"] or 0, "section")
    return (
        f"{found['title']}: {found['goal']} is written, {many}; {counted(found['words'], 'word')} "
        f"in {duration(found['seconds'])}, {counted(found['calls'], 'call')}{cached}, "
        f"{money(found['cost_usd'], found['unpriced_calls'])}."
    )
