from __future__ import annotations

import pytest

from ghostkit.rag.chunking.blocks import blocks, flattened

NAMES = ("prose", "heading", "scene", "list", "table", "code", "verse", "contents")
CASES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a table of contents and the chapter after it": (
        "CONTENTS\n\nCHAPTER I. Down .... 1\nCHAPTER II. Pool .... 12\nCHAPTER III. Rat .... 20\n\nCHAPTER I\n\nAlice.",
        [("heading", "CONTENTS"), ("contents", "CHAPTER I. D"), ("heading", "CHAPTER I"), ("prose", "Alice.")],
    ),
    "numbered titles": (
        "   I. A Scandal in Bohemia\n  II. The Red-headed League\n III. A Case of Identity\n\nTo Sherlock Holmes.",
        [("contents", "I. A Scandal"), ("prose", "To Sherlock")],
    ),
    "headings on end are contents but for the last": (
        "Chapter 1\n\nChapter 2\n\nChapter 3\n\nChapter 1\n\nIt began.",
        [("contents", "Chapter 1"), ("heading", "Chapter 1"), ("prose", "It began.")],
    ),
    "verse in prose": (
        "He sang:\n\nTwinkle, twinkle, little bat!\nHow I wonder what you're at!\nUp above the world,\n\nHe ended.",
        [("prose", "He sang:"), ("verse", "Twinkle"), ("prose", "He ended.")],
    ),
    "Russian verse": (
        "Мой дядя самых честных правил,\nКогда не в шутку занемог,\nОн уважать себя заставил\nИ лучше выдумать не мог.",
        [("verse", "Мой дядя")],
    ),
    "Markdown": (
        "# Title\nIntro.\n## Part\n- one\n- two\n  more\n\n| a | b |\n|---|---|\n\n```py\nx = 1\n\n\ny=2\n```\nAfter.",
        [("heading", "# Title"), ("prose", "Intro."), ("heading", "## Part"), ("list", "- one"), ("table", "| a"),
         ("code", "```py"), ("prose", "After.")],
    ),
    "an underlined heading": ("The Title\n=====\n\nText.", [("heading", "The Title"), ("prose", "Text.")]),
    "talk on lines of its own": (
        "— Да.\n— Нет.\n— Почему?", [("prose", "— Да."), ("prose", "— Нет."), ("prose", "— Почему?")],
    ),
    "wrapped prose with indented paragraphs": (
        "It was the best of times, it was the worst of times, it was the age\nof wisdom, it was the age of folly.\n"
        "  It was the season of Darkness, it was the spring of hope, it was\nthe winter of despair.",
        [("prose", "It was the best"), ("prose", "It was the season")],
    ),
    "a break between scenes": ("One.\n\n* * *\n\nTwo.", [("prose", "One."), ("scene", "* * *"), ("prose", "Two.")]),
    "headings in several languages": (
        "ГЛАВА ПЕРВАЯ\n\nА.\n\nГлава 2. Сержант\n\nБ.\n\n第三章 天空\n\nOh.\n\nKapitel 4\n\nJa.\n\nChapitre II\n\nEt.",
        [("heading", "ГЛАВА"), ("prose", "А."), ("heading", "Глава 2"), ("prose", "Б."), ("heading", "第三章"),
         ("prose", "Oh."), ("heading", "Kapitel"), ("prose", "Ja."), ("heading", "Chapitre"), ("prose", "Et.")],
    ),
    "prose that begins like a heading": (
        "Book them, Danno.\n\nPart of me left.\n\nWHAT?!\n\nScene by scene it came back.",
        [("prose", "Book"), ("prose", "Part"), ("prose", "WHAT"), ("prose", "Scene")],
    ),
    "a fence that never closes ends with its paragraph": (
        "```\ncode\n\nText.", [("code", "```\ncode"), ("prose", "Text.")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_taken_apart_as_a_reader_would(name: str) -> None:
    text, expected = CASES[name]
    found = [(NAMES[block.kind], text[block.start : block.end]) for block in blocks(flattened(text))]
    assert [kind for kind, _ in found] == [kind for kind, _ in expected]
    for (_, piece), (_, beginning) in zip(found, expected, strict=True):
        assert piece.startswith(beginning)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028"])
def test_line_ends_of_any_kind_keep_every_offset(end: str) -> None:
    text = "One\n\nTwo\nThree".replace("\n", end)
    flat = flattened(text)
    assert len(flat) == len(text)
    assert [text[block.start : block.end] for block in blocks(flat)] == ["One", f"Two{end}Three"]
