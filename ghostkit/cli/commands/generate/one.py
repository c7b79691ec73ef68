"""One prompt, one model, one answer, and an exit code that says whether it is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ghostkit.cli.boundary import Interrupted
from ghostkit.cli.commands.generate.printing import Printer
from ghostkit.cli.terminal import note, say, say_json
from ghostkit.errors import GhostkitError, IncompleteEnding

if TYPE_CHECKING:
    from ghostkit.generation import GenerationService, StepResult

STREAM_ID = "answer"


def ask_one(
    text: str,
    model: str | None,
    max_tokens: int,
    parameters: Mapping[str, Any],
    streaming: bool | None,
    *,
    live: bool,
    as_json: bool,
) -> None:
    """Ask, show, and raise what stands in the way of an answer."""
    import anyio

    printer = Printer() if live else None
    result, stopped = anyio.run(_ask, text, model, max_tokens, dict(parameters), streaming, printer)
    if as_json:
        say_json(result_row(result), indent=None)
    elif printer is not None:
        printer.end()
    elif result.text:
        say(result.text)
    if result.fell_back and result.text and not as_json:
        note(f"{result.model} answered, since {model or 'the model that was chosen'} could not.")
    if printer is not None and printer.broken:
        raise BrokenPipeError(32, "the reader has left")
    if stopped:
        raise Interrupted("Stopped before the answer was whole.")
    if str(result.ending) != "complete":
        raise problem(result)


async def _ask(
    text: str,
    model: str | None,
    max_tokens: int,
    parameters: dict[str, Any],
    streaming: bool | None,
    printer: Printer | None,
) -> tuple[StepResult, bool]:
    """The result, and whether somebody stopped it."""
    import anyio

    from ghostkit.cli.commands.generate.services import chosen, service_for
    from ghostkit.cli.interrupts import stopping_on_signals

    name = chosen(model)
    service = service_for(streaming)
    result: StepResult | None = None
    scope = anyio.CancelScope()

    def stop() -> None:
        if service.streams.active():
            service.streams.cancel(STREAM_ID)
        else:
            scope.cancel()

    if printer is not None:
        printer.on_broken = stop
    async with stopping_on_signals(stop) as stopped:
        try:
            with scope:
                result = await service.generate(
                    name, text, max_tokens=max_tokens, on_text=printer, stream_id=STREAM_ID, **parameters
                )
        finally:
            await service.aclose()
    return result or _nothing(service), stopped.is_set()


def _nothing(service: GenerationService) -> StepResult:
    """Stopped while no answer was coming, between two tries."""
    from ghostkit.generation import StepResult
    from ghostkit.ledger import Slot
    from ghostkit.providers import Ending

    totals = service.ledger.totals()
    slot = Slot(object_id="none", kind="text")
    return StepResult(
        slot=slot,
        text="",
        ending=Ending.CANCELLED,
        served_by="provider",
        cost_usd=totals.cost_usd,
        cost_known=not totals.unpriced,
        attempts=totals.calls,
    )


def result_row(result: StepResult) -> dict[str, Any]:
    usage = result.usage
    return {
        "text": result.text,
        "ending": str(result.ending),
        "usage": {
            "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "source": usage.source,
        },
        "cost_usd": result.cost_usd if result.cost_known else None,
        "attempts": result.attempts,
    }  # fmt: skip


def problem(result: StepResult) -> GhostkitError:
    """Why it is no answer."""
    ending = str(result.ending)
    if ending == "error" and result.error is not None:
        return result.error
    ways = {
        "length": ("it reached the token limit", "Give a larger --max-tokens."),
        "truncated": ("the stream broke off", "Try again."),
        "refused": ("the model refused", "Ask differently, or choose another model with --model."),
        "cancelled": ("it was stopped", "Try again."),
    }
    why, fix = ways.get(ending, ("it failed", "Try again."))
    return IncompleteEnding(f"The answer is not complete ({ending}): {why}.", fix=fix)
