"""The performance guide's names: prompts beside any book, streamed or cached, and what the caches did.

async with gk.stream("Write a chapter about AI") as pieces:
    async for piece in pieces: ...
text = await gk.generate_with_cache("Generate title", cache_expire=3600)
(await gk.get_stats())["cache"]["hit_rate"]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from ghostkit import __version__
from ghostkit.cache import CacheManager, Kind, cache_for, managers, process_stats
from ghostkit.cache import initialize_cache as _initialize_cache
from ghostkit.cache.keys import check_key
from ghostkit.cache.manager import checked_expiry
from ghostkit.errors import InputError
from ghostkit.events import EventManager
from ghostkit.generation import (
    Budget,
    GenerationService,
    StreamManager,
    TextPieces,
    complete_text,
)
from ghostkit.generation.fanout import FanOut, checked_models
from ghostkit.generation.fanout import fan_out as _fan_out
from ghostkit.ledger import SqliteLedger, Who, in_thread
from ghostkit.providers import registry
from ghostkit.providers.resilience import gates
from ghostkit.settings import get_settings
from ghostkit.workbench.growing import GrowingBook, generate_book
from ghostkit.workbench.limits import checked_limits
from ghostkit.workbench.model_choice import DEFAULT_MODEL, check_model
from ghostkit.workbench.services import options_from_settings


class EnhancedAI:
    """The guide's facade; `ghostkit.enhanced_ai` is the process's own. Its calls are nobody's book.

    `events` tells of every call and look-up, `streams` knows the streams by their ids.
    """

    def __init__(self) -> None:
        self.events = EventManager()
        self.streams = StreamManager()

    def stream(
        self, prompt: str, *, stream_id: str = "", max_tokens: int = 2048, model: str | None = None, **parameters: Any
    ) -> AbstractAsyncContextManager[TextPieces]:
        """`async with stream(…) as pieces: async for piece in pieces`; leaving it stops the source.

        An answer that did not come out whole raises after its last piece. `streaming_manager.get_stream_status`
        and `.cancel` take the `stream_id`.
        """
        _check(prompt, max_tokens)
        return self._pieces(prompt, stream_id, max_tokens, model, parameters)

    @asynccontextmanager
    async def _pieces(
        self, prompt: str, stream_id: str, max_tokens: int, model: str | None, parameters: dict[str, Any]
    ) -> AsyncIterator[TextPieces]:
        async with self.service(None) as service:
            name = chosen(model)
            async with service.stream_text(
                name, prompt, stream_id=stream_id, max_tokens=max_tokens, **parameters
            ) as pieces:
                yield pieces

    async def generate_with_cache(
        self,
        prompt: str,
        cache_key: str | None = None,
        cache_expire: float | None = None,
        max_tokens: int = 2048,
        model: str | None = None,
        **parameters: Any,
    ) -> str:
        """The answer to `prompt`, kept for `cache_expire` seconds (CACHE_EXPIRE_DEFAULT without it).

        `cache_key` is the readable beginning of the entry's key, to clear it by (`clear_cache("chapter:*")`). An
        entry is only served to the same request, so one `cache_key` for two prompts mixes nothing up. An answer that
        is not whole raises and is never kept.
        """
        _check(prompt, max_tokens)
        prefix = check_key(cache_key) if cache_key is not None else "text"
        expire_s = checked_expiry(cache_expire) if cache_expire is not None else None
        async with self.service(cache_for()) as service:
            result = await service.generate(
                chosen(model), prompt, max_tokens=max_tokens, cache_prefix=prefix, cache_expire_s=expire_s, **parameters
            )
        return complete_text(result)

    async def fan_out(
        self, prompt: str, models: Sequence[str], *, ledger: str | Path | None = None, **options: Any
    ) -> FanOut:
        """Send `prompt` to every one of `models`: `mode="first"`, `"all"`, or `"best"` with a `score` or a `judge`.

        `.winner`, `.results` and `.frame()` say what came, and what each cost. docs/fan-out.md has the options. With
        the path of a `ledger` every call's receipt is kept there, and `replay:PATH` hears it again.
        """
        names = [chosen(name) for name in checked_models(models)]
        if options.get("judge") is not None:
            options["judge"] = chosen(options["judge"])
        async with self.service(None, kept_in=Path(ledger) if ledger else None) as service:
            return await _fan_out(service, prompt, names, **options)

    def generate_book(self, book: Any = None, **wish: Any) -> GrowingBook:
        """See `ghostkit.generate_book`."""
        return generate_book(book, **wish)

    async def get_stats(self) -> dict[str, Any]:
        """`cache`: backend, hits, misses, hit_rate, entries and bytes of this process's caches, and by `kinds`.

        `streams` says how many are `active`, `gates` how each model's limits and circuit breaker stand.
        """
        return await in_thread(self.stats_now)

    async def clear_cache(self, pattern: str | None = None, *, kind: Kind | None = None) -> int:
        """Forget the entries whose key matches the glob (all without one) in every cache this process has used.

        Returns how many there were.
        """
        return await in_thread(self.clear_now, pattern, kind=kind)

    def stats_now(self) -> dict[str, Any]:
        """`get_stats`, which waits for a disk where the cache is on one."""
        return {
            "cache": process_stats(),
            "streams": {"active": len(self.streams.active())},
            "gates": [gate.as_dict() for gate in gates.snapshot()],
        }

    def clear_now(self, pattern: str | None = None, *, kind: Kind | None = None) -> int:
        """`clear_cache`, which waits for a disk where the cache is on one."""
        return sum(manager.clear(pattern, kind=kind) for manager in managers())

    def initialize_cache(self, backend: str | None = None, **options: Any) -> CacheManager | None:
        """See `ghostkit.initialize_cache`."""
        return _initialize_cache(backend, **options)

    @asynccontextmanager
    async def service(
        self, cache: CacheManager | None, *, kept_in: Path | None = None
    ) -> AsyncIterator[GenerationService]:
        """With a ledger in memory, or in the file `kept_in`."""
        ledger = await in_thread(SqliteLedger, kept_in)
        try:
            who = Who(actor=get_settings().actor, ghostkit_version=__version__)
            await in_thread(ledger.acquire_lease, {"goal": "a prompt"})
            if kept_in is not None:
                await in_thread(ledger.recover, who)
            service = GenerationService(
                ledger=ledger,
                who=who,
                events=self.events,
                providers=registry,
                streams=self.streams,
                budget=Budget(checked_limits(1, None)),
                options=options_from_settings,
                cache=cache,
            )
            try:
                yield service
            finally:
                await service.aclose()
        finally:
            ledger.release_lease()
            ledger.close()


def chosen(model: str | None) -> str:
    """The model of a prompt beside any book: given, else the setting's, else the embedded rehearsal."""
    return check_model(model or get_settings().model or DEFAULT_MODEL)


def _check(prompt: str, max_tokens: int) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError("The prompt is empty.", fix="Say what you want to read.")
    if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1:
        raise InputError(f"max_tokens is {max_tokens!r}.", fix="Give a whole number of tokens, 1 or more.")


enhanced_ai = EnhancedAI()
streaming_manager = enhanced_ai.streams
stream = enhanced_ai.stream
fan_out = enhanced_ai.fan_out
generate_with_cache = enhanced_ai.generate_with_cache
get_stats = enhanced_ai.get_stats
clear_cache = enhanced_ai.clear_cache
