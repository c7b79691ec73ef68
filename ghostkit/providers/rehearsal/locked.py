"""Passages that a rewritten section must keep word for word: found in the prompt, put into the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ghostkit.providers.contract import Request
from ghostkit.providers.rehearsal.reading import unescape

_BLOCK: Final = re.compile(r"<locked>(.*?)</locked>", re.DOTALL)
_PASSAGE: Final = re.compile(r"<passage>(.*?)</passage>", re.DOTALL)


def passages_of(request: Request) -> tuple[str, ...]:
    """What stands in the prompt's `<locked>` block."""
    blocks = [found[1] for m in request.messages if m.role == "user" for found in _BLOCK.finditer(m.text)]
    return tuple(unescape(found).strip() for found in _PASSAGE.findall(blocks[-1])) if blocks else ()


def with_passages(text: str, passages: Sequence[str]) -> str:
    """The text with each passage that it doesn't say, as a paragraph of its own, spread over it in their order."""
    said = " ".join(text.split())
    missing = [passage for passage in passages if passage and " ".join(passage.split()) not in said]
    paragraphs = text.split("\n\n")
    there = len(paragraphs)
    for place, passage in reversed(list(enumerate(missing, 1))):
        paragraphs.insert(round(place * there / (len(missing) + 1)), passage)
    return "\n\n".join(paragraphs)
