"""What OpenAI's own models take, told from their names; other makers' models take what chat servers always took."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ghostkit.providers.adapters.parameters import ROOM_TO_THINK, Reasoning

_OWN_NAME: Final = re.compile(r"(?:ft:|openai/)*(?:gpt-(?P<major>\d+)(?:\.(?P<minor>\d+))?|(?P<series>o\d)\b|chatgpt-)")
_OLDEST: Final = (3, 0)


@dataclass(frozen=True, kw_only=True)
class OpenAIModel:
    """`version` is (major, minor) of a GPT; the o-series counts as before GPT 5."""

    own: bool
    """Made by OpenAI and served by it alone, wherever the base URL leads: a gateway passes it on."""
    reasons: bool = False
    version: tuple[int, int] = _OLDEST
    thorough: bool = False
    """Knows nothing below a low effort: `-pro` and `-codex`."""

    @property
    def marks_its_cache(self) -> bool:
        """Keeps in its prompt cache up to where it is told, besides where it thinks best."""
        return self.version >= (5, 6)

    @property
    def can_rest(self) -> bool:
        """Can be told not to reason at all."""
        return self.reasons and self.version >= (5, 1) and not self.thorough

    def effort(self, reasoning: Reasoning | None) -> str | None:
        """The nearest effort it knows; None where it has nothing to reason with, or decides for itself.

        Where nobody asks for it, a model that can do without does without.
        """
        if not self.own:
            return reasoning
        if not self.reasons:
            return None
        if self.can_rest:
            return reasoning or "none"
        if reasoning == "none":
            return "minimal" if self.version >= (5, 0) and not self.thorough else "low"
        return reasoning

    def samples(self, effort: str | None) -> bool:
        """Takes `temperature` and `top_p`; to a model that reasons they are an error, unless it rests."""
        return not self.reasons or (self.can_rest and effort == "none")

    def room_to_think(self, effort: str | None) -> int:
        """Tokens that it may think, which count as output."""
        return ROOM_TO_THINK[effort or "medium"] if self.reasons else 0


def openai_model(name: str) -> OpenAIModel:
    """Raises nothing: an unknown name is another maker's."""
    found = _OWN_NAME.match(name.lower())
    if found is None:
        return OpenAIModel(own=False)
    if found["series"]:
        return OpenAIModel(own=True, reasons=True, thorough=True)
    version = (int(found["major"]), int(found["minor"] or 0)) if found["major"] else _OLDEST
    chats = "-chat" in name.lower() or name.lower().startswith("chatgpt-")
    return OpenAIModel(
        own=True,
        reasons=version >= (5, 0) and not chats,
        version=version,
        thorough="-pro" in name.lower() or "codex" in name.lower(),
    )


def is_openai(base_url: str) -> bool:
    """Whether OpenAI itself answers there."""
    host = urlsplit(base_url).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")
