"""How much models take and answer, where genai-prices doesn't say: by the beginning of their names."""

from __future__ import annotations

from typing import Final

UNKNOWN_WINDOW: Final = 128_000
UNKNOWN_MAX_OUTPUT: Final = 4_096
"""For models nothing is known of: what nearly all that are sold today can do."""

_LIMITS: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "openai": {
        "gpt-3.5": (16_385, 4_096),
        "gpt-4": (8_192, 8_192),
        "gpt-4-32k": (32_768, 32_768),
        "gpt-4-turbo": (128_000, 4_096),
        "gpt-4-0125": (128_000, 4_096),
        "gpt-4-1106": (128_000, 4_096),
        "gpt-4.1": (1_047_576, 32_768),
        "gpt-4.5": (128_000, 16_384),
        "gpt-4o": (128_000, 16_384),
        "gpt-4o-2024-05-13": (128_000, 4_096),
        "chatgpt-4o": (128_000, 16_384),
        "gpt-5": (400_000, 128_000),
        "gpt-5-chat": (128_000, 16_384),
        "gpt-5.4": (1_050_000, 128_000),
        "gpt-6": (1_050_000, 128_000),
        "gpt-oss": (131_072, 32_768),
        "o1": (200_000, 100_000),
        "o1-mini": (128_000, 65_536),
        "o1-preview": (128_000, 32_768),
        "o3": (200_000, 100_000),
        "o4-mini": (200_000, 100_000),
    },
    "anthropic": {
        "claude-2": (200_000, 4_096),
        "claude-3": (200_000, 4_096),
        "claude-3-5": (200_000, 8_192),
        "claude-3-7": (200_000, 64_000),
        "claude-opus-4": (200_000, 32_000),
        "claude-opus-4-5": (200_000, 64_000),
        "claude-opus-4-6": (1_000_000, 128_000),
        "claude-opus-4-7": (1_000_000, 128_000),
        "claude-opus-4-8": (1_000_000, 128_000),
        "claude-sonnet-4": (200_000, 64_000),
        "claude-haiku-4": (200_000, 64_000),
        "claude-": (200_000, 64_000),
    },
    "gemini": {
        "gemini-1.5": (1_000_000, 8_192),
        "gemini-2.0": (1_048_576, 8_192),
        "gemini-": (1_048_576, 65_536),
        "gemma-3": (131_072, 8_192),
    },
    "cohere": {
        "command": (128_000, 4_096),
        "command-light": (4_096, 4_096),
        "command-a": (256_000, 8_192),
        "command-a-reasoning": (256_000, 32_768),
        "c4ai-aya": (8_192, 4_096),
        "c4ai-aya-expanse-32b": (128_000, 4_096),
    },
}
"""Window and longest answer, both in tokens; the longest beginning that fits is taken. From the vendors' pages."""


def limits_of(vendor: str, model: str) -> tuple[int | None, int]:
    """(window or None, longest answer) of a model of `openai`, `anthropic`, `gemini` or `cohere`."""
    table = _LIMITS.get(vendor, {})
    fitting = [beginning for beginning in table if model.startswith(beginning)]
    return table[max(fitting, key=len)] if fitting else (None, UNKNOWN_MAX_OUTPUT)
