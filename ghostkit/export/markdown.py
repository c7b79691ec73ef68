"""The document as one Markdown file, written so that reading it back gives the same tree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from ghostkit.export.moment import export_moment, timestamp
from ghostkit.export.nodes import (
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
    plain_text,
)
from ghostkit.export.tree import GLOSSARY_ANCHOR, ChapterNode, Document, Metadata, SectionNode

_SPECIAL = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|!\Z")
_LINE_START = re.compile(r"(?m)^(\d*)([#>+=~|:.)-])")
_EDGE_SPACE = re.compile(r"(?m)^[ \t]|[ \t](?=\\?$)")
_OUTER_SPACE = re.compile(r"\A\s|\s\Z")  # a mark beside a space opens and closes nothing
_LAST_HASH, _ESCAPED_HASH = re.compile(r"#\Z"), r"\\#"
_DELIMITER = {"": "---", "left": ":---", "center": ":---:", "right": "---:"}


class MarkdownExporter:
    """`book.md`: title, contents with links, chapters and sections."""

    name = "markdown"
    extension = "md"
    media_type = "text/markdown; charset=utf-8"

    def render(self, document: Document) -> bytes:
        parts = [*_front(document), *_contents(document)]
        for part, chapters in document.parts():
            if part is not None:
                parts += [f'<a id="{part.anchor}"></a>', _heading(1, _escape(part.label))]
            for chapter in chapters:
                parts += _chapter(chapter, document.meta)
        parts += _glossary(document)
        return ("\n\n".join([*parts, _record(document.meta)]) + "\n").encode()


def _front(document: Document) -> list[str]:
    meta = document.meta
    parts = [_heading(1, _escape(meta.title))]
    if meta.subtitle:
        parts.append(f"*{_escape(meta.subtitle)}*")
    if meta.authors:
        parts.append(_escape(", ".join(meta.authors)))
    return parts + [f"> {_escape(note.text)}" for note in document.front]


def _contents(document: Document) -> list[str]:
    lines: list[str] = []
    for part, chapters in document.parts():
        inset = "  " if part is not None else ""
        if part is not None:
            lines.append(f"- [{_escape(part.label)}](#{part.anchor})")
        for chapter in chapters:
            lines.append(f"{inset}- [{_escape(chapter.label)}](#{chapter.anchor})")
            lines += [f"{inset}  - [{_escape(s.title)}](#{s.anchor})" for s in chapter.sections if s.title]
    if document.glossary:
        lines.append(f"- [{_escape(document.meta.labels.glossary)}](#{GLOSSARY_ANCHOR})")
    return [_heading(2, _escape(document.meta.labels.contents)), "\n".join(lines)] if lines else []


def _chapter(chapter: ChapterNode, meta: Metadata) -> list[str]:
    parts = [f'<a id="{chapter.anchor}"></a>', _heading(2, _escape(chapter.label))]
    if chapter.goals is not None:
        label = Paragraph(children=(Strong(children=(Text(text=f"{meta.labels.goals}:"),)),))
        parts += _blocks([Quote(blocks=(label, chapter.goals))])
    for place, section in enumerate(chapter.sections):
        parts += _section(section, follows=place > 0)
    if chapter.summary:
        parts += [_heading(3, _escape(meta.labels.in_short)), *_blocks(chapter.summary)]
    return parts


def _glossary(document: Document) -> list[str]:
    if not document.glossary:
        return []
    parts = [f'<a id="{GLOSSARY_ANCHOR}"></a>', _heading(2, _escape(document.meta.labels.glossary))]
    for term in document.glossary:
        parts += [
            f'<a id="{term.anchor}"></a>',
            *_blocks([Paragraph(children=(Strong(children=(Text(text=term.term),)),))]),
        ]
        parts += _blocks(term.blocks)
    return parts


def _section(section: SectionNode, *, follows: bool) -> list[str]:
    parts = [f'<a id="{section.anchor}"></a>']
    if section.title:
        parts.append(_heading(3, _escape(section.title)))
    elif follows:
        parts.append("***")
    return parts + _blocks(section.blocks)


def _record(meta: Metadata) -> str:
    """What the file is, for programs: JSON in a comment, with no sign in it that could end the comment."""
    record = {
        "title": meta.title,
        "authors": list(meta.authors),
        "language": meta.language,
        "identifier": meta.identifier,
        "modified": timestamp(export_moment(meta.modified)),
        "generator": meta.generator,
        "rehearsal": meta.rehearsal,
    }
    written = json.dumps(record, ensure_ascii=True)
    for sign, safe in (("<", "\\u003c"), (">", "\\u003e"), ("--", "-\\u002d")):
        written = written.replace(sign, safe)
    return f"<!-- {written} -->"


def _heading(level: int, title: str) -> str:
    """A closing run of `#` would be dropped on reading, so its last one is escaped."""
    return f"{'#' * level} {_LAST_HASH.sub(_ESCAPED_HASH, _EDGE_SPACE.sub(_spelled, title))}"


def _spelled(space: re.Match[str]) -> str:
    return f"&#{ord(space.group())};"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _blocks(blocks: Iterable[Block]) -> list[str]:
    written: list[str] = []
    before: Block | None = None
    second = False  # two lists in a row need different marks, or they would read as one
    for block in blocks:
        neighbours = isinstance(block, ListBlock) and isinstance(before, ListBlock)
        second = neighbours and not second
        written.append(
            _list(block, "+" if second else "-", ")" if second else ".")
            if isinstance(block, ListBlock)
            else _block(block)
        )
        before = block
    return written


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _line_safe(_inlines(block.children))
        case Heading():
            text = _inlines(block.children).replace("\\\n", " ")
            return _heading(min(block.level + 3, 6), text)
        case ListBlock():
            return _list(block, "-", ".")
        case Quote():
            return _indent("\n\n".join(_blocks(block.blocks)), "> ", "> ")
        case CodeBlock():
            fence = "`" * max(3, 1 + _longest_run(block.text, "`"))
            return (
                f"{fence}{block.language}\n{block.text}\n{fence}" if block.text else f"{fence}{block.language}\n{fence}"
            )
        case Rule():
            return "***"
        case Table():
            rows = [_row(block.header), _row_of([_DELIMITER[align] for align in block.aligns])]
            return "\n".join(rows + [_row(row) for row in block.rows])


def _list(block: ListBlock, bullet: str, point: str) -> str:
    items: list[str] = []
    for place, item in enumerate(block.items):
        mark = f"{bullet} " if block.start is None else f"{block.start + place}{point} "
        text = ("\n" if block.tight else "\n\n").join(_blocks(item))
        items.append(_indent(text, mark, " " * len(mark)) if text else mark.rstrip())
    return ("\n" if block.tight else "\n\n").join(items)


def _indent(text: str, first: str, rest: str) -> str:
    head, *tail = text.split("\n")
    return "\n".join([f"{first}{head}".rstrip(), *((f"{rest}{line}" if line else rest.rstrip()) for line in tail)])


def _row(cells: Iterable[Cell]) -> str:
    return _row_of(
        [_EDGE_SPACE.sub(_spelled, _inlines(cell)).replace("\\\n", " ").replace("|", "\\|") for cell in cells]
    )


def _row_of(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line_safe(text: str) -> str:
    """Keep a line's start from reading as a block's mark, and the space at its ends from being dropped."""
    return _LINE_START.sub(r"\1\\\2", _EDGE_SPACE.sub(_spelled, text))


def _inlines(nodes: Sequence[Inline], outer: str = "") -> str:
    """`outer` is the mark these nodes stand between."""
    written = ""
    for place, node in enumerate(nodes):
        match node:
            case Text():
                written += _escape(node.text)
            case Code():
                written += _code(node.text)
            case LineBreak():
                written += "\\\n"
            case Emphasis() | Strong():
                after = _first_sign(nodes[place + 1]) if place + 1 < len(nodes) else outer[:1]
                written += _stressed(node, (written or outer)[-1:], after)
            case Link():
                written += _link(node)
    return written


def _first_sign(node: Inline) -> str:
    match node:
        case Text():
            return node.text[:1]
        case Code():
            return "`"
        case LineBreak():
            return "\\"
        case Emphasis() | Strong():
            return "*"
        case Link():
            return "["


def _stressed(node: Emphasis | Strong, before: str, after: str) -> str:
    """`*` works inside words, but runs together with another `*`; there `_` stands in, where it may."""
    if len(node.children) == 1 and isinstance(node, Emphasis) and isinstance(node.children[0], Strong):
        return f"***{_OUTER_SPACE.sub(_spelled, _inlines(node.children[0].children, '***'))}***"
    length = 1 if isinstance(node, Emphasis) else 2
    inside = _OUTER_SPACE.sub(_spelled, _inlines(node.children, "*" * length))
    crowded = "*" in (before, after, inside[:1])
    mark = ("_" if crowded and not (before.isalnum() or after.isalnum()) else "*") * length
    if mark[0] == "_":
        inside = _OUTER_SPACE.sub(_spelled, _inlines(node.children, mark))
    return f"{mark}{inside}{mark}"


def _code(text: str) -> str:
    fence = "`" * (1 + _longest_run(text, "`"))
    padded = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip())
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def _link(node: Link) -> str:
    if plain_text(node.children) == node.href and not node.href.startswith("#"):
        return f"<{node.href}>"
    href = f"<{node.href}>" if re.search(r"[()]", node.href) else node.href
    return f"[{_inlines(node.children)}]({href})"


def _longest_run(text: str, sign: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(sign)}+", text)), default=0)
