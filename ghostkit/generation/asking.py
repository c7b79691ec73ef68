"""Get one step answered: by the model asked for, else by the next of its fallbacks, each with its retries.

Every request that leaves is an attempt in the ledger. After the first piece of text nothing is replayed silently,
by this model or by another: the resume policy decides later.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio

from ghostkit.errors import (
    BadRequest,
    CircuitOpen,
    ContentRefused,
    ContextTooLong,
    ModelNotFound,
    NotRecorded,
    ProviderError,
    UnknownName,
)
from ghostkit.events import Event, EventType
from ghostkit.generation.admission import through_the_gate
from ghostkit.generation.attempt import Call, Desk
from ghostkit.generation.limits import check_window, cost_ceiling
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import LiveStream
from ghostkit.ledger import AttemptState
from ghostkit.providers import Ending, Message, ModelInfo, Provider, Request
from ghostkit.providers.prices import with_set_prices
from ghostkit.providers.resilience import Gates, RetryPolicy

_TELLING_PARTS = 2
PATIENCE_S = 60.0
"""A step waits this long, once, for the breaker of the last model that could be asked."""
FINAL: tuple[type[ProviderError], ...] = (ContentRefused, BadRequest, NotRecorded)
"""What another model would not do better, or should not be asked: with any other failure the next fallback is."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One step's way to an answer. The callables are the service's own."""

    spec: StepSpec
    options: GenerationOptions
    gates: Gates
    desk: Desk
    looked_up: list[Event]
    ready: Callable[[str], Awaitable[tuple[Provider, str]]]
    left_over: Callable[[StepSpec], Awaitable[str]]
    continued: Callable[[tuple[Message, ...], str], tuple[Message, ...]]
    new_stream: Callable[[StepSpec, Request, ModelInfo, str], LiveStream]
    record_and_emit: Callable[[Event], Awaitable[None]]

    async def answer(self) -> tuple[StepResult, str]:
        """The result, and the text of an earlier attempt that it goes on from."""
        others = () if self.spec.alone else self.options.fallback_models
        chain = list(dict.fromkeys([self.spec.model, *others]))
        result: StepResult | None = None
        left = ""
        for place, name in enumerate(chain, 1):
            if result is not None:
                assert result.error is not None
                await self._tell_retry(result.error, result.attempts + 1, 0.0, name)
            try:
                result, left = await self._ask(name, result, is_last=place == len(chain))
                result = replace(result, fell_back=place > 1)
            except ContextTooLong:
                if result is None:
                    raise
                continue  # the failure before it says more than that this one has no room
            if not _moves_on(result, left):
                break
        assert result is not None
        return result, left

    async def _ask(self, name: str, before: StepResult | None, *, is_last: bool) -> tuple[StepResult, str]:
        """One model, with its retries; `before` is what became of the ones asked before it."""
        paid = before or self._nothing_yet()
        made = paid.attempts
        policy = RetryPolicy(retries=self.options.max_retries, first_wait_s=self.options.first_wait_s)
        try:
            provider, model = await self.ready(name)
        except (UnknownName, ProviderError) as absent:
            if before is None:
                raise
            return _not_asked(paid, made, _as_provider_error(absent)), ""
        failed = 0
        may_wait = is_last and self.options.max_retries > 0
        while True:
            left = await self.left_over(self.spec)
            try:
                result = await self._attempt(
                    provider, with_set_prices(provider.info(model)), left, policy, failed, made
                )
            except ProviderError as turned_away:  # by the gate: nothing was recorded, and nothing sent
                wait = _until_it_closes(turned_away) if may_wait else None
                if wait is None:
                    return _not_asked(paid, made + failed, turned_away), left
                may_wait = False
                await self._tell_retry(turned_away, made + failed + 1, wait)
                if await self._stopped_within(wait, name):
                    return _not_asked(paid, made + failed, None), left
                continue
            result = paid = _added(result, paid)
            error = result.error
            # A piece of text has been shown: to begin again would be to replace it silently.
            if error is None or len(result.text) > len(left):
                return result, left
            failed += 1
            wait = policy.wait_s(error, failed)
            if wait is None:
                return result, left
            await self._tell_retry(error, made + failed + 1, wait)
            if await self._stopped_within(wait, name):
                return _not_asked(paid, made + failed, None), left

    async def _stopped_within(self, seconds: float, name: str) -> bool:
        """Wait, as a stream that can be seen to wait and be stopped; True if it was."""
        id, slot = self.spec.stream_id, str(self.spec.slot)
        stream = LiveStream(id=id or f"waits-{slot}", slot=slot, model=name, waits_for="another try")
        self.desk.streams.open(stream)
        try:
            with anyio.CancelScope() as waiting:
                stream.scope = waiting
                await anyio.sleep(seconds)
        finally:
            stream.end(str(AttemptState.CANCELLED if stream.cancel_requested else AttemptState.ERROR))
        return stream.cancel_requested

    def _nothing_yet(self) -> StepResult:
        return StepResult(slot=self.spec.slot, text="", ending=Ending.ERROR, served_by="provider")

    async def _attempt(
        self, provider: Provider, info: ModelInfo, left: str, policy: RetryPolicy, failed: int, made: int
    ) -> StepResult:
        options = self.options
        timeouts = policy.timeouts(options.timeouts(), failed + 1)
        request = request_of(self.spec, info.model, self.continued(self.spec.prompt.messages, left))
        request = replace(request, timeouts=timeouts)
        await check_window(provider, info, request, options)
        call = Call(
            spec=self.spec,
            provider=provider,
            info=info,
            request=request,
            stream=self.new_stream(self.spec, request, info, left),
            options=options,
            number=made + failed + 1,
            stall_s=options.stall_s(info) * timeouts.idle_s / options.timeout_s,
            ceiling_usd=await cost_ceiling(provider, info, request, await self.desk.budget.left_usd(options)),
            looked_up=self.looked_up,
        )
        return await through_the_gate(self.desk, self.gates, call, self.record_and_emit)

    async def _tell_retry(self, error: ProviderError, number: int, delay_s: float, model: str = "") -> None:
        """`model` is the fallback that is asked next, if another is."""
        data = {"slot": str(self.spec.slot), "attempt": number, "reason": error.kind, "delay_s": round(delay_s, 3)}
        if model:
            data["model"] = model
        await self.record_and_emit(Event(type=EventType.GENERATION_RETRY, data=data, source="generation"))


