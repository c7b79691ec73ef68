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

    @property
    def text(self) -> str:
        return "\n\n".join(self.parts)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. `attempt_id` and `slot` travel beside it and are no part of its identity."""

    model: str
    """The model's name at the provider, without the provider's prefix."""
    messages: tuple[Message, ...]
    max_tokens: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters under ghostkit's names: `temperature`, `seed`, `stop` …"""
    attempt_id: str = ""
    slot: str = ""

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
    source: Literal["reported", "estimated"] = "estimated"


@dataclass(frozen=True, kw_only=True)
class TextDelta:
    text: str


@dataclass(frozen=True, kw_only=True)
class UsageUpdate:
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The terminal event. A stream that stops without one was truncated."""

    ending: Ending
    usage: Usage | None = None


StreamEvent = TextDelta | UsageUpdate | Finished


class Stream(Protocol):
    """Iterates over `StreamEvent`s; ends after `Finished`, raises `StreamTruncated` if there was none."""

    def __aiter__(self) -> AsyncIterator[StreamEvent]: ...


@dataclass(frozen=True, kw_only=True)
class Completion:
    text: str
    ending: Ending
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class TokenCount:
    tokens: int
    exact: bool
    """True when the vendor (or the model's own tokenizer) counted."""


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
    base_url: str = ""
    pretends: bool = False
    """True for `rehearsal`, whose text is a stand-in for a model's."""

    def cost_usd(self, usage: Usage) -> float:
        """What `usage` costs at these prices; unknown prices count as nothing."""
        return (
            usage.input_tokens * (self.input_usd_per_million or 0.0)
            + usage.output_tokens * (self.output_usd_per_million or 0.0)
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
    ending, usage = Ending.TRUNCATED, Usage()
    async with provider.stream(request) as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                pieces.append(event.text)
            elif isinstance(event, UsageUpdate):
                usage = event.usage
            else:
                ending, usage = event.ending, event.usage or usage
    return Completion(text="".join(pieces), ending=ending, usage=usage)
