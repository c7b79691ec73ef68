"""A generation service over a scripted provider and a ledger in memory, with everything it did at hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ghostkit.events import Event, EventManager
from ghostkit.generation import Budget, GenerationOptions, GenerationService, Prompt, StepSpec
from ghostkit.ledger import Slot, SqliteLedger, Who
from ghostkit.providers import Message, ProviderRegistry, Request
from ghostkit.providers.resilience import Gates
from ghostkit.testing import ScriptedProvider

SLOT = Slot(object_id="s-1", kind="section")
STALL = 3600.0
"""A pause no test waits for: whoever meets it must be stopped."""


skipped = [0.0]
"""Seconds that were to be slept and were not: the gates' clock runs ahead by them."""


class Lab:
    def __init__(self, *answers: Any, usd: float = 0.0, budget: float | None = None, **options: Any) -> None:
        """`answers` are given one a call, the last one again and again; a callable is asked each time."""
        self.given: Iterator[Any] = iter(answers)
        self.last: Any = None
        self.provider = ScriptedProvider(self._answer, usd_per_million=usd)
        registry = ProviderRegistry()
        registry.register_provider("scripted", lambda: self.provider)
        self.ledger = SqliteLedger(None)
        self.ledger.acquire_lease({})
        self.seen: list[Event] = []
        events = EventManager()
        events.subscribe_all(self.seen.append)
        self.options = options
        self.service = GenerationService(
            ledger=self.ledger,
            who=Who(actor="Ada", run_id="r-1", ghostkit_version="0"),
            events=events,
            providers=registry,
            budget=Budget(budget),
            gates=Gates(clock=lambda: time.monotonic() + skipped[0], random=lambda: 1.0),
            options=lambda: GenerationOptions(**self.options),
        )

    def _answer(self, kind: str, request: Request) -> Any:
        self.last = next(self.given, self.last)
        return self.last(request) if callable(self.last) else self.last

    def spec(self, slot: Slot = SLOT, **changes: Any) -> StepSpec:
        messages = (Message(role="system", parts=("Be brief.",)), Message(role="user", parts=("A book.", "Write 1.1.")))
        values: dict[str, Any] = {
            "slot": slot, "model": "scripted:x", "prompt": Prompt(template="t@1", messages=messages), "max_tokens": 100,
        }  # fmt: skip
        return StepSpec(**{**values, **changes})

    @property
    def calls(self) -> int:
        return len(self.provider.requests)

    @property
    def states(self) -> list[str]:
        return [str(a.state) for a in self.ledger.attempts(SLOT)]

    @property
    def kept(self) -> str:
        """The text of the newest attempt."""
        return self.ledger.partial_text(self.ledger.attempts(SLOT)[-1].id)

    def types(self) -> list[str]:
        return [str(event.type) for event in self.seen]

    def recorded(self) -> list[str]:
        return [event.type for event in self.ledger.events()]

    def settled(self) -> None:
        """What must hold after any call, however it ended: nothing open anywhere."""
        assert self.provider.open_streams == 0
        assert [a for a in self.states if a == "open"] == []
        assert self.service.streams.active() == []
        assert self.service.budget._reserved == 0
        assert self.types() == self.recorded()


@contextmanager
def lab(*answers: Any, **options: Any) -> Iterator[Lab]:
    made = Lab(*answers, **options)
    try:
        yield made
    finally:
        made.ledger.release_lease()
        made.ledger.close()


def once(pieces: Iterable[Any]) -> Callable[[Request], list[Any]]:
    """Pieces that end in a stall or an error can't be an iterator that is used up by the first call."""
    kept = list(pieces)
    return lambda request: list(kept)
