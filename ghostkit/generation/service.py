"""A request goes in, a text with a receipt comes out: ledger first, then the provider."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import anyio

from ghostkit import faults
from ghostkit.errors import BadRequest, ContextTooLong, GhostkitError, ProviderError, ProviderTimeout
from ghostkit.events import Event, EventManager, EventType
from ghostkit.generation import records
from ghostkit.generation.budget import Budget
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.pieces import TextPieces, complete_text, pieces_of
from ghostkit.generation.prompts import Prompt, PromptService
from ghostkit.generation.receiver import Receiver, flush
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import LiveStream, OnText, StreamManager
from ghostkit.ledger import AttemptState, Intent, Ledger, Outcome, Slot, Who, in_thread
from ghostkit.providers import (
    Ending,
    Message,
    ModelInfo,
    Provider,
    ProviderRegistry,
    Request,
    Usage,
    registry,
    split_model,
)

WRAP_UP_S = 10.0
"""How long recording a cancelled attempt may take."""
BACKOFF_S = 0.5


class GenerationService:
    """Runs steps. Every collaborator can be replaced by a fake.

    Made for one event loop at a time; `who` and `budget` may be exchanged between runs.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        who: Who,
        events: EventManager | None = None,
        prompts: PromptService | None = None,
        providers: ProviderRegistry = registry,
        streams: StreamManager | None = None,
        budget: Budget | None = None,
        options: Callable[[], GenerationOptions] = GenerationOptions,
    ) -> None:
        self.ledger = ledger
        self.who = who
        self.events = events or EventManager()
        self.prompts = prompts or PromptService()
        self.streams = streams or StreamManager()
        self.budget = budget or Budget()
        self._options = options
        self._providers = providers
        self._open_providers: dict[str, Provider] = {}

    # ── texts by slot ─────────────────────────────────────────────────────────────────────────────────────

    async def run_step(self, spec: StepSpec, on_text: OnText | None = None) -> StepResult:
        """The slot's text: from the ledger if it is done, else from the provider, retried where that is safe.

        Never raises for an answer that ended badly: the result's `ending` says so and the step stays resumable.
        """
        finished = await in_thread(self.ledger.finished_text, spec.slot)
        if finished is not None:
            return StepResult(slot=spec.slot, text=finished, ending=Ending.COMPLETE, served_by="ledger")
        options = self._options()
        provider, model = self.provider_for(spec.model)
        result: StepResult | None = None
        for number in range(1, options.max_retries + 2):
            if result is not None:
                await self._wait_for_retry(spec, result, number)
            messages = await self._messages(spec, options)
            request = Request(
                model=model,
                messages=messages,
                max_tokens=spec.max_tokens,
                parameters=spec.parameters,
                attempt_id="a-" + secrets.token_hex(8),
                slot=str(spec.slot),
            )
            result = await self._attempt(spec, provider, request, number, on_text, options)
            # After the first piece of text nothing is replayed silently: the resume policy decides later.
            if result.error is None or not result.error.retryable or result.text:
                break
        assert result is not None
        return result

    async def _wait_for_retry(self, spec: StepSpec, result: StepResult, number: int) -> None:
        error = result.error
        assert error is not None
        delay = error.retry_after_s if error.retry_after_s is not None else BACKOFF_S * 2 ** (number - 2)
        await self._record_and_emit(
            Event(
                type=EventType.GENERATION_RETRY,
                data={"slot": str(spec.slot), "attempt": number, "reason": error.kind, "delay_s": round(delay, 3)},
                source="generation",
            )
        )
        await anyio.sleep(delay)

    async def _messages(self, spec: StepSpec, options: GenerationOptions) -> tuple[Message, ...]:
        """The prompt; with the policy `continue`, followed by what an earlier attempt left."""
        if options.resume != "continue":
            return spec.prompt.messages
        attempts = await in_thread(self.ledger.attempts, spec.slot)
        if not attempts or attempts[-1].state is AttemptState.COMPLETE:
            return spec.prompt.messages
        partial = await in_thread(self.ledger.partial_text, attempts[-1].id)
        if not partial.strip():
            return spec.prompt.messages
        return (
            *spec.prompt.messages,
            Message(role="assistant", parts=(partial,)),
            Message(role="user", parts=("Go on from exactly where this ends; repeat nothing.",)),
        )

    async def _attempt(
        self,
        spec: StepSpec,
        provider: Provider,
        request: Request,
        number: int,
        on_text: OnText | None,
        options: GenerationOptions,
    ) -> StepResult:
        """One request: intent, call, outcome; each durable before the next."""
        info = provider.info(request.model)
        await self._check_window(provider, info, request, options)
        ceiling = await self._cost_ceiling(provider, info, request)
        faults.point("intent.before")
        self.budget.reserve(ceiling)
        cost = ceiling
        try:
            await self._open(spec, request, info, ceiling)
            stream = self._open_stream(spec, request, on_text, options)
            outcome, error = await self._call(provider, request, stream, options)
            outcome, error = _checked(spec, outcome, error)
            outcome = records.priced(outcome, request, info)
            cost = outcome.cost_usd
            await self._close(spec, request, outcome, error)
        finally:
            self.budget.settle(ceiling, cost)
        stream.end(str(outcome.state))
        return StepResult(
            slot=spec.slot,
            text=outcome.text,
            ending=Ending(str(outcome.state)),
            served_by="provider",
            attempt_id=request.attempt_id,
            usage=records.usage_of(outcome),
            cost_usd=cost,
            attempts=number,
            error=error,
        )

    async def _check_window(
        self, provider: Provider, info: ModelInfo, request: Request, options: GenerationOptions
    ) -> None:
        """Prompt and answer fit the model's window, or nothing is sent."""
        window = min(info.context_window, options.max_context_tokens)
        room = max(request.max_tokens, min(options.reserved_response_tokens, window // 2))
        # No tokenizer makes more tokens than there are bytes: most prompts need no counting.
        if sum(len(message.text.encode()) for message in request.messages) + room <= window:
            return
        tokens = (await provider.count_tokens(request)).tokens
        if tokens + room > window:
            raise ContextTooLong(
                f"The prompt for {request.slot} has {tokens} tokens, and with {room} kept for the answer "
                f"that is more than the {window} that {info.provider}:{info.model} may use.",
                fix="Nothing was sent: shorten the brief or the plan, ask for fewer words, or choose a model with "
                "a larger window (MAX_CONTEXT_TOKENS bounds it too).",
                tokens=tokens,
                window=window,
            )

    async def _cost_ceiling(self, provider: Provider, info: ModelInfo, request: Request) -> float:
        if not info.input_usd_per_million and not info.output_usd_per_million:
            return 0.0
        counted = await provider.count_tokens(request)
        return info.cost_usd(Usage(input_tokens=counted.tokens, output_tokens=request.max_tokens))

    async def _open(self, spec: StepSpec, request: Request, info: ModelInfo, ceiling: float) -> None:
        intent = Intent(
            attempt_id=request.attempt_id,
            slot=spec.slot,
            model=f"{info.provider}:{info.model}",
            base_url=info.base_url,
            fingerprint=request.fingerprint(info.provider, info.base_url),
            messages=tuple((message.role, message.parts) for message in request.messages),
            parameters={"max_tokens": request.max_tokens, **request.parameters},
            inputs=spec.inputs,
            cost_ceiling_usd=ceiling,
            template=spec.prompt.template,
        )
        events = [*spec.started_events, records.started_event(intent)]
        await in_thread(self.ledger.open_attempt, intent, self.who, events)
        for event in events:
            await self.emit(event)

    def _open_stream(
        self, spec: StepSpec, request: Request, on_text: OnText | None, options: GenerationOptions
    ) -> LiveStream:
        stream = LiveStream(
            id=spec.stream_id or request.attempt_id,
            attempt_id=request.attempt_id,
            slot=str(spec.slot),
            model=spec.model,
            chunk_characters=options.chunk_characters,
            on_text=on_text,
        )
        return self.streams.open(stream)

    async def _call(
        self, provider: Provider, request: Request, stream: LiveStream, options: GenerationOptions
    ) -> tuple[Outcome, ProviderError | None]:
        """Call the provider; cancelled from outside, record what came and let the cancellation go on."""
        receiver = Receiver(self.ledger, stream, options)
        try:
            with anyio.CancelScope() as scope:
                stream.scope = scope
                if stream.cancel_requested:
                    scope.cancel()
                await receiver.receive(provider, request, scope)
        except ProviderError as error:
            return receiver.failed(error), error
        except (GhostkitError, OSError):
            raise
        except Exception as bug:
            unknown = ProviderError(
                f"{stream.model} failed in a way ghostkit doesn't know: {type(bug).__name__}: {bug}.",
                fix="This is a defect of that provider; try another model.",
            )
            unknown.__cause__ = bug
            return receiver.failed(unknown), unknown
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(WRAP_UP_S, shield=True):
                outcome = receiver.outcome(AttemptState.CANCELLED)
                event = records.ended_event(request, stream.model, outcome)
                await in_thread(self.ledger.close_attempt, request.attempt_id, outcome, self.who, [event])
                stream.end("cancelled")
                await self.emit(event)
            raise
        if scope.cancelled_caught and not stream.cancel_requested:
            late = ProviderTimeout(
                f"{stream.model} sent nothing for {options.timeout_s:g} s.",
                fix="Try again; GHOSTKIT_TIMEOUT_S lengthens the wait.",
            )
            return receiver.failed(late), late
        if scope.cancelled_caught:
            return receiver.outcome(AttemptState.CANCELLED), None
        return receiver.outcome(), None

    async def _close(self, spec: StepSpec, request: Request, outcome: Outcome, error: ProviderError | None) -> None:
        faults.point("stream.end")
        events = [records.ended_event(request, spec.model, outcome, error)]
        if outcome.state is AttemptState.COMPLETE and spec.done_events is not None:
            events += spec.done_events(request.attempt_id, outcome.text)
        with anyio.CancelScope(shield=True):
            await in_thread(self.ledger.close_attempt, request.attempt_id, outcome, self.who, events)
        for event in events:
            await self.emit(event)

    # ── texts without a slot ──────────────────────────────────────────────────────────────────────────────

    async def generate(
        self, model: str, prompt: str, *, max_tokens: int = 2048, on_text: OnText | None = None, **parameters: Any
    ) -> StepResult:
        """Send a plain prompt once; the result's `ending` says how it ended."""
        messages = (Message(role="user", parts=(prompt,)),)
        stream_id = str(parameters.pop("stream_id", ""))
        spec = StepSpec(
            slot=Slot(object_id="free-" + secrets.token_hex(6), kind="text"),
            model=model,
            prompt=Prompt(template="", messages=messages),
            max_tokens=max_tokens,
            parameters=parameters,
            stream_id=stream_id,
        )
        return await self.run_step(spec, on_text)

    async def generate_text(self, model: str, prompt: str, **options: Any) -> str:
        """The answer to `prompt`; raises `IncompleteEnding` (or the provider's error) for anything but an answer."""
        return complete_text(await self.generate(model, prompt, **options))

    def stream_text(self, model: str, prompt: str, **options: Any) -> AbstractAsyncContextManager[TextPieces]:
        """`async with service.stream_text(...) as pieces: async for piece in pieces` ; leaving it stops the source.

        The pieces joined equal what `generate_text` returns; an incomplete ending raises after the last piece.
        """
        return pieces_of(lambda on_text: self.generate(model, prompt, on_text=on_text, **options))

    async def summarize_content(
        self, content: str, max_tokens: int, *, model: str = "rehearsal", language: str = "en"
    ) -> str:
        """A summary of at most `max_tokens` by the provider's own count."""
        from ghostkit.generation.summarising import summarize

        return await summarize(self, content, max_tokens, model, language)

    # ── collaborators ─────────────────────────────────────────────────────────────────────────────────────

    def provider_for(self, model: str) -> tuple[Provider, str]:
        """The open provider of a `provider:model` name, and the model's own name."""
        name, bare = split_model(model)
        if name not in self._open_providers:
            self._open_providers[name] = self._providers.create_provider(name)
        provider = self._open_providers[name]
        provider.info(bare)
        return provider, bare

    async def emit(self, event: Event) -> None:
        """Deliver an event that has been committed."""
        faults.point("event.before_emit")
        await self.events.emit_async(event)
        faults.point("event.after_emit")

    async def _record_and_emit(self, event: Event) -> None:
        for fresh in await in_thread(self.ledger.record, [event], self.who):
            await self.emit(fresh)

    async def flush_stalled(self) -> None:
        """Make text durable that arrived before its stream fell silent; run every `flush_interval_s`."""
        for stream in self.streams.active():
            await flush(self.ledger, stream)

    async def aclose(self) -> None:
        """Close every provider this service opened."""
        for provider in self._open_providers.values():
            await provider.aclose()
        self._open_providers.clear()


def _checked(spec: StepSpec, outcome: Outcome, error: ProviderError | None) -> tuple[Outcome, ProviderError | None]:
    """An answer that is empty or can't be used is no answer; nothing depends on it then."""
    if outcome.state is not AttemptState.COMPLETE:
        return outcome, error
    try:
        if not outcome.text.strip():
            raise BadRequest(f"{spec.model} answered with nothing.", fix="Try again, or choose another model.")
        if spec.check is not None:
            spec.check(outcome.text)
    except ProviderError as unusable:
        return replace(outcome, state=AttemptState.ERROR, error=unusable.message), unusable
    return outcome, None
