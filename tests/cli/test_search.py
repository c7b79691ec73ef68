"""`ghostkit index`, `search`, `context`, and what `receipt` says of retrieval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ghostkit import sync
from tests.cli.conftest import BRIEF, Command


@pytest.fixture(scope="module")
def long_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve chapters: the last ones no longer read the first ones in full."""
    path = tmp_path_factory.mktemp("search") / "book"
    book = sync.Book.create(path, brief=BRIEF, chapters=12, sections=2, words=120, model="rehearsal")
    book.write()
    book.live.close()
    return path


@pytest.fixture(scope="module")
def words(long_book: Path) -> str:
    """What the second section of the book begins with: words that many passages share."""
    book = sync.Book.open(long_book)
    try:
        return " ".join(book.live.section("1.2").text.split()[:40])
    finally:
        book.live.close()


def test_indexing_does_what_changed_and_says_so(ghostkit: Command, long_book: Path) -> None:
    ghostkit("index", long_book)
    report = ghostkit("index", long_book, "--json").json
    assert (report["documents"], report["changed"], report["embedded"]) == (24, 0, 0)
    rebuilt = ghostkit("index", long_book, "--rebuild", "--json").json
    assert (rebuilt["changed"], rebuilt["embedded"]) == (24, 0)  # vectors are kept
    assert "nothing had changed" in ghostkit("index", long_book).out


def test_chunks_are_exported_with_their_places(ghostkit: Command, long_book: Path, tmp_path: Path) -> None:
    assert ghostkit("index", long_book, "--export", tmp_path / "chunks.json").code == 0
    chunks = json.loads((tmp_path / "chunks.json").read_text("utf-8"))["chunks"]
    assert {(c["chapter_num"], c["section_num"]) for c in chunks} == {(n, s) for n in range(1, 13) for s in (1, 2)}
    assert all(c["metadata"]["end"] - c["metadata"]["start"] == len(c["content"]) for c in chunks)


def test_a_search_gives_passages_with_exact_places(ghostkit: Command, long_book: Path, words: str) -> None:
    rows = ghostkit("search", long_book, words, "--top-k", 4, "--json").json
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert {"rank", "score", "chapter", "section", "start", "end", "text", "parts"} <= rows[0].keys()
    book = sync.Book.open(long_book)
    for row in rows:
        text = book.live.section(f"{row['chapter']}.{row['section']}").text
        assert text[row["start"] : row["end"]] == row["text"]
    book.live.close()


def test_as_of_and_filters_keep_the_rest_out(ghostkit: Command, long_book: Path, words: str) -> None:
    query = words
    early = ghostkit("search", long_book, query, "--as-of", "3", "--json").json
    assert early
    assert all(row["chapter"] < 3 for row in early)
    some = ghostkit("search", long_book, query, "--chapters", "4-5", "--json").json
    assert {row["chapter"] for row in some} <= {4, 5}
    one = ghostkit("search", long_book, query, "--source", "2.1", "--json").json
    assert {(row["chapter"], row["section"]) for row in one} == {(2, 1)}
    assert ghostkit("search", long_book, query, "--kind", "reference", "--json").json == []


def test_explaining_shows_parts_reasons_and_times(ghostkit: Command, long_book: Path, words: str) -> None:
    told = ghostkit("search", long_book, words, "--explain", "--top-k", 2).out
    assert "keyword" in told
    assert "Dropped:" in told
    assert "Embedder: hashing" in told


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("",), 2, "query is empty"),
        (("x", "--as-of", "soon"), 2, "no chapter or section"),
        (("x", "--top-k", "0"), 2, "top_k"),
        (("x", "--fusion", "sum"), 2, "fusion is 'sum'"),
        (("x", "--chapters", "b-a"), 2, "no range of chapters"),
        (("x", "--embedder", "onnx:no-such-model"), 1, "no-such-model"),
        (("x", "--embedder", "magic"), 2, "magic"),
        (("x", "--source", "99.9"), 2, "99.9"),
        (("x", "--kind", "letters"), 2, "'manuscript', 'reference'"),
        (("x", "--chunk-size", "5"), 2, "chunk_size is 5"),
    ],
)
def test_bad_questions_get_one_sentence(
    ghostkit: Command, long_book: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = ghostkit("search", long_book, *arguments)
    assert (result.code, said in result.err) == (code, True), result.err
    assert "Traceback" not in result.err


def test_a_query_of_100_000_characters_is_answered(ghostkit: Command, long_book: Path, words: str) -> None:
    result = ghostkit("search", long_book, f"{words} " * (100_000 // len(words)), "--json", "--top-k", 2)
    assert result.code == 0, result.err
    rows = result.json
    assert len(rows) == 2


def test_the_context_is_printed_with_its_shares(ghostkit: Command, long_book: Path) -> None:
    row = ghostkit("context", long_book, "12.2", "--json").json
    assert row["shares"]["retrieved"] > 0
    assert sum(row["shares"][name] for name in ("core", "retrieved", "summaries")) <= row["shares"]["budget"]
    assert [message["role"] for message in row["messages"]] == ["system", "user"]
    told = ghostkit("context", long_book, "12.2", "--shares").out
    assert "budget" in told
    assert "found" in told
    assert "<task" not in told
    basic = ghostkit("context", long_book, "12.2", "--mode", "basic", "--json").json
    assert (basic["mode"], basic["shares"]["retrieved"]) == ("basic", 0)
    assert ghostkit("context", long_book, "99.1").code == 2


def test_a_receipt_names_passages_shares_and_overlap(ghostkit: Command, long_book: Path) -> None:
    found = ghostkit("receipt", long_book, "12.2", "--json").json["retrieval"]
    assert found["hits"]
    assert all(hit["kept"] is False or hit["overlap"]["how"] for hit in found["hits"])
    told = ghostkit("receipt", long_book, "12.2").out
    assert "retrieved" in told
    assert "shares" in told
    assert ghostkit("receipt", long_book, "1.1", "--json").json["retrieval"] is None


def test_a_book_without_text_finds_nothing_and_says_so(ghostkit: Command, tmp_path: Path) -> None:
    sync.Book.create(tmp_path / "empty", brief=BRIEF).live.close()
    result = ghostkit("search", tmp_path / "empty", "anything")
    assert result.code == 0
    assert "Nothing was found" in result.out
    assert ghostkit("index", tmp_path / "empty", "--json").json["chunks"] == 0


def test_the_events_of_a_search_say_how_much_was_found_and_json_says_what(
    ghostkit: Command, long_book: Path, words: str
) -> None:
    hits = ghostkit("search", long_book, words, "--json", "--top-k", 3).json
    line = ghostkit("events", long_book, "--type", "rag_retrieval_completed", "--last", 1).out
    assert f"hits {len(hits)}, " in line
    assert "'chunk'" not in line
    told = ghostkit("events", long_book, "--type", "rag_retrieval_completed", "--last", 1, "--json").json[0]
    assert [hit["chunk"] for hit in told["data"]["hits"]] == [hit["id"] for hit in hits]
