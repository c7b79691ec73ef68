"""Section Markdown into nodes: CommonMark with tables; raw HTML stays text, images become their alt text.

The text may come from a model or from anyone's editor, so nothing in it is trusted: there is no way from here to
markup, and a link leads only to the web, to a mail address or into the book.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from ghostkit.export.nodes import (
    Align,
    Block,
    Cell,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Text,
)
from ghostkit.export.plaintext import clean, join_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

# Deeper nesting than this is no book but an attack on the stack; such text is kept as plain paragraphs.
_DEPTH = 48
_DEFINES_LINK = re.compile(r"\s*\[[^\[\]]+\]:\s*<?(?:https?://|mailto:|#)", re.IGNORECASE)
_CELL_END, _LAST_CELL_END = re.compile(r"(?<!\\)\|"), re.compile(r"(?<!\\)\|\Z")
_WEB = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?)?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:\?[A-Za-z0-9._=&%+-]*)?", re.IGNORECASE
)
_LANGUAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#.-]{0,30}")


def parse_prose(markdown: str, *, anchors: Mapping[str, str] | None = None) -> tuple[Block, ...]:
    """The blocks of `markdown`. `anchors` maps what a `#link` may say to the anchor it means; others are text."""
    text = clean(markdown)
    tokens = _markdown().parse(text)
    if _depth(tokens) >= _DEPTH:
        return _plain_paragraphs(text)
    return _level_headings(tuple(_Reader(anchors or {}).blocks(iter(tokens))))


def web_link(href: str) -> bool:
    """Whether `href` is a link that may leave the book: http, https or mailto, and well-formed."""
    return bool(_WEB.fullmatch(href) or _MAIL.fullmatch(href))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Beyond maxNesting markdown-it drops content, so the limit here stands above the depth we refuse.
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * _DEPTH}).enable("table")
    parser.validateLink = _accept  # type: ignore[method-assign, assignment]
    parser.block.ruler.at("reference", _only_if(_defines_link, _rule(parser, "reference")))
    parser.block.ruler.at(
        "table", _only_if(_holds_every_cell, _rule(parser, "table")), {"alt": ["paragraph", "reference"]}
    )
    return parser


def _accept(_url: str) -> bool:
    """Let every link parse: `_Reader` decides, and unwraps what it refuses instead of showing its source."""
    return True


def _rule(parser: MarkdownIt, name: str) -> Callable[..., bool]:
    return next(rule.fn for rule in parser.block.ruler.__rules__ if rule.name == name)


def _only_if(fits: Callable[[StateBlock, int, int], bool], rule: Callable[..., bool]) -> Callable[..., bool]:
    """`rule`, tried only where `fits`; CommonMark and its tables would else swallow words."""

    def careful(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return fits(state, start, end) and rule(state, start, end, silent)

    return careful


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _defines_link(state: StateBlock, start: int, _end: int) -> bool:
    """A line like `[Mira]: hello` would vanish as a link definition; only real link targets may."""
    return bool(_DEFINES_LINK.match(_line(state, start)))


def _holds_every_cell(state: StateBlock, start: int, end: int) -> bool:
    """Cells beyond the header's would vanish; lines that have some are no table but text."""
    if "|" not in _line(state, start):
        return True  # a table of one column, or none: nothing to lose
    columns = _cells(_line(state, start))
    rows = takewhile(lambda number: not state.isEmpty(number), range(start + 2, end))
    return all(_cells(_line(state, number)) <= columns for number in rows)


def _cells(line: str) -> int:
    inside = line.strip().removeprefix("|")
    return len(_CELL_END.findall(inside)) + (not _LAST_CELL_END.search(inside))


def _depth(tokens: list[Token]) -> int:
    deepest = depth = 0
    for token in tokens:
        depth += token.nesting
        deepest = max(deepest, depth, depth + _depth(token.children) if token.children else 0)
    return deepest


def _plain_paragraphs(text: str) -> tuple[Block, ...]:
    parts = (join_lines(part.strip()) for part in re.split(r"\n\s*\n", text))
    return tuple(Paragraph(children=(Text(text=part),)) for part in parts if part)


