"""Cut text into the pieces a stream sends; joined together they are the text again.

A token is up to six letters or digits with the space before them, or one sign of punctuation: about 1.3 tokens to a
written English word and 1.5 to a Russian one, which is near what models' own tokenizers have.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(r"\s*[^\W_]{1,6}|\s*\S|\s+")


def split_tokens(text: str) -> list[str]:
    """The tokens of `text`, in order; `"".join` of them is `text`."""
    return _TOKEN.findall(text)


@lru_cache(maxsize=1024)
def count_tokens(text: str) -> int:
    """How many tokens `text` has. Cached, because the parts of prompts come back again and again."""
    return len(_TOKEN.findall(text))


def join_into_pieces(tokens: list[str], size: int = 40) -> list[str]:
    """Fewer, larger pieces of about `size` characters, for a stream that isn't paced."""
    pieces: list[str] = []
    held: list[str] = []
    length = 0
    for token in tokens:
        held.append(token)
        length += len(token)
        if length >= size:
            pieces.append("".join(held))
            held, length = [], 0
    if held:
        pieces.append("".join(held))
    return pieces
