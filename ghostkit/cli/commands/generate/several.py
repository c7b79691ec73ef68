"""One prompt to several models: the winner's text, or a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ghostkit.cli.boundary import Interrupted
from ghostkit.cli.commands.generate.printing import LeaderPrinter
from ghostkit.cli.terminal import note, say, say_json
from ghostkit.errors import GhostkitError, IncompleteEnding

if TYPE_CHECKING:
    from ghostkit.generation.fanout import FanOut, ModelResult


class NobodyAnswered(GhostkitError):
    """None of the models gave a whole answer."""

    code = "incomplete"


def ask_several(
    text: str,
    models: Sequence[str],
    options: Mapping[str, Any],
    streaming: bool | None,
    *,
    live: bool,
    as_json: bool,
) -> None:
    """Ask, show, and raise what stands in the way of a winner."""
    import anyio

    printer = LeaderPrinter() if live and options["mode"] == "first" else None
    fanned, stopped = anyio.run(_ask, text, tuple(models), dict(options), streaming, printer)
    if as_json:
        say_json(fan_out_row(fanned), indent=None)
    else:
        _show(fanned, printer)
    if printer is not None and printer.printer.broken:
        raise BrokenPipeError(32, "the reader has left")
    if stopped and fanned.winner is None:
        raise Interrupted("Stopped before an answer was whole.")
    trouble = problem(fanned)
    if trouble is not None:
        raise trouble


async def _ask(
    text: str, models: tuple[str, ...], options: dict[str, Any], streaming: bool | None, printer: LeaderPrinter | None
) -> tuple[FanOut, bool]:
    """What came of it, and whether somebody stopped it."""
    import anyio

    from ghostkit.cli.commands.generate.services import chosen, service_for
    from ghostkit.cli.interrupts import stopping_on_signals
    from ghostkit.generation.fanout import fan_out

    names = [chosen(name) for name in models]
    options["judge"] = chosen(options["judge"]) if options["judge"] else None
    service = service_for(streaming)
    stop = anyio.Event()
    if printer is not None:
        printer.printer.on_broken = stop.set
    async with stopping_on_signals(stop.set) as stopped:
        try:
            fanned = await fan_out(service, text, names, on_piece=printer, stopping=stop, **options)
        finally:
            await service.aclose()
    return fanned, stopped.is_set()


def _show(fanned: FanOut, printer: LeaderPrinter | None) -> None:
    winner = fanned.winner
    if printer is not None:
        printer.end(winner.model if winner else "", winner.text if winner else "")
    elif winner is not None:
        say(winner.text)
    if fanned.mode == "all":
        for one in fanned.results:
            say(f"## {one.model}\n\n{one.text or _why_not(one)}\n")
    if fanned.judgement is not None:
        note(fanned.judgement.sentence)


def _why_not(one: ModelResult) -> str:
    return f"({one.error.message if one.error is not None else one.ending})"


def problem(fanned: FanOut) -> GhostkitError | None:
    """What the program ends with; None where somebody won, or everybody answered whole."""
    whole = sum(one.is_complete for one in fanned.results)
    if fanned.winner is not None or (fanned.mode == "all" and whole == len(fanned.results)):
        return None
    trouble = fanned.problem()
    if isinstance(trouble, IncompleteEnding) and not (fanned.mode == "all" and whole):
        return NobodyAnswered(trouble.message, fix=trouble.fix)
    return trouble


def fan_out_row(fanned: FanOut) -> dict[str, Any]:
    """JSON-ready. `winner` is a model's name or null; `cost_usd` is everybody's, the judge's too."""
    winner, judgement = fanned.winner, fanned.judgement
    return {
        "mode": fanned.mode,
        "winner": winner.model if winner else None,
        "text": winner.text if winner else None,
        "cost_usd": fanned.cost_usd,
        "results": [_result_row(one) for one in fanned.results],
        "judgement": None
        if judgement is None
        else {
            "model": judgement.model,
            "best": judgement.best,
            "reason": judgement.reason,
            "text": judgement.text,
            "cost_usd": judgement.cost_usd,
            "error": judgement.error.as_dict() if judgement.error else None,
        },
    }


def _result_row(one: ModelResult) -> dict[str, Any]:
    return {
        "model": one.model,
        "text": one.text,
        "ending": str(one.ending),
        "usage": {
            "input_tokens": one.usage.input_tokens,
            "output_tokens": one.usage.output_tokens,
            "source": one.usage.source,
        },
        "cost_usd": one.cost_usd if one.cost_source != "unknown" else None,
        "cost_source": one.cost_source,
        "attempts": one.attempts,
        "first_token_ms": one.first_token_ms,
        "total_ms": one.total_ms,
        "won": one.won,
        "error": one.error.as_dict() if one.error is not None else None,
    }
