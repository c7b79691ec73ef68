"""Which models think before they write, how that is asked for, and the room it needs.

Thinking counts as output, and `max_tokens` ends both. An answer is to have its `max_tokens` for itself, so thinking
is turned off where nobody asks for it and it can be; where it thinks all the same, it is given room besides.

Sources: Anthropic's migration guides and the texts of its errors; Google's page on thinking; Cohere's on reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ghostkit.providers.adapters.parameters import ROOM_TO_THINK, Reasoning
from ghostkit.providers.contract import Request
from ghostkit.providers.prices import model_facts

UNASKED: Final = "medium"
"""What models are taken to do of their own accord that can't be kept from it."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a model thinks. `off` is what turns it off: {} where it is off unless asked for, None where it can't be."""

    by: Literal["nothing", "budget", "level"]
    off: Mapping[str, Any] | None
    samples: bool = True
    """Takes `temperature` and `top_p`."""

    def level(self, asked: Reasoning | None) -> Reasoning | None:
        """How much to ask for; "none" is off, and None is not to be spoken of: as the model will."""
        if self.by == "nothing" or (asked in (None, "none") and self.off is not None):
            return "none"
        return asked

    def room(self, asked: Reasoning | None) -> int:
        """Tokens to add to the answer's own."""
        level = self.level(asked)
        if level == "none":
            return 0 if self.off is not None else ROOM_TO_THINK["low"]
        return ROOM_TO_THINK[level or UNASKED]


_NEVER: Final = Manner(by="nothing", off={})
_CLAUDES: Final = (
    (r"claude-(2|instant|3-(?!7))", _NEVER),
    (r"claude-(3-7|(opus|sonnet|haiku)-4-([0-5]|20\d{6})(?!\d))", Manner(by="budget", off={})),
    (r"claude-(opus|sonnet)-4-6", Manner(by="level", off={})),
    (r"claude-opus-4-[78]", Manner(by="level", off={}, samples=False)),
    (r"claude-sonnet-5-5", Manner(by="level", off={"type": "between_tools"}, samples=False)),
    (
        r"claude-(haiku-5-5|(opus|sonnet)-5(?!-\d(?!\d)))",
        Manner(by="level", off={"type": "disabled"}, samples=False),
    ),
    (r"", Manner(by="level", off=None, samples=False)),  # Fable, Mythos, Opus 5.5, and what is newer than this list
)
_GEMINIS: Final = (
    (r"gemini-(1|2\.0)|gemma|learnlm", _NEVER),
    (r"gemini-2\.5-flash|gemini-robotics", Manner(by="budget", off={"thinking_budget": 0})),
    (r"gemini-2\.5", Manner(by="budget", off=None)),
    (r"", Manner(by="level", off=None)),  # "low" is the lowest level that all of them have
)
_COHERES: Final = (
    (r"command-a-(reasoning|plus)", Manner(by="budget", off={"type": "disabled"})),
    (r"", _NEVER),
)

Vendor = Literal["anthropic", "gemini", "cohere"]


def manner_of(vendor: Vendor, model: str) -> Manner:
    """By the model's name; those who resell it write something before and after it."""
    manners = {"anthropic": _CLAUDES, "gemini": _GEMINIS, "cohere": _COHERES}[vendor]
    return next(manner for pattern, manner in manners if re.search(pattern, model.lower()))


def room_to_think(vendor: Vendor, request: Request, asked: Reasoning | None) -> int:
    """Tokens to add to the answer's own; no more than the model gives at all."""
    longest = model_facts(vendor, request.model).max_output
    return max(min(manner_of(vendor, request.model).room(asked), longest - request.max_tokens), 0)
