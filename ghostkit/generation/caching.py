"""The cache as steps use it: where a step's answer is filed, looked up before a call, kept after it.

Trouble with the cache is told once and never stops a text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ghostkit.cache import CacheManager, Kind, cache_key
from ghostkit.errors import GhostkitError
from ghostkit.events import Event, EventType
from ghostkit.generation.answers import is_usable
from ghostkit.generation.spec import StepSpec
from ghostkit.ledger import Slot, in_thread
from ghostkit.providers import ModelInfo, Request

FileUnder = Callable[[Slot], tuple[Kind, str]]
"""The kind of cache and the readable prefix under which a slot's text is filed."""

REPLAY = "replay"
"""Answers of this provider are never kept: its recording may be made again, and what it no longer has is an error."""
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Filing:
    """Where one step's answer lies, or would."""

    kind: Kind
    key: str
    slot: str
    expire_s: float | None = None

    def event(self, type: EventType, attempt: str = "") -> Event:
        data = {"kind": self.kind, "key": self.key, "slot": self.slot}
        return Event(type=type, data=data | ({"attempt": attempt} if attempt else {}), source="cache")


class StepCache:
    """Looks answers up and keeps them; `tell` is awaited with an event the first time the cache fails."""

    def __init__(
        self, cache: CacheManager | None, file_under: FileUnder | None, tell: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._cache = cache
        self._file_under = file_under
        self._tell = tell
        self._told = False

    def filing(self, spec: StepSpec, request: Request, info: ModelInfo) -> Filing | None:
        """None for a step that isn't to be cached. The key follows from what is sent and from the variant alone."""
        if self._cache is None or info.provider == REPLAY:
            return None
        kind, prefix = spec.cache_kind, spec.cache_prefix
        if not prefix and self._file_under is not None:
            kind, prefix = self._file_under(spec.slot)
        if not prefix:
            return None
        key = cache_key(prefix, request.fingerprint(info.provider, info.base_url), str(spec.slot.variant))
        return Filing(kind=kind, key=key, slot=str(spec.slot), expire_s=spec.cache_expire_s)

    async def find(self, filing: Filing, spec: StepSpec) -> str | None:
        """The answer kept for this request, if it is one that the step can use."""
        cache = self._cache
        assert cache is not None
        text = await self._guarded(cache.look_up, filing.kind, filing.key)
        return text if text is not None and is_usable(spec, text) else None

    async def keep(self, filing: Filing, text: str) -> None:
        """Keep a whole answer for the next equal request."""
        assert self._cache is not None
        await self._guarded(self._cache.put_text, filing.kind, filing.key, text, filing.expire_s)

    def count(self, event: Event) -> None:
        """Count a look-up whose event is on record: the statistics and the events can't differ then."""
        if self._cache is not None:
            self._cache.count(event.data["kind"], hit=event.type == EventType.CACHE_HIT)

    async def _guarded(self, work: Callable[..., _T], *arguments: Any) -> _T | None:
        assert self._cache is not None
        try:
            return await in_thread(work, *arguments) if self._cache.waits else work(*arguments)
        except Exception as error:
            if not self._told:
                self._told = True
                await self._tell(_trouble(error))
            return None


def _trouble(error: Exception) -> Event:
    from ghostkit.events import redact

    reason = error.message if isinstance(error, GhostkitError) else f"{type(error).__name__}: {error}."
    data = {"where": "cache", "error": type(error).__name__, "reason": redact(f"{reason} Writing goes on without it.")}
    return Event(type=EventType.ERROR_OCCURRED, data=data, source="cache")
