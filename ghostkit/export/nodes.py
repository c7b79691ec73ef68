"""The pieces prose is made of, as values: inline nodes inside block nodes, with nothing of any format in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Align: TypeAlias = Literal["", "left", "center", "right"]


@dataclass(frozen=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, kw_only=True)
class Code:
    text: str


@dataclass(frozen=True, kw_only=True)
class LineBreak:
    pass


@dataclass(frozen=True, kw_only=True)
class Emphasis:
    children: tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class Strong:
    children: tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class Link:
    """`href` is http, https or mailto, or `#` and an anchor that exists in the document."""

    href: str
    children: tuple[Inline, ...]


Inline: TypeAlias = Text | Code | LineBreak | Emphasis | Strong | Link


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    children: tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading inside a section; `level` counts from 1 below the section's own title, at most 4."""

    level: int
    children: tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class ListBlock:
    """`tight` lists stand without space between their items; `start` is None for bullets."""

    start: int | None
    tight: bool
    items: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Quote:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class CodeBlock:
    """`language` is a plain name such as `python`, or empty."""

    text: str
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A break in the scene."""


Cell: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """`aligns` has one entry a column; every row has as many cells as `header`."""

    aligns: tuple[Align, ...]
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


Block: TypeAlias = Paragraph | Heading | ListBlock | Quote | CodeBlock | Rule | Table


def plain_text(children: Iterable[Inline]) -> str:
    """The words of inline nodes without their dress; a line break becomes a space."""
    pieces: list[str] = []
    for node in children:
        match node:
            case Text(text=text) | Code(text=text):
                pieces.append(text)
            case LineBreak():
                pieces.append(" ")
            case Emphasis() | Strong() | Link():
                pieces.append(plain_text(node.children))
    return "".join(pieces)


def block_text(blocks: Iterable[Block]) -> str:
    """The words of blocks, one block a line."""
    return "\n".join(filter(None, (_one_block_text(block) for block in blocks)))


def _one_block_text(block: Block) -> str:
    match block:
        case Paragraph() | Heading():
            return plain_text(block.children)
        case ListBlock():
            return "\n".join(block_text(item) for item in block.items)
        case Quote():
            return block_text(block.blocks)
        case CodeBlock():
            return block.text
        case Table():
            return "\n".join(plain_text(cell) for row in (block.header, *block.rows) for cell in row)
        case Rule():
            return ""
