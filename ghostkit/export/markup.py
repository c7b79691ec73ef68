"""Nodes as elements that are well-formed XHTML and plain HTML at once; every text passes `escape` on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
)

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escape(text: str) -> str:
    """`text` as character data or as an attribute's value in either quote."""
    return text.translate(_ESCAPES)


def element(name: str, content: str, **attributes: str) -> str:
    """One element; `content` is markup already, attribute values are escaped here, empty ones left out.

    A trailing underscore in a name is dropped (`class_`), another one becomes a colon (`epub_type`).
    """
    written = "".join(
        f' {key.removesuffix("_").replace("_", ":")}="{escape(value)}"' for key, value in attributes.items() if value
    )
    return f"<{name}{written}>{content}</{name}>"


def _same_page(anchor: str) -> str:
    return f"#{anchor}"


@dataclass(frozen=True, kw_only=True)
class Writer:
    """`heading_level` is the element level of a section's first inner heading; `locate` finds an anchor's address.

    `code_direction` is said only where it differs from the page's own: code reads left to right everywhere.
    """

    heading_level: int
    code_direction: str = ""
    locate: Callable[[str], str] = _same_page

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        """One string a block."""
        return [self._block(block) for block in blocks]

    def inlines(self, nodes: Iterable[Inline]) -> str:
        return "".join(self._inline(node) for node in nodes)

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph():
                return element("p", self.inlines(block.children))
            case Heading():
                name = f"h{min(self.heading_level + block.level - 1, 6)}"
                return element(name, self.inlines(block.children))
            case ListBlock():
                return self._list(block)
            case Quote():
                return element("blockquote", "\n".join(self.blocks(block.blocks)))
            case CodeBlock():
                language = f"language-{block.language}" if block.language else ""
                return element("pre", element("code", escape(block.text), class_=language), dir=self.code_direction)
            case Rule():
                return "<hr/>"
            case Table():
                return self._table(block)

    def _list(self, block: ListBlock) -> str:
        items = "\n".join(element("li", self._item(item, block.tight)) for item in block.items)
        if block.start is None:
            return element("ul", items)
        return element("ol", items, start="" if block.start == 1 else str(block.start))

    def _item(self, item: tuple[Block, ...], tight: bool) -> str:
        return "\n".join(
            self.inlines(block.children) if tight and isinstance(block, Paragraph) else self._block(block)
            for block in item
        )

    def _table(self, table: Table) -> str:
        def row(name: str, cells: tuple[Cell, ...]) -> str:
            pairs = zip(cells, table.aligns, strict=True)
            return element("tr", "\n".join(element(name, self.inlines(cell), class_=align) for cell, align in pairs))

        body = "\n".join(row("td", cells) for cells in table.rows)
        head = element("thead", row("th", table.header))
        return element("table", f"{head}\n{element('tbody', body)}" if body else head)

    def _inline(self, node: Inline) -> str:
        match node:
            case Text():
                return escape(node.text)
            case Code():
                return element("code", escape(node.text), dir=self.code_direction)
            case LineBreak():
                return "<br/>\n"
            case Emphasis():
                return element("em", self.inlines(node.children))
            case Strong():
                return element("strong", self.inlines(node.children))
            case Link():
                inside = node.href.startswith("#")
                return element(
                    "a", self.inlines(node.children), href=self.locate(node.href[1:]) if inside else node.href
                )
