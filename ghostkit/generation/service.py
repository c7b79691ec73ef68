"""A request goes in, a text with a receipt comes out: ledger first, then the cache, then the provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import anyio
import anyio.to_thread

from ghostkit import faults
from ghostkit.cache import CacheManager
from ghostkit.errors import GhostkitError
from ghostkit.events import Event, EventManager, EventType
from ghostkit.generation import records
from ghostkit.generation.answers import is_usable
from ghostkit.generation.asking import Asking, request_of
from ghostkit.generation.attempt import WRAP_UP_S, Desk
from ghostkit.generation.budget import Budget
from ghostkit.generation.caching import FileUnder, Filing, StepCache
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.plain import PlainTexts
from ghostkit.generation.prompts import PromptService
from ghostkit.generation.receiver import flush
from ghostkit.generation.spec import StepResult, StepSpec
from ghostkit.generation.streams import LiveStream, OnText, StreamManager
from ghostkit.ledger import AttemptState, Ledger, Outcome, Who, in_thread
from ghostkit.providers import (
    Ending,
    Message,
    ModelInfo,
    Provider,
    ProviderRegistry,
    Request,
    registry,
    split_model,
)
from ghostkit.providers.estimating import teach
from ghostkit.providers.loading import loading
from ghostkit.providers.resilience import Gates, gates

LIGHT: Final = frozenset({"rehearsal"})
"""Providers that load nothing when they are first asked."""


class GenerationService(PlainTexts):
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
        cache: CacheManager | None = None,
        file_under: FileUnder | None = None,
        gates: Gates = gates,
    ) -> None:
        self.ledger = ledger
        self.who = who
        self.events = events or EventManager()
        self.prompts = prompts or PromptService()
        self.streams = streams or StreamManager()
        self.budget = budget or Budget()
        self.options = options
        self.gates = gates
        self._providers = providers
        self._open_providers: dict[str, Provider] = {}
        self._left_behind: list[Provider] = []
        self._loaded: set[str] = set()
        self._delivered: set[str] = set()
        self._learnt = False
        self._cached = StepCache(cache, file_under, self._record_and_emit)

    # ── texts by slot ─────────────────────────────────────────────────────────────────────────────────────

    async def run_step(self, spec: StepSpec, on_text: OnText | None = None) -> StepResult:
        """The slot's text: from the ledger if it is done, else from the cache, else from the provider.

        Never raises for an answer that ended badly: the result's `ending` says so and the step stays resumable.
        """
        finished = await in_thread(self.ledger.finished_text, spec.slot)
        if finished is not None:
            return StepResult(slot=spec.slot, text=finished, ending=Ending.COMPLETE, served_by="ledger")
        _, model = await self.ready(spec.model)
        filing = self._filing(spec, spec.model)
        kept = await self._cached.find(filing, spec) if filing is not None else None
        if filing is not None and kept is not None:
            return await self._serve(spec, request_of(spec, model, spec.prompt.messages), filing, kept, on_text)
        looked_up = [filing.event(EventType.CACHE_MISS)] if filing is not None else []
        try:
            result, left = await self._ask(spec, on_text, looked_up)
        finally:
            await self._tell_look_up(looked_up)
        # An answer put together from two calls is no answer to this one request.
        if filing is not None and result.ending is Ending.COMPLETE and not left:
            own = self._filing(spec, result.model) if result.fell_back else filing
            if own is not None:
                await self._cached.keep(own, result.text)
        return result

    def _filing(self, spec: StepSpec, name: str) -> Filing | None:
        """Where the answer of the model `name` lies, which may be a fallback: nobody's words are another's."""
        provider, model = self.provider_for(name)
        return self._cached.filing(spec, request_of(spec, model, spec.prompt.messages), provider.info(model))

    async def _ask(self, spec: StepSpec, on_text: OnText | None, looked_up: list[Event]) -> tuple[StepResult, str]:
        """Call the provider, again or another where that is safe; the result, and the text it went on from."""
        await self._learn_from_ledger()
        options = self.options()
        desk = Desk(
            ledger=self.ledger,
            who=self.who,
            budget=self.budget,
            streams=self.streams,
            emit=self.emit,
            emit_new=self._emit_new,
            count_look_up=self._cached.count,
        )
        asking = Asking(
            spec=spec,
            options=options,
            gates=self.gates,
            desk=desk,
            looked_up=looked_up,
            ready=self.ready,
            left_over=lambda spec: self._left_over(spec, options),
            continued=self._continued,
            new_stream=lambda spec, request, info, left: self._new_stream(spec, request, info, on_text, options, left),
            record_and_emit=self._record_and_emit,
        )
        return await asking.answer()

    async def _learn_from_ledger(self) -> None:
        """Once: estimates of tokens begin with what earlier calls of this book have taught."""
        if not self._learnt:
            self._learnt = True
            teach(await in_thread(self.ledger.reported_usage))

    async def _serve(
        self, spec: StepSpec, request: Request, filing: Filing, text: str, on_text: OnText | None
    ) -> StepResult:
        """Make a kept answer the slot's text: an attempt like any other, that was never sent and cost nothing."""
        info = self.provider_for(spec.model)[0].info(request.model)
        stream = self._new_stream(spec, request, info, on_text, self.options(), "")
        self.streams.open(stream)
        outcome = Outcome(state=AttemptState.COMPLETE, text=text, usage_source="reported", total_s=0.0)
        hit = filing.event(EventType.CACHE_HIT, request.attempt_id)
        events = [*spec.started_events, hit]
        if spec.done_events is not None:
            events += spec.done_events(request.attempt_id, text)
        try:
            with anyio.CancelScope(shield=True):
                intent = replace(records.intent_of(spec, request, info, 0.0), characters={})  # none were sent
                await in_thread(self.ledger.add_answer, intent, outcome, self.who, events)
            self._cached.count(hit)
            stream.add(text)
            stream.hand_on()
            stream.end(str(AttemptState.COMPLETE))
            await self._emit_new(events)
        finally:
            stream.end(str(AttemptState.ERROR))
        return StepResult(
            slot=spec.slot,
            text=text,
            ending=Ending.COMPLETE,
            served_by="cache",
            attempt_id=request.attempt_id,
            model=stream.model,
        )

    async def _tell_look_up(self, looked_up: list[Event]) -> None:
        """Record a look-up whose event found no attempt to commit with: the budget or the window refused it."""
        with suppress(GhostkitError), anyio.move_on_after(WRAP_UP_S, shield=True):
            for event in looked_up:
                await self._record_and_emit(event)
                self._cached.count(event)

    async def messages_for(self, spec: StepSpec) -> tuple[Message, ...]:
        """What `run_step` would send now, for a look beforehand; nothing is sent or recorded."""
        return self._continued(spec.prompt.messages, await self._left_over(spec, self.options()))

    def _continued(self, messages: tuple[Message, ...], left: str) -> tuple[Message, ...]:
        """The prompt, followed by the beginning of an answer that is to be gone on with."""
        if not left:
            return messages
        return (*messages, Message(role="assistant", parts=(left,)), *self.prompts.render("continuation").messages)

    async def _left_over(self, spec: StepSpec, options: GenerationOptions) -> str:
        """With the policy `continue`: what an earlier attempt left to go on from; else nothing."""
        if options.resume != "continue":
            return ""
        attempts = await in_thread(self.ledger.attempts, spec.slot)
        if not attempts or attempts[-1].state in (AttemptState.COMPLETE, AttemptState.REFUSED):
            return ""
        left = await in_thread(self.ledger.partial_text, attempts[-1].id)
        if attempts[-1].state is AttemptState.ERROR and not is_usable(spec, left):
            return ""  # a whole answer that could not be used, and would not be with more after it
        return left if left.strip() else ""

    async def _emit_new(self, events: Sequence[Event]) -> None:
        """Deliver events; those with a key once, however often a step begins again."""
        for event in events:
            if event.key is None or event.key not in self._delivered:
                self._delivered |= {event.key} if event.key else set()
                await self.emit(event)

    def _new_stream(
        self,
        spec: StepSpec,
        request: Request,
        info: ModelInfo,
        on_text: OnText | None,
        options: GenerationOptions,
        left: str,
    ) -> LiveStream:
        stream = LiveStream(
            id=spec.stream_id or request.attempt_id,
            attempt_id=request.attempt_id,
            slot=str(spec.slot),
            model=f"{info.provider}:{info.model}",
            chunk_characters=options.chunk_characters,
            on_text=on_text,
        )
        stream.go_on_from(left)
        return stream

    # ── collaborators ─────────────────────────────────────────────────────────────────────────────────────

    async def ready(self, model: str) -> tuple[Provider, str]:
        """As `provider_for`, without holding the event loop up: to open a vendor and to read its prices takes long.

        The rehearsal has nothing to load, and is given at once.
        """
        name = split_model(model)[0]
        if name not in self._loaded and name not in LIGHT:
            await anyio.to_thread.run_sync(self._load, model)
            self._loaded.add(name)
        return self.provider_for(model)

    def _load(self, model: str) -> None:
        with loading():
            self.provider_for(model)

    def provider_for(self, model: str) -> tuple[Provider, str]:
        """The open provider of a `provider:model` name, and the model's own name."""
        name, bare = split_model(model)
        if name in self._open_providers and _has_moved(self._open_providers[name]):
            self._left_behind.append(self._open_providers.pop(name))  # answers may still be coming from there
        if name not in self._open_providers:
            self._open_providers.setdefault(name, self._providers.create_provider(name))  # threads may come here
        provider = self._open_providers[name]
        provider.info(bare)
        return provider, bare

    async def emit(self, event: Event) -> None:
        """Deliver an event that has been committed, with the run it was committed in."""
        faults.point("event.before_emit")
        await self.events.emit_async(event if event.run_id else replace(event, run_id=self.who.run_id))
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
        for provider in (*self._open_providers.values(), *self._left_behind):
            await provider.aclose()
        self._open_providers.clear()
        self._left_behind.clear()


def _has_moved(provider: Provider) -> bool:
    """Whether its address was set anew since it was opened, as a cell does that turns to a simulator."""
    has_moved = getattr(provider, "has_moved", None)
    return has_moved is not None and bool(has_moved())
