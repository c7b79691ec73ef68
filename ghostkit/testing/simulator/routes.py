"""Which vendor a path belongs to, with a vendor's prefix or without one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from ghostkit.testing.simulator.asks import Kind, Target
from ghostkit.testing.simulator.dialects import DIALECTS

BASES: Mapping[str, str] = {
    "openai": "/openai/v1",
    "openai-responses": "/openai/v1",
    "anthropic": "/anthropic",
    "gemini": "/gemini",
    "cohere": "/cohere",
    "openrouter": "/openrouter/api/v1",
    "ollama": "/ollama",
}
"""The path of each vendor's base URL, as its SDK takes it."""

_TABLE: tuple[tuple[str, str, str, Kind, str], ...] = (
    ("POST", r"(?:/api)?(?:/v1)?/chat/completions", "openai", "generate", "openai"),
    ("POST", r"(?:/api)?(?:/v1)?/responses", "openai", "generate", "responses"),
    ("POST", r"(?:/v1)?/responses/input_tokens", "openai", "count", "responses"),
    ("POST", r"(?:/v1)?/messages", "anthropic", "generate", "chat"),
    ("POST", r"(?:/v1)?/messages/count_tokens", "anthropic", "count", "chat"),
    ("POST", r"(?:/v1(?:beta)?)?/models/(?P<model>[^:]+):generateContent", "gemini", "generate", "chat"),
    ("POST", r"(?:/v1(?:beta)?)?/models/(?P<model>[^:]+):streamGenerateContent", "gemini", "generate", "chat"),
    ("POST", r"(?:/v1(?:beta)?)?/models/(?P<model>[^:]+):countTokens", "gemini", "count", "chat"),
    ("POST", r"(?:/api)?(?:/v1)?/embeddings", "openai", "embed", "openai"),
    ("POST", r"(?:/v1(?:beta)?)?/models/(?P<model>[^:]+):batchEmbedContents", "gemini", "embed", "chat"),
    ("POST", r"(?:/v1(?:beta)?)?/models/(?P<model>[^:]+):embedContent", "gemini", "embed", "single"),
    ("POST", r"(?:/v2)?/embed", "cohere", "embed", "chat"),
    ("POST", r"/api/embed", "ollama", "embed", "chat"),
    ("POST", r"(?:/v2)?/chat", "cohere", "generate", "chat"),
    ("POST", r"(?:/v1)?/tokenize", "cohere", "tokenize", "chat"),
    ("POST", r"(?:/v1)?/check-api-key", "cohere", "key", "chat"),
    ("GET", r"/api/v1/(?:auth/)?key", "openrouter", "key", "chat"),
    ("POST", r"/api/chat", "ollama", "generate", "chat"),
    ("POST", r"/api/show", "ollama", "show", "chat"),
    ("POST", r"/api/pull", "ollama", "pull", "chat"),
    ("GET", r"/api/tags", "ollama", "tags", "chat"),
    ("GET", r"/api/version", "ollama", "version", "chat"),
    ("GET", r"/v1beta/models", "gemini", "models", "chat"),
    ("GET", r"/v1beta/models/(?P<model>.+)", "gemini", "model", "chat"),
    ("GET", r"(?:/api)?(?:/v1)?/models", "", "models", "openai"),
    ("GET", r"(?:/api)?(?:/v1)?/models/(?P<model>.+)", "", "model", "openai"),
)
_ROUTES = [(method, re.compile(pattern), vendor, kind, api) for method, pattern, vendor, kind, api in _TABLE]


def target_of(method: str, raw: str, headers: Mapping[str, str]) -> Target | None:
    """Where a request goes; None for a path that no vendor has."""
    split = urlsplit(raw)
    path = "/" + unquote(split.path).strip("/")
    vendor, rest = _prefix(path)
    for wanted, pattern, owner, kind, api in _ROUTES:
        found = pattern.fullmatch(rest) if wanted == method else None
        if found is None:
            continue
        named = found.groupdict().get("model") or ""
        target = Target(vendor=vendor or owner or _by_headers(headers), kind=kind, path=path, model=named, api=api)
        if target.vendor == "openai" and rest.startswith("/api/"):
            target.vendor = "openrouter"
        if target.vendor == "gemini" and kind == "generate":
            target.stream = ":stream" in path
            target.sse = parse_qs(split.query).get("alt") == ["sse"]
        return target
    return None


def _prefix(path: str) -> tuple[str, str]:
    """The vendor that the path begins with, and the rest; a vendor of "" is left to the route."""
    first, _, rest = path[1:].partition("/")
    return (first, "/" + rest) if first in DIALECTS else ("", path)


def _by_headers(headers: Mapping[str, str]) -> str:
    """Whose `/models` it is where the path doesn't say."""
    if "anthropic-version" in headers:
        return "anthropic"
    return "gemini" if "x-goog-api-key" in headers else "openai"
