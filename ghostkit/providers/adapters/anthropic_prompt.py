"""A request's messages as Claude takes them, with breakpoints up to which Anthropic keeps them in its cache.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

from typing import Any, Final

from ghostkit.providers.contract import Message, Request

MOST_BREAKPOINTS: Final = 4


def conversation(request: Request) -> dict[str, Any]:
    """`system` and `messages`: a block for each part, so that what is stable stays the same byte for byte."""
    marked = [index for index, message in enumerate(request.messages) if message.stable]
    # The first serves every request of a book; of the others the last reach farthest.
    cached = {*marked[:1], *marked[1:][1 - MOST_BREAKPOINTS :]}
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for index, message in enumerate(request.messages):
        if message.role == "system":
            system += _blocks(message, marked=index in cached, follows=bool(system))
        elif blocks := _blocks(message, marked=index in cached, follows=False):
            turns.append({"role": message.role, "content": blocks})
    return {"messages": turns, **({"system": system} if system else {})}


def _blocks(message: Message, *, marked: bool, follows: bool) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    last_stable: dict[str, Any] = {}
    for number, part in enumerate(message.parts, start=1):
        if not part.strip():  # an empty block is refused
            continue
        # The blank line goes before a part: what stands in a block must not depend on what comes after it.
        blocks.append({"type": "text", "text": f"\n\n{part}" if blocks or follows else part})
        if number <= message.stable:
            last_stable = blocks[-1]
    if marked:
        last_stable["cache_control"] = {"type": "ephemeral"}
    return blocks
