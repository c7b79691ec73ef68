"""Which blocks of a prompt take how many tokens, and how each can be made smaller."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from ghostkit.providers import Request
from ghostkit.providers.estimating import estimate_tokens

_TAG: Final = re.compile(r"^<(/?)([a-z_]+)(?:\s[^<>]*)?>\s*?$", re.MULTILINE)
"""Tags stand on lines of their own; what users write has its `<` replaced."""
SHOWN: Final = 3
_ELSEWHERE: Final = "instructions"
_NAMES: Final = {"book": "brief"}
_CUTS: Final = {
    "manuscript": "lower SLIDING_WINDOW_SIZE",
    "story_so_far": "lower MAX_CONTEXT_TOKENS to have the summaries shortened",
    "brief": "shorten the brief",
    "plan": "shorten the plan",
    "people": "shorten what is said of the people",
    "bible": "shorten the bible",
    "retrieved": "retrieve less (RAG_MODE)",
    "chapter": "shorten the chapter's brief and points",
    "chapter_plan": "shorten the chapter's plan",
    "material": "split the text that is to be summarised",
    "current_text": "split the section that is to be written anew",
    "profile": "shorten the profile",
    "style": "shorten the style guide",
    "task": "shorten the section's brief and points",
}


def largest_parts(request: Request, model: str) -> list[tuple[str, int]]:
    """The largest blocks by name with their estimated tokens, at most `SHOWN`, the largest first."""
    found: Counter[str] = Counter()
    for message in request.messages:
        for name, text in _blocks(message.text):
            found[name] += estimate_tokens(text, model)
    return [(name, tokens) for name, tokens in found.most_common(SHOWN) if tokens]


def what_to_cut(names: Sequence[str]) -> str:
    """What to do about the first of the blocks that something can be done about."""
    return next((_CUTS[name] for name in names if name in _CUTS), "shorten the prompt")


def _blocks(text: str) -> list[tuple[str, str]]:
    """The text in pieces, each with the name of the block it stands in; outermost blocks only."""
    pieces: list[tuple[str, str]] = []
    inside, begun = "", 0
    for tag in _TAG.finditer(text):
        closes, name = tag[1] == "/", tag[2]
        if inside and not (closes and name == inside):
            continue
        pieces.append((_NAMES.get(inside, inside) or _ELSEWHERE, text[begun : tag.start()]))
        inside, begun = ("" if closes else name), tag.end()
    pieces.append((_NAMES.get(inside, inside) or _ELSEWHERE, text[begun:]))
    return pieces
