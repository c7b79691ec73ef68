"""Read a prompt: the tagged blocks of docs/prompt-layout.md, turned back into values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ghostkit.providers.contract import Message, Request

_OPEN = re.compile(
    r"<(style|book|plan|people|bible|story_so_far|manuscript|chapter_plan|chapter|profile|material|task)"
    r"((?:\s+\w+=\"[^\n]*?\")*)\s*>"
)
_ATTRIBUTE = re.compile(r"(\w+)=\"([^\n]*?)\"(?=\s+\w+=\"|\s*$)")
_INNER = re.compile(r"<(brief|points)>(.*?)</\1>", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One tagged block: its attributes, and what is in it, still escaped."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""

    @property
    def text(self) -> str:
        return unescape(self.raw).strip()

    def number(self, name: str, default: int) -> int:
        """The attribute `name` as a whole number from 1, else `default`."""
        found = re.match(r"\s*(\d+)", self.attributes.get(name, ""))
        return max(1, int(found[1])) if found else default


EMPTY = Block()


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A request, read. Blocks that aren't there are empty; `free` is the prompt when there is no task."""

    kind: str
    blocks: Mapping[str, Block]
    free: str
    model: str
    variation: str
    """What makes one answer differ from another to the same messages: the parameters."""
    continued: str
    """What an assistant message at the end has already said; the answer goes on from there."""

    def block(self, name: str) -> Block:
        return self.blocks.get(name, EMPTY)

    @property
    def task(self) -> Block:
        return self.block("task")

    @property
    def language(self) -> str:
        """The language asked for, two letters; where nothing says, Cyrillic letters decide."""
        for name in ("task", "book", "style"):
            asked = self.block(name).attributes.get("language", "").strip().lower()
            if asked:
                return asked.split("-")[0].split("_")[0]
        return "ru" if _mostly_cyrillic(self.free or self.block("material").text) else "en"

    @property
    def style(self) -> str:
        return self.block("style").attributes.get("name", "plain").strip().lower() or "plain"

    @property
    def task_brief(self) -> str:
        return self._inner("brief") or _INNER.sub("", unescape(self.task.raw)).strip()

    @property
    def task_points(self) -> tuple[str, ...]:
        return bullets(self._inner("points"))

    def _inner(self, name: str) -> str:
        for found in _INNER.finditer(self.task.raw):
            if found[1] == name:
                return unescape(found[2]).strip()
        return ""


def read_prompt(request: Request) -> Prompt:
    """Read `request`; a message without a task block is a free prompt."""
    messages, continued = _begun(list(request.messages))
    blocks: dict[str, Block] = {}
    for message in messages:
        blocks.update(blocks_of(message.parts))
    kind = blocks["task"].attributes.get("kind", "text") if "task" in blocks else "text"
    free = "\n\n".join(m.text for m in messages if m.role == "user") if "task" not in blocks else ""
    given = {name: value for name, value in request.parameters.items() if name != "stop"}
    return Prompt(
        kind=kind.strip(),
        blocks=blocks,
        free=free,
        model=request.model,
        variation=json.dumps(given, sort_keys=True, ensure_ascii=False, default=str) if given else "",
        continued=continued,
    )


def _begun(messages: list[Message]) -> tuple[list[Message], str]:
    """The messages without a begun answer at their end, and that answer; a word to go on with it may follow it."""
    said = next((place for place in reversed(range(len(messages))) if messages[place].role == "assistant"), None)
    if said is None:
        return messages, ""
    task = any("<task " in message.text for message in messages[:said])
    if said + 1 == len(messages) or (task and not any("<task " in message.text for message in messages[said + 1 :])):
        return messages[:said], messages[said].text
    return messages, ""


def blocks_of(parts: Sequence[str]) -> Iterator[tuple[str, Block]]:
    """The blocks of some parts, in order; one that is not closed in its part runs on into the next ones."""
    name, attributes, raw = "", {}, [""]
    for part in parts:
        at = 0
        while True:
            if not name:
                opened = _OPEN.search(part, at)
                if not opened:
                    break
                name, raw, at = opened[1], [], opened.end()
                attributes = {key: unescape(value) for key, value in _ATTRIBUTE.findall(opened[2])}
            end = part.find(f"</{name}>", at)
            raw.append(part[at:] if end < 0 else part[at:end])
            if end < 0:
                break
            yield name, Block(attributes=attributes, raw="\n\n".join(raw))
            name, at = "", end + len(name) + 3
    if name:
        yield name, Block(attributes=attributes, raw="\n\n".join(raw))


def unescape(text: str) -> str:
    """Undo what a template does to values."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def bullets(text: str) -> tuple[str, ...]:
    """The lines of a list without their bullets; a line that goes on is joined to the one before."""
    items: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if _BULLET.match(line) or not items:
            items.append(_BULLET.sub("", line).strip())
        else:
            items[-1] = f"{items[-1]} {line.strip()}"
    return tuple(item for item in items if item)


def split_brief_and_points(text: str) -> tuple[str, tuple[str, ...]]:
    """A chapter's block: prose first, then its goals, which are left out, and its points as a list."""
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if _BULLET.match(line)), len(lines))
    points = (point for point in bullets("\n".join(lines[first:])) if not point.startswith("Goal: "))
    return " ".join(line.strip() for line in lines[:first]).strip(), tuple(points)


def people_in(block: Block) -> Sequence[Mapping[str, Any]]:
    """The `<people>` block's JSON list; anything else there is read as nobody."""
    if not block.raw.strip():
        return ()
    try:
        loaded = json.loads(block.text)
    except ValueError:
        return ()
    return [entry for entry in loaded if isinstance(entry, dict)] if isinstance(loaded, list) else ()


def _mostly_cyrillic(text: str) -> bool:
    cyrillic = len(re.findall(r"[а-яёА-ЯЁ]", text))
    return cyrillic > len(re.findall(r"[a-zA-Z]", text))