def _level_headings(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Heading levels as depths below the section, without gaps: a first `###` is level 1."""
    open_levels: list[int] = []
    levelled: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            while open_levels and open_levels[-1] >= block.level:
                open_levels.pop()
            open_levels.append(block.level)
            block = Heading(level=min(len(open_levels), 4), children=block.children)
        levelled.append(block)
    return tuple(levelled)


class _Reader:
    """Turns markdown-it's flat tokens into nodes, taking each opening token's content from the same iterator."""

    def __init__(self, anchors: Mapping[str, str]) -> None:
        self._anchors = anchors

    def blocks(self, tokens: Iterator[Token], end: str = "") -> Iterator[Block]:
        for token in tokens:
            if token.type == end:
                return
            block = self._block(token, tokens)
            if block is not None:
                yield block

    def _block(self, token: Token, tokens: Iterator[Token]) -> Block | None:
        match token.type:
            case "paragraph_open":
                children = self._content(tokens)
                return Paragraph(children=children) if children else None
            case "heading_open":
                children = self._content(tokens)
                return Heading(level=int(token.tag[1]), children=children) if children else None
            case "bullet_list_open" | "ordered_list_open":
                return self._list(token, tokens)
            case "blockquote_open":
                quoted = _level_headings(tuple(self.blocks(tokens, "blockquote_close")))
                return Quote(blocks=quoted) if quoted else None
            case "fence" | "code_block":
                name = _LANGUAGE.match(token.info.strip())
                return CodeBlock(text=token.content.removesuffix("\n"), language=name.group() if name else "")
            case "hr":
                return Rule()
            case "table_open":
                return self._table(tokens)
        raise AssertionError(f"markdown-it made a {token.type}, which no enabled rule makes")

    def _content(self, tokens: Iterator[Token]) -> tuple[Inline, ...]:
        content = next(tokens)
        next(tokens)  # the closing token
        return self._inlines(iter(content.children or ()))

    def _list(self, opening: Token, tokens: Iterator[Token]) -> Block | None:
        kind = opening.type.removesuffix("_open")
        items: list[tuple[Block, ...]] = []
        tight = True
        for token in tokens:
            if token.type == f"{kind}_close":
                break
            inside = list(_until(tokens, "list_item"))
            hidden = [t.hidden for t in inside if t.type == "paragraph_open" and t.level == token.level + 1]
            tight = tight and all(hidden)
            items.append(_level_headings(tuple(self.blocks(iter(inside)))))
        start = int(cast(int, opening.attrs.get("start", 1))) if kind == "ordered_list" else None
        return ListBlock(start=start, tight=tight, items=tuple(items))

    def _table(self, tokens: Iterator[Token]) -> Block:
        rows: list[list[Cell]] = []
        aligns: list[Align] = []
        for token in tokens:
            match token.type:
                case "table_close":
                    break
                case "tr_open":
                    rows.append([])
                case "th_open":
                    aligns.append(_align(token))
                    rows[-1].append(self._content(tokens))
                case "td_open":
                    rows[-1].append(self._content(tokens))
        header, *body = (tuple(row) for row in rows)
        return Table(aligns=tuple(aligns), header=header, rows=tuple(body))

    def _inlines(self, tokens: Iterator[Token], end: str = "") -> tuple[Inline, ...]:
        nodes: list[Inline] = []
        for token in tokens:
            if token.type == end:
                break
            nodes.extend(self._inline(token, tokens))
        return _merge(nodes)

    def _inline(self, token: Token, tokens: Iterator[Token]) -> tuple[Inline, ...]:
        match token.type:
            case "text" | "text_special" | "html_inline":
                return (Text(text=token.content),)
            case "softbreak":
                return (Text(text="\n"),)
            case "hardbreak":
                return (LineBreak(),)
            case "code_inline":
                return (Code(text=token.content),)
            case "image":
                return (Text(text=_alt_text(token.children or [])),)
            case "em_open":
                inside = self._inlines(tokens, "em_close")
                return (Emphasis(children=inside),) if inside else ()
            case "strong_open":
                inside = self._inlines(tokens, "strong_close")
                return (Strong(children=inside),) if inside else ()
            case "link_open":
                return self._link(str(token.attrs.get("href", "")), self._inlines(tokens, "link_close"))
        raise AssertionError(f"markdown-it made a {token.type}, which no enabled rule makes")

    def _link(self, href: str, inside: tuple[Inline, ...]) -> tuple[Inline, ...]:
        if href.startswith("#"):
            anchor = self._anchors.get(unquote(href[1:]).casefold())
            href = f"#{anchor}" if anchor else ""
        elif not web_link(href):
            href = ""
        return (Link(href=href, children=inside),) if href and inside else inside


def _until(tokens: Iterator[Token], kind: str) -> Iterator[Token]:
    """The tokens up to the close that answers an open already taken."""
    depth = 1
    for token in tokens:
        depth += (token.type == f"{kind}_open") - (token.type == f"{kind}_close")
        if not depth:
            return
        yield token


def _align(token: Token) -> Align:
    style = str(token.attrs.get("style", ""))
    for name in ("left", "center", "right"):
        if style == f"text-align:{name}":
            return name
    return ""


def _alt_text(children: list[Token]) -> str:
    return "".join(
        "\n"
        if child.type in ("softbreak", "hardbreak")
        else _alt_text(child.children)
        if child.children
        else child.content
        for child in children
    )


def _merge(nodes: list[Inline]) -> tuple[Inline, ...]:
    merged: list[Any] = []
    for node in nodes:
        if isinstance(node, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(text=merged[-1].text + node.text)
        else:
            merged.append(node)
    joined = (Text(text=join_lines(clean(n.text))) if isinstance(n, Text) else n for n in merged)
    return tuple(node for node in joined if not isinstance(node, Text) or node.text)
