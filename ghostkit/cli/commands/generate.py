"""`ghostkit generate`: one prompt, one answer, beside any book."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ghostkit.cli.boundary import Interrupted
from ghostkit.cli.options import json_option, model_option
from ghostkit.cli.terminal import is_terminal, printable, say, say_json
from ghostkit.errors import GhostkitError, IncompleteEnding, InputError

if TYPE_CHECKING:
    from ghostkit.generation import GenerationService, StepResult

LONGEST_PROMPT = 2_000_000
STREAM_ID = "answer"


@click.command(short_help="Send one prompt to a model.")
@click.argument("prompt")
@model_option
@click.option("--max-tokens", type=click.IntRange(min=1), default=2048, show_default=True, help="Longest answer.")
@click.option("--stream/--no-stream", "streaming", default=None, help="As it comes (a terminal's default), or whole.")
@json_option
def generate(prompt: str, model: str | None, max_tokens: int, streaming: bool | None, as_json: bool) -> None:
    """Send PROMPT to a model and print the answer; with - as PROMPT it is read from stdin.

    Ends with 0 only for a complete answer, 3 for one that was cut, refused or stopped.

    \b
    Examples:
      ghostkit generate "Describe a dead sea in two sentences."
      ghostkit generate - --model rehearsal:teacher < question.txt
      ghostkit generate "A title for a book about salt" --no-stream --json
    """
    import anyio

    text = _prompt(prompt)
    live = streaming if streaming is not None else is_terminal(sys.stdout)
    printer = _Printer() if live and not as_json else None
    result, stopped = anyio.run(_ask, text, model, max_tokens, streaming, printer)
    if as_json:
        say_json(result_row(result), indent=None)
    elif printer is not None:
        printer.end()
    elif result.text:
        say(result.text)
    if printer is not None and printer.broken:
        raise BrokenPipeError(32, "the reader has left")
    if stopped:
        raise Interrupted("Stopped before the answer was whole.")
    if str(result.ending) != "complete":
        raise _problem(result)


def _prompt(given: str) -> str:
    text = given
    if given == "-":
        data = sys.stdin.buffer.read(LONGEST_PROMPT + 1) if sys.stdin is not None else b""
        if len(data) > LONGEST_PROMPT:
            raise InputError("The prompt is over 2 MB.", fix="Give a shorter one.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InputError("The prompt on stdin is not UTF-8 text.", fix="Save it as UTF-8 and try again.") from None
    if not text.strip():
        raise InputError("The prompt is empty.", fix="Say what you want to read.")
    return text


class _Printer:
    """Prints pieces as they come."""

    def __init__(self) -> None:
        self.broken = False
        self.on_broken: Callable[[], None] = lambda: None
        self._last = ""

    def __call__(self, piece: str) -> None:
        if self.broken:
            return
        try:
            sys.stdout.write(printable(piece))
            sys.stdout.flush()
        except OSError:
            self.broken = True
            self.on_broken()
        self._last = piece or self._last

    def end(self) -> None:
        if self._last and not self._last.endswith("\n") and not self.broken:
            say()


async def _ask(
    text: str, model: str | None, max_tokens: int, streaming: bool | None, printer: _Printer | None
) -> tuple[StepResult, bool]:
    """The result, and whether somebody stopped it."""
    import anyio

    from ghostkit.cli.interrupts import stopping_on_signals

    service, name = _service(model, streaming)
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
                result = await service.generate(name, text, max_tokens=max_tokens, on_text=printer, stream_id=STREAM_ID)
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
        attempts=totals.calls,
    )


def _service(model: str | None, streaming: bool | None) -> tuple[GenerationService, str]:
    from dataclasses import replace

    from ghostkit import __version__
    from ghostkit.generation import GenerationOptions, GenerationService
    from ghostkit.ledger import SqliteLedger, Who
    from ghostkit.settings import get_settings
    from ghostkit.workbench import check_model
    from ghostkit.workbench.services import options_from_settings

    settings = get_settings()
    name = check_model(model or settings.model or "rehearsal")

    def options() -> GenerationOptions:
        now = options_from_settings()
        return now if streaming is None else replace(now, streaming=streaming)

    ledger = SqliteLedger(None)
    ledger.acquire_lease({"goal": "a prompt"})
    who = Who(actor=settings.actor, ghostkit_version=__version__)
    return GenerationService(ledger=ledger, who=who, options=options), name


def result_row(result: StepResult) -> dict[str, Any]:
    usage = result.usage
    return {
        "text": result.text,
        "ending": str(result.ending),
        "usage": {
            "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "source": usage.source,
        },
        "cost_usd": result.cost_usd,
        "attempts": result.attempts,
    }  # fmt: skip


def _problem(result: StepResult) -> GhostkitError:
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