def _not_asked(before: StepResult, attempts: int, error: ProviderError | None) -> StepResult:
    """Nothing was asked this time, since `error` kept it from that or somebody (None); what was before is paid."""
    ending = Ending.ERROR if error is not None else Ending.CANCELLED
    return replace(before, text="", ending=ending, attempts=attempts, error=error)


def _added(result: StepResult, before: StepResult) -> StepResult:
    """The result with what the attempts before it cost."""
    return replace(
        result,
        cost_usd=before.cost_usd + result.cost_usd,
        cost_known=before.cost_known and result.cost_known,
    )


def _until_it_closes(error: ProviderError) -> float | None:
    """Seconds until an open breaker lets one call try again, if that is soon."""
    wait = error.retry_after_s
    return wait if isinstance(error, CircuitOpen) and wait is not None and wait <= PATIENCE_S else None


def request_of(spec: StepSpec, model: str, messages: tuple[Message, ...]) -> Request:
    """What is sent for a step, with a fresh attempt id."""
    return Request(
        model=model,
        messages=messages,
        max_tokens=spec.max_tokens,
        parameters=spec.parameters,
        attempt_id="a-" + secrets.token_hex(8),
        slot=str(spec.slot),
        cache_key=_cache_key(messages),
    )


def _cache_key(messages: tuple[Message, ...]) -> str:
    """The same for all requests that begin alike: told by the system message and the first parts that stay."""
    stable = [part for message in messages for part in message.parts[: min(message.stable, _TELLING_PARTS)]]
    return "gk-" + hashlib.sha256("\0".join(stable).encode()).hexdigest()[:24] if stable else ""


def _moves_on(result: StepResult, left: str) -> bool:
    """May another model be asked in its place? Not where a piece of text has been shown, beyond what was `left`."""
    error = result.error
    if error is None or len(result.text) > len(left):
        return False
    return isinstance(error, ModelNotFound) or not isinstance(error, FINAL)


def _as_provider_error(error: UnknownName | ProviderError) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    return ModelNotFound(error.message, fix=error.fix, rejected=True)
