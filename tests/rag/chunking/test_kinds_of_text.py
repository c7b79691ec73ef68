"""What stays together in chunks, and what is kept apart."""

from __future__ import annotations

from ghostkit.rag.chunking import SentenceChunker
from tests.rag.chunking.passages import paragraphs

STANZA = "Twinkle, twinkle, little bat!\nHow I wonder what you're at!\nUp above the world you fly,\nLike a tea-tray.\n"
CODE = "```py\ndef f():\n\n    return 1\n\n\nprint(f())\n```"
TABLE = "| who | where |\n|---|---|\n| Mina | Whitby |\n| Lucy | Hillingham |"
LIST = "- garlic flowers\n- a crucifix\n- a stake of ash\n- the Host"
CONTENTS = "".join(
    f"CHAPTER {roman}. Of Things ..... {page}\n" for page, roman in enumerate(["I", "II", "III", "IV"], 3)
)


def cut(text: str, size: int = 300, overlap: int = 60) -> list[str]:
    return [text[span.start : span.end] for span in SentenceChunker(size=size, overlap=overlap)(text)]


def prose(seed: int, count: int = 6) -> str:
    return paragraphs("en", seed, count)[1]


def test_a_stanza_a_list_a_table_and_a_fence_that_fit_are_in_one_chunk_whole() -> None:
    for part in (STANZA.strip(), CODE, TABLE, LIST):
        for seed in range(8):
            text = f"{prose(seed)}\n\n{part}\n\n{prose(seed + 100)}"
            assert any(part in piece for piece in cut(text)), part


def test_what_does_not_fit_is_cut_between_lines() -> None:
    for line in ("| Mina Harker | Whitby |", "x = compute(1, 2)", "- a stake of ash wood"):
        block = "\n".join([line] * 40)
        block = f"```\n{block}\n```" if line.startswith("x") else block
        for piece in cut(block, overlap=0):
            assert set(piece.split("\n")) <= {line, "```"}


def test_a_heading_begins_a_chunk_and_never_ends_one() -> None:
    text = "\n\n".join(f"## {number}. A Title\n\n{prose(number)}" for number in range(1, 9))
    pieces = cut(text)
    beginning = [piece for piece in pieces if piece.startswith("## ")]
    assert len(beginning) == 8
    assert not any(piece.rstrip().rpartition("\n")[2].startswith("## ") for piece in pieces)
    assert not any("\n## " in piece for piece in pieces)


def test_no_overlap_reaches_over_a_heading() -> None:
    text = f"{prose(1)} The very last words.\n\n# Two\n\n{prose(2)}"
    after = [piece for piece in cut(text) if "# Two" in piece]
    assert len(after) == 1
    assert "very last words" not in after[0]


def test_contents_are_no_part_of_prose() -> None:
    text = f"CONTENTS\n\n{CONTENTS}\nCHAPTER I\n\n{prose(3)}"
    pieces = cut(text)
    first = next(piece for piece in pieces if "Of Things" in piece)
    assert first.count("Of Things") == 4
    assert not any("....." in piece for piece in pieces[1:])
    assert first.endswith("..... 6")


def test_prose_never_leaves_a_sliver_at_the_end_of_a_section_where_it_can_be_helped() -> None:
    short = 0
    for seed in range(30):
        pieces = cut(prose(seed, 8), overlap=0)
        short += len(pieces[-1]) < 0.2 * 300
    assert short <= 3


def test_one_long_line_is_cut_like_any_other_text() -> None:
    text = " ".join(prose(seed).replace("\n\n", " ") for seed in range(40))
    pieces = cut(text)
    assert "\n" not in text
    assert all(piece[-1] in ".!?”…)" for piece in pieces)
