"""The lines between two `---` at the head of a Markdown file: `key: value`, and lists; no YAML beyond that."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

_KEY: Final = re.compile(r"([A-Za-z][A-Za-z0-9 _-]{0,40}):(?:[ \t]+(.*))?")
_ITEM: Final = re.compile(r"[ \t]*-[ \t]+(.+)")
_NAMES: Final = {
    "title": "title", "author": "author", "authors": "author", "language": "language", "lang": "language",
    "tags": "tags", "tag": "tags", "keywords": "tags", "rating": "rating", "note": "note", "notes": "note",
    "since_chapter": "since_chapter", "since": "since_chapter",
}  # fmt: skip
MAX_LINES: Final = 200


@dataclass(frozen=True, kw_only=True)
class FrontMatter:
    """`fields` are a source's own, `extra` the others; `body` is the text without the block."""

    body: str
    fields: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, str | int | float] = field(default_factory=dict)


def split_front_matter(text: str) -> FrontMatter:
    """Take the block off the head of a text whose line ends are LF.

    A block that holds anything but keys, values and lists, or no field that a source has, is no front matter: the text
    stays whole. So does one that begins with a rule of three dashes.
    """
    block, body = _block(text)
    found = None if block is None else _pairs(block)
    if found is None or not any(name in _NAMES for name in found):
        return FrontMatter(body=text)
    fields = {_NAMES[name]: _joined(_NAMES[name], value) for name, value in found.items() if name in _NAMES}
    rest = {name: value for name, value in found.items() if name not in _NAMES}
    extra = {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in rest.items()}
    return FrontMatter(body=body, fields=fields, extra=extra)


def _block(text: str) -> tuple[list[str] | None, str]:
    first, _, rest = text.partition("\n")
    if first.rstrip() != "---":
        return None, text
    lines: list[str] = []
    while rest and len(lines) < MAX_LINES:
        line, _, rest = rest.partition("\n")
        if line.rstrip() in ("---", "..."):
            return lines, rest.lstrip("\n")
        lines.append(line.rstrip())
    return None, text


def _pairs(lines: list[str]) -> dict[str, Any] | None:
    """Values by name, in lower case with underscores; None where a line is neither."""
    found: dict[str, Any] = {}
    open_list: str | None = None
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item, pair = _ITEM.fullmatch(line), _KEY.fullmatch(line)
        if item and open_list is not None:
            found[open_list] = [*(found[open_list] or []), _scalar(item[1])]
        elif pair:
            name, value = re.sub(r"[ -]+", "_", pair[1].strip().lower()), (pair[2] or "").strip()
            found[name] = _listed(value) if value.startswith("[") else _scalar(value)
            open_list = None if value else name
        else:
            return None
    return found


def _listed(value: str) -> Any:
    if not value.endswith("]"):
        return value
    return [_scalar(item.strip()) for item in value[1:-1].split(",") if item.strip()]


def _scalar(value: str) -> str | int | float:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    value = re.split(r"[ \t]#", value, maxsplit=1)[0].rstrip()
    if re.fullmatch(r"-?\d{1,15}", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", value) else value


def _joined(name: str, value: Any) -> Any:
    """A list of authors is one line; a lone tag is a list; a title may look like a number."""
    if name == "tags":
        items = value if isinstance(value, list) else str(value).split(",")
        return [str(item) for item in items]
    if name in ("title", "author", "note", "language"):
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return value
