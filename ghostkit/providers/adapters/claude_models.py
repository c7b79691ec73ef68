"""How each generation of Claude thinks, and which of them still take sampling parameters.

Source: the migration guides of Anthropic's model pages, and the error texts of API version 2026-10-21.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ROOM_TO_THINK: Final = {"none": 0, "low": 2_048, "medium": 8_192, "high": 24_576}
"""Tokens added to an answer's own for the thinking before it, which vendors count as output."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """`off` is the `thinking` that turns it off: {} where it is off unless asked for, None where it can't be."""

    thinks: Literal["never", "by budget", "adaptively"]
    off: Mapping[str, Any] | None
    samples: bool = False
    """Takes `temperature` or `top_p`, in the API version before the newest."""


_GENERATIONS: Final = (
    (r"claude-(2|instant|3-(?!7))", Generation(thinks="never", off={}, samples=True)),
    (r"claude-(3-7|(opus|sonnet|haiku)-4-([0-5]|20\d{6})(?!\d))", Generation(thinks="by budget", off={}, samples=True)),
    (r"claude-(opus|sonnet)-4-6", Generation(thinks="adaptively", off={}, samples=True)),
    (r"claude-opus-4-[78]", Generation(thinks="adaptively", off={})),
    (r"claude-sonnet-5-5", Generation(thinks="adaptively", off={"type": "between_tools"})),
    (r"claude-(haiku-5-5|(opus|sonnet)-5(?!-\d(?!\d)))", Generation(thinks="adaptively", off={"type": "disabled"})),
)
_ALWAYS: Final = Generation(thinks="adaptively", off=None)
"""Fable, Mythos, Opus 5.5; and what is newer than this list, for which nothing else is sure to be accepted."""


def generation_of(model: str) -> Generation:
    """By the model's name; cloud resellers write something before and after it."""
    return next((found for pattern, found in _GENERATIONS if re.search(pattern, model)), _ALWAYS)
