"""The gate of one model: who may call it now, who waits, and who is turned away."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from ghostkit.errors import ProviderError
from ghostkit.providers.contract import RateLimits
from ghostkit.providers.resilience.breaker import Breaker, BreakerState, speaks_against
from ghostkit.providers.resilience.concurrency import Places
from ghostkit.providers.resilience.exclusion import Exclusion
from ghostkit.providers.resilience.meters import Meters, Taken
from ghostkit.providers.resilience.pacing import HostLine, Pause
from ghostkit.providers.resilience.refusals import circuit_open, left_alone
from ghostkit.providers.resilience.state import GatePolicy, GateState, StateChange
from ghostkit.providers.resilience.waiting import LOOK_AGAIN_S, Waiter, first_awake, wake_first

_PAUSING: Final = frozenset({"rate", "overloaded", "server"})
_CROWDED: Final = frozenset({"rate", "overloaded"})
_PROBE_LOOK_S: Final = 1.0
"""What is told to those who come while a probe is under way."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a call waits: `for_what` in words, and the seconds it will take at least; None where nobody knows."""

    for_what: str
    seconds: float | None


OnWait = Callable[[Waiting], None]
OnChange = Callable[[StateChange], None]


class Gate:
    """Made by `Gates.gate`. Everything under one lock held for microseconds; nothing waits while holding it."""

    def __init__(
        self,
        key: str,
        policy: GatePolicy,
        host: HostLine,
        *,
        lock: Exclusion,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        now = clock()
        self.key = key
        self._policy = policy
        self._host = host
        self._lock = lock
        self._clock = clock
        self._line: deque[Waiter] = deque()
        self._meters = Meters(policy)
        self._places = Places(policy.max_concurrency)
        self._pause = Pause(random)
        self._breaker = Breaker(policy.breaker_failures, policy.breaker_cool_down_s, now)
        self._admitted = self._rejected = self._retries = 0
        self._waited_s = 0.0

    def admitted(
        self,
        *,
        tokens: int = 0,
        attempt: int = 1,
        on_wait: OnWait | None = None,
        on_change: OnChange | None = None,
    ) -> Passage:
        """An async context manager around one call; entering waits until the call may start.

        `tokens` is what the call may use at most or is expected to, prompt and answer together. `on_wait` is called
        when it has to wait and whenever the reason changes; `on_change` when this call changed the breaker's state.
        Entering raises `CircuitOpen`, and `RateLimited` where the vendor wants to be left alone beyond patience.
        """
        return Passage(self, max(tokens, 0), attempt, on_wait, on_change)

    def follow(self, policy: GatePolicy) -> None:
        """Another policy, for those who wait too."""
        with self._lock:
            if policy == self._policy:
                return
            self._policy = policy
            self._meters.follow(policy)
            self._places.allow(policy.max_concurrency)
            self._breaker.threshold = policy.breaker_failures
            self._breaker.cool_down_s = policy.breaker_cool_down_s
            self._wake_next()

    def state(self) -> GateState:
        with self._lock:
            now = self._clock()
            vendor_requests, vendor_tokens = self._meters.vendor_levels(now)
            return GateState(
                key=self.key,
                breaker=self._breaker.state,
                in_state_s=now - self._breaker.since,
                failures=self._breaker.failures,
                in_flight=self._places.in_flight,
                waiting=len(self._line),
                places=int(self._places.limit),
                max_concurrency=self._places.most,
                paused_s=max(self._pause.until - now, 0.0),
                vendor_requests=vendor_requests,
                vendor_tokens=vendor_tokens,
                admitted=self._admitted,
                waited_s=self._waited_s,
                rejected=self._rejected,
                retries=self._retries,
                shrinks=self._places.shrinks,
            )

    # ── entering ──────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, call: Passage, *, in_line: bool) -> Waiting | None:
        """None: `call` is in. Else what it waits for; with `in_line` it stands in line from now on."""
        with self._lock:
            now = self._clock()
            self._turn_away(call, now)
            if in_line and not call.in_line:
                call.in_line = True
                self._line.append(call)
            waiting = self._obstacle(call, now)
            if waiting is not None:
                return waiting
            self._let_in(call, now)
        return None

    def _turn_away(self, call: Passage, now: float) -> None:
        """Raise for a call that may not even wait."""
        error: ProviderError | None = None
        refused_s = self._breaker.refused_for_s(now)
        paused_s = self._pause.until - now
        if refused_s is not None:
            error = circuit_open(self.key, self._breaker.failures, refused_s or _PROBE_LOOK_S)
        elif paused_s > self._policy.patience_s:
            error = left_alone(self.key, paused_s)
        if error is not None:
            self._rejected += 1
            self._leave(call)
            raise error

    def _obstacle(self, call: Passage, now: float) -> Waiting | None:
        if self._line and first_awake(self._line, call) is not call:
            return self._not_yet(call, "its turn", None)
        if not self._places.free:
            return self._not_yet(call, "a call to end", None)
        at, what = self._meters.ready_at(call.tokens, now)
        pause = self._pause.ready_at()
        if pause > at:
            at, what = pause, "the vendor, who asked for a pause"
        if at > now:
            return self._not_yet(call, what, at - now)
        if self._policy.spacing_s <= 0:
            return None
        # It must be able to be woken before it stands in the host's line.
        turn = self._host.turn_at(call) if call.in_line else self._host.turn_at_once()
        if turn is not None and turn <= now:
            return None
        return Waiting("space between requests", None if turn is None else turn - now)

    def _not_yet(self, call: Passage, for_what: str, seconds: float | None) -> Waiting:
        self._leave_host(call)
        return Waiting(for_what, seconds)

    def _let_in(self, call: Passage, now: float) -> None:
        before = self._breaker.state
        call.permit = self._breaker.begin(now)
        call.number = self._places.take()
        call.taken = self._meters.take(call.tokens, now)
        call.inside = True
        self._pause.started(now)
        if self._policy.spacing_s > 0:
            self._host.started(now, self._policy.spacing_s)
        self._admitted += 1
        if call.attempt > 1:
            self._retries += 1
        self._noted(call, before)
        self._leave(call)

    # ── leaving ───────────────────────────────────────────────────────────────────────────────────────────

    def _leave(self, call: Passage) -> None:
        """Out of every line; whoever is first now is told, and tells the next if it may not even wait."""
        if call.in_line:
            call.in_line = False
            self._line.remove(call)
        self._leave_host(call)
        self._wake_next()

    def _waited(self, call: Passage, since: float) -> None:
        """The wait is over, whether `call` is in or has given up."""
        self._waited_s += self._clock() - since
        if not call.inside:
            self._leave(call)

    def _release(self, call: Passage) -> None:
        """The call has ended: its place is free, and whatever it did not say stays unsaid."""
        if call.inside:
            call.inside = False
            if not call.judged:
                call.judged = True
                self._breaker.abandoned(call.permit)
            self._places.release()
            self._wake_next()

    def _leave_host(self, call: Passage) -> None:
        if call.in_host_line:
            self._host.leave(call)
            wake_first(self._host.line)

    def _wake_next(self) -> None:
        if self._line:
            wake_first(self._line)

    def _noted(self, call: Passage, before: BreakerState) -> None:
        """If the call changed the breaker's state: keep that for `on_change`, and let those in line look again."""
        after = self._breaker.state
        if after is before:
            return
        opened = after is BreakerState.OPEN
        call.changes.append(
            StateChange(
                key=self.key,
                before=before,
                after=after,
                failures=self._breaker.failures,
                retry_after_s=self._breaker.cool_down_s if opened else 0.0,
            )
        )
        self._wake_next()


class Passage(Waiter):
    """One call through a gate. Say `started`, then `succeeded` or `failed`, the first of which counts.

    A `ProviderError` that leaves the context is `failed`; leaving it otherwise without a word (cancelled) frees the
    place and says nothing about the vendor's health.
    """

    __slots__ = (
        "_gate",
        "_on_change",
        "_on_wait",
        "attempt",
        "changes",
        "inside",
        "judged",
        "number",
        "permit",
        "taken",
        "tokens",
    )

    def __init__(
        self, gate: Gate, tokens: int, attempt: int, on_wait: OnWait | None, on_change: OnChange | None
    ) -> None:
        super().__init__()
        self._gate = gate
        self._on_wait = on_wait
        self._on_change = on_change
        self.judged = False
        self.tokens = tokens
        self.attempt = attempt
        self.inside = False
        self.number = self.permit = 0
        self.taken: Taken | None = None
        self.changes: list[StateChange] = []

    async def __aenter__(self) -> Self:
        if self._gate._enter(self, in_line=False) is not None:
            await self._wait()
        if self.changes:
            try:
                self._tell()
            except BaseException:
                self._release()
                raise
        return self

    async def _wait(self) -> None:
        gate, since, told = self._gate, self._gate._clock(), ""
        try:
            while True:
                self.get_ready()
                waiting = gate._enter(self, in_line=True)
                if waiting is None:
                    return
                if self._on_wait is not None and waiting.for_what != told:
                    told = waiting.for_what
                    self._on_wait(waiting)
                await self.wait(LOOK_AGAIN_S if waiting.seconds is None else waiting.seconds)
        finally:
            gate._lock.soon(lambda: gate._waited(self, since))

    def started(self, limits: RateLimits | None = None) -> None:
        """The answer's headers have come: the vendor is there, and these are its limits."""
        gate = self._gate
        with gate._lock:
            now, before = gate._clock(), gate._breaker.state
            if not self.judged:
                self.permit = gate._breaker.answered(self.permit, now)
            self._limits(limits, now)
            gate._noted(self, before)
        self._tell()

    def succeeded(self, tokens_used: int | None = None) -> None:
        """The call ended well, having used so many tokens (None: as many as were reserved)."""
        gate = self._gate
        if self.judged:
            return
        self.judged = True
        with gate._lock:
            now, before = gate._clock(), gate._breaker.state
            gate._breaker.succeeded(self.permit, now)
            gate._places.succeeded(self.number)
            self._used(tokens_used, now)
            gate._noted(self, before)
        self._tell()

    def failed(self, error: ProviderError, tokens_used: int | None = None) -> None:
        """The call failed; the error says what of, when to come back, and what its headers told."""
        gate = self._gate
        if self.judged:
            return
        self.judged = True
        with gate._lock:
            now, before = gate._clock(), gate._breaker.state
            if speaks_against(error):
                gate._breaker.failed(self.permit, now)
            else:
                gate._breaker.succeeded(self.permit, now)
            if error.kind in _CROWDED:
                gate._places.crowded(self.number)
            if error.kind in _PAUSING and error.retry_after_s:
                gate._pause.ask(error.retry_after_s, now)
                gate._wake_next()
            self._used(0 if error.rejected and tokens_used is None else tokens_used, now)
            self._limits(error.limits, now)
            gate._noted(self, before)
        self._tell()

    def unsent(self) -> None:
        """Nothing was sent after all: what it took of the limits is given back, and no more is said."""
        gate = self._gate
        if self.judged or not self.inside:
            return
        self.judged = True
        with gate._lock:
            gate._breaker.abandoned(self.permit)
            if self.taken is not None:
                gate._meters.unsent(self.taken, gate._clock())

    def _used(self, tokens: int | None, now: float) -> None:
        if tokens is not None and self.taken is not None:
            self._gate._meters.used(self.taken, max(tokens, 0), now)
            self._gate._wake_next()

    def _limits(self, limits: RateLimits | None, now: float) -> None:
        if limits is not None and self.taken is not None:
            self._gate._meters.told(self.taken, limits, now)
            self._gate._wake_next()

    def _tell(self) -> None:
        """Call `on_change`, outside the lock: it may use the gate."""
        while self.changes:
            change = self.changes.pop(0)
            if self._on_change is not None:
                self._on_change(change)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, ProviderError):
                self.failed(error)
        finally:
            self._release()

    def _release(self) -> None:
        gate = self._gate
        gate._lock.soon(lambda: gate._release(self))
