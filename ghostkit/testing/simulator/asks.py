"""What a request asks for and what is answered, in no vendor's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JsonObject = dict[str, Any]
Kind = Literal["generate", "embed", "count", "tokenize", "models", "model", "tags", "show", "pull", "version", "key"]
Stop = Literal["stop", "length", "refused", "missing"]


@dataclass(kw_only=True, slots=True)
class Target:
    """Where a request went: which vendor's dialect, and what its path says."""

    vendor: str
    kind: Kind
    path: str
    model: str = ""
    stream: bool | None = None
    """None where the body says it."""
    sse: bool = True
    """Gemini without `alt=sse` streams a JSON array."""
    api: str = "chat"
    """"chat" or "responses"; only OpenAI and OpenRouter have two."""


@dataclass(kw_only=True, slots=True)
class Ask:
    """One request, read. Messages are (role, text); `marks` are prefixes of the prompt to be cached (Anthropic)."""

    target: Target
    model: str
    stream: bool
    messages: list[tuple[str, str]] = field(default_factory=list)
    max_tokens: int | None = None
    stop: list[str] = field(default_factory=list)
    schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    thinks: bool = False
    wants_usage: bool = True
    marks: list[str] = field(default_factory=list)
    attempt_id: str = ""
    body: JsonObject = field(default_factory=dict)

    @property
    def vendor(self) -> str:
        return self.target.vendor

    @property
    def prompt(self) -> str:
        return "\n\n".join(text for _, text in self.messages)


@dataclass(kw_only=True, slots=True)
class Tokens:
    """What a call used; `input` counts the cached ones too, `output` those thought."""

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost_usd: float | None = None


@dataclass(kw_only=True, slots=True)
class Answer:
    """What is said. `pieces` are streamed one by one; `usage` None leaves the usage out."""

    id: str
    model: str
    created: int
    pieces: list[str]
    thoughts: list[str]
    stop: Stop
    usage: Tokens | None
    stop_sequence: str | None = None
    refusal: str = ""
    """What the model says instead of an answer, where the vendor has a place of its own for that."""
    stamped: bool = False
    """True: each piece of a paced stream is the `time.monotonic()` at which it is sent."""
    shows_thoughts: bool = False
    """True where a rule gave the thoughts: they are then sent even where the vendor itself would keep them."""

    vectors: list[Any] = field(default_factory=list)
    """Of a call for embeddings, one a text; `pieces` are their numbers then."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def thought(self) -> str:
        return "".join(self.thoughts)


@dataclass(kw_only=True, slots=True)
class Problem:
    """An error to be told in a vendor's words. `code` is "quota", "context", "key", "model" or empty."""

    status: int
    code: str = ""
    message: str = ""
    retry_after_s: float | None = None
    retry_after_form: Literal["seconds", "date", "ms", "epoch"] = "seconds"
    model: str = ""
    request_id: str = ""
    what: str = "requests"
    """Which limit a 429 is about: "requests" or "tokens"."""


@dataclass(kw_only=True, slots=True)
class LimitState:
    """How much of a limit per minute is left; resets are seconds from now."""

    requests_limit: int = 30_000
    requests_remaining: int = 29_999
    requests_reset_s: float = 0.002
    tokens_limit: int = 150_000_000
    tokens_remaining: int = 149_999_000
    tokens_reset_s: float = 0.0
