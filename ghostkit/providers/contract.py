"""What a provider is: requests in, a stream of events out, and how it ended said plainly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]


class Ending(StrEnum):
    """How an answer ended. Only `complete` is an answer; the others keep what came."""

    COMPLETE = "complete"
    LENGTH = "length"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `parts` are joined by a blank line. Parts are hashed and stored one by one, stable ones first."""

    role: Role
    parts: tuple[str, ...]
    stable: int = 0
    """How many of the first parts other requests of the same book begin with too: the vendor may cache up to there."""

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds. `first_byte_s` until the answer's headers, `idle_s` between any two pieces of bytes after them."""

    connect_s: float = 10.0
    first_byte_s: float = 120.0
    idle_s: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. What follows `parameters` travels beside it and is no part of its identity."""

    model: str
    """The model's name at the provider, without the provider's prefix."""
    messages: tuple[Message, ...]
    max_tokens: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters under ghostkit's names; docs/providers.md says what becomes of each at each vendor."""
    attempt_id: str = ""
    """Sent as `Idempotency-Key`."""
    slot: str = ""
    cache_key: str = ""
    """Requests with the same key begin alike; vendors that take a hint for their prompt cache are given it."""
    timeouts: Timeouts = Timeouts()

    def fingerprint(self, provider: str, base_url: str = "") -> str:
        """SHA-256 (hex) of the canonical JSON of what is sent."""
        sent = {
            "provider": provider,
            "base_url": base_url,
            "model": self.model,
            "max_tokens": self.max_tokens,
            "parameters": dict(self.parameters),
            "messages": [[message.role, message.text] for message in self.messages],
        }
        canonical = json.dumps(sent, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one call; `source` says whether the vendor reported them or ghostkit estimated them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Of the input tokens, those that the vendor's prompt cache held."""
    cache_write_tokens: int = 0
    """Of the input tokens, those that were put into the vendor's prompt cache (Anthropic asks more for them)."""
    reasoning_tokens: int = 0
    """Of the output tokens, those thought and not written."""
    cost_usd: float | None = None
    """What the vendor itself says that it costs (OpenRouter), else None."""
    source: Literal["reported", "estimated"] = "estimated"


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """What the vendor's headers said of one kind of limit; None where they said nothing. Resets: seconds from now."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    requests_reset_s: float | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ResponseStarted:
    """The answer's headers have come."""

    request_id: str = ""
    limits: RateLimits | None = None


# Not frozen: there is one for each token, and a frozen dataclass takes three times as long to make.
@dataclass(slots=True)
class TextDelta:
    text: str


@dataclass(slots=True)
class ReasoningDelta:
    """What the model thinks before it writes. Never part of the prose."""

    text: str


@dataclass(frozen=True, kw_only=True)
class UsageUpdate:
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The terminal event. A stream that stops without one was truncated."""

    ending: Ending
    usage: Usage | None = None
    reason: str = ""
    """The vendor's own word for it."""


StreamEvent = ResponseStarted | TextDelta | ReasoningDelta | UsageUpdate | Finished


class Stream(Protocol):
    """Iterates over `StreamEvent`s; ends after `Finished`, raises `StreamTruncated` if there was none."""

    def __aiter__(self) -> AsyncIterator[StreamEvent]: ...


@dataclass(frozen=True, kw_only=True)
class Completion:
    text: str
    ending: Ending
    usage: Usage
    reasoning: str = ""
    reason: str = ""
    """The vendor's own word for the ending."""
    limits: RateLimits | None = None
    request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class TokenCount:
    tokens: int
    exact: bool
    """True when the vendor (or the model's own tokenizer) counted."""


def public_address(url: str) -> str:
    """The address without what may be a secret in it: name and password, query, fragment."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("#")[0].partition("/")
    return scheme + mark + host.rpartition("@")[2] + slash + path


@dataclass(frozen=True, kw_only=True)
class PriceTier:
    """What every token of a call costs whose input is longer than `over_tokens`. USD per million tokens."""

    over_tokens: int
    input_usd_per_million: float
    output_usd_per_million: float
    cached_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What is known of a model. Prices are USD per million tokens; None means unknown."""

    provider: str
    model: str
    context_window: int
    max_output: int
    native_streaming: bool
    input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    cached_usd_per_million: float | None = None
    """A token read from the vendor's prompt cache; None: as any other."""
    cache_write_usd_per_million: float | None = None
    """A token put into the vendor's prompt cache; None: as any other."""
    price_tiers: tuple[PriceTier, ...] = ()
    """What calls with much input cost instead, the least `over_tokens` first."""
    base_url: str = ""
    """Without name, password and query, which are nobody's business: it is put into records."""
    pretends: bool = False
    """True for `rehearsal`, whose text is a stand-in for a model's."""
    local: bool = False
    """True where nothing leaves this machine and nothing is paid: no limits on the rate are kept."""
    keeps_deadlines: bool = False
    """True where the first byte and every pause after it are watched at the socket."""

    def __post_init__(self) -> None:
        if "@" in self.base_url or "?" in self.base_url:
            object.__setattr__(self, "base_url", public_address(self.base_url))

    @property
    def prices_known(self) -> bool:
        """False where a cost can only be what the vendor says it is."""
        if self.local:
            return True
        return self.input_usd_per_million is not None and self.output_usd_per_million is not None

    def cost_usd(self, usage: Usage) -> float:
        """What `usage` costs: as the vendor said, else at these prices; unknown prices count as nothing."""
        if usage.cost_usd is not None:
            return usage.cost_usd
        prices: ModelInfo | PriceTier = self
        for tier in self.price_tiers:
            if usage.input_tokens > tier.over_tokens:
                prices = tier
        price = prices.input_usd_per_million or 0.0
        cached = price if prices.cached_usd_per_million is None else prices.cached_usd_per_million
        written = price if prices.cache_write_usd_per_million is None else prices.cache_write_usd_per_million
        plain = max(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
        return (
            plain * price
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + usage.output_tokens * (prices.output_usd_per_million or 0.0)
        ) / 1_000_000


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What `validate` found, without paying for a generation."""

    ok: bool
    message: str
    fix: str = ""


class Provider(Protocol):
    """The contract every adapter keeps; `tests/providers/contract.py` is its test."""

    name: str

    def info(self, model: str) -> ModelInfo:
        """Raises `UnknownName` for a model it knows not to exist."""
        ...

    async def validate(self) -> Diagnosis: ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[Stream]:
        """Leaving the context closes the source, whatever happened."""
        ...

    async def generate(self, request: Request) -> Completion: ...

    async def count_tokens(self, request: Request) -> TokenCount: ...

    async def aclose(self) -> None: ...


async def collect(provider: Provider, request: Request) -> Completion:
    """`generate` in terms of `stream`, for providers without a call of its own for it."""
    pieces: list[str] = []
    thoughts: list[str] = []
    started, finished, usage = ResponseStarted(), Finished(ending=Ending.TRUNCATED), Usage()
    async with provider.stream(request) as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                pieces.append(event.text)
            elif isinstance(event, ReasoningDelta):
                thoughts.append(event.text)
            elif isinstance(event, UsageUpdate):
                usage = event.usage
            elif isinstance(event, Finished):
                finished = event
            else:
                started = event
    return Completion(
        text="".join(pieces),
        ending=finished.ending,
        usage=finished.usage or usage,
        reasoning="".join(thoughts),
        reason=finished.reason,
        limits=started.limits,
        request_id=started.request_id,
    )
