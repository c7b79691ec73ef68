from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.errors import ConfigError
from ghostkit.rag.chunking import (
    RecursiveChunker,
    SentenceChunker,
    chunk_many,
    chunker_for,
    chunks_of,
    language_of,
    parallel,
)
from ghostkit.rag.chunking.documents import weighed
from ghostkit.rag.chunking.importance import importances
from ghostkit.rag.chunking.measure import estimated_tokens
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document, TextSpan
from tests.rag.chunking.passages import PASSAGES, paragraphs

TEXT = paragraphs("en", 1, 30)[1]


def document(**changes: object) -> Document:
    return Document(
        **{"id": "s-1", "text": TEXT, "chapter": 2, "section": 3, "revision": 4, "title": "Bats", **changes}
    )  # type: ignore[arg-type]


def test_chunks_say_where_they_are_from() -> None:
    chunks = chunks_of(document(), SentenceChunker(size=300, overlap=50))
    assert [chunk.metadata.position for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert chunk.content == TEXT[chunk.metadata.start : chunk.metadata.end]
        assert (chunk.chapter_num, chunk.section_num, chunk.metadata.revision) == (2, 3, 4)
        assert (chunk.metadata.document, chunk.metadata.title, chunk.metadata.language) == ("s-1", "Bats", "en")
        assert 0 <= chunk.importance_score <= 1
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert len({chunk.importance_score for chunk in chunks}) > len(chunks) / 3


def test_ids_stay_when_the_document_moves_and_when_it_is_cut_again() -> None:
    cut = SentenceChunker(size=300, overlap=50)
    ids = [chunk.id for chunk in chunks_of(document(), cut)]
    assert ids == [chunk.id for chunk in chunks_of(document(chapter=9, section=1, revision=8, title="Moved"), cut)]
    assert not set(ids) & {chunk.id for chunk in chunks_of(document(id="s-2"), cut)}


def test_an_empty_document_has_no_chunks() -> None:
    assert chunk_many([document(text=""), document(text=" \r\n\t")], chunker_for(RAGConfig())) == [[], []]


def test_many_documents_keep_their_order() -> None:
    documents = [document(id=f"d{number}", text=paragraphs("ru", number, 5)[1]) for number in range(20)]
    cut = SentenceChunker(size=200, overlap=30)
    assert chunk_many(documents, cut) == [chunks_of(one, cut) for one in documents]


def test_workers_give_what_this_process_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [document(id=f"d{number}", text=paragraphs("ru", number, 5)[1] + "\ud800") for number in range(7)]
    cut = RecursiveChunker(size=200, overlap=30, count=estimated_tokens)
    monkeypatch.setattr(parallel, "WORTH_IT", 1)
    monkeypatch.setattr(parallel, "_processors", lambda: 2)
    cuts = parallel.cut_by_workers(documents, cut)
    assert {at: weighed(one.text, one.language, cut) for at, one in enumerate(documents)} == cuts
    monkeypatch.setattr(parallel.sys, "executable", "/nowhere/python")
    assert parallel.cut_by_workers(documents, cut) == {}


def test_a_worker_loads_nothing_of_the_folder_it_is_started_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be a stranger's project."""
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parallel, "WORTH_IT", 1)
    monkeypatch.setattr(parallel, "_processors", lambda: 2)
    assert (
        len(parallel.cut_by_workers([document(id="a"), document(id="b")], SentenceChunker(size=300, overlap=50))) == 2
    )
    assert not (tmp_path / "loaded").exists()


def test_no_worker_is_asked_for_what_only_this_process_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "WORTH_IT", 1)
    monkeypatch.setattr(parallel, "_ask", lambda *_: pytest.fail("a worker was asked"))
    documents = [document(), document(id="s-2")]
    for cut in (SentenceChunker(size=50, overlap=5, count=len), chunker_for(RAGConfig(chunker=str.split))):
        assert parallel.cut_by_workers(documents, cut) == {}


def test_a_configuration_chooses_strategy_size_and_unit() -> None:
    assert chunker_for(RAGConfig()) == SentenceChunker(size=RAGConfig().chunk_size, overlap=RAGConfig().chunk_overlap)
    recursive = chunker_for(RAGConfig(chunk_strategy="recursive", chunk_size=50, chunk_overlap=5))
    assert recursive == RecursiveChunker(size=50, overlap=5)
    tokens = chunker_for(RAGConfig(chunk_unit="tokens", chunk_size=50, chunk_overlap=5))
    assert all(estimated_tokens(TEXT[span.start : span.end]) <= 50 for span in tokens(TEXT))
    counted = chunker_for(
        RAGConfig(chunk_unit="tokens", chunk_size=40, chunk_overlap=5), count=lambda t: len(t.split())
    )
    sizes = [len(TEXT[span.start : span.end].split()) for span in counted(TEXT)]
    assert max(sizes) <= 40 < sum(sizes)


def test_a_function_of_the_user_may_return_texts_pairs_or_spans() -> None:
    def texts(text: str) -> list[str]:
        return ["one two ", "two three", " "]

    cut = chunker_for(RAGConfig(chunker=texts))
    assert [(span.start, span.end) for span in cut("one two three")] == [(0, 7), (4, 13)]
    cut = chunker_for(RAGConfig(chunker=lambda text: [(0, 4), (4, 7)]))
    assert [(span.start, span.end) for span in cut("one two three")] == [(0, 3), (4, 7)]
    cut = chunker_for(RAGConfig(chunker=lambda text: [TextSpan(start=0, end=3, importance=0.9)]))
    assert [chunk.importance_score for chunk in chunks_of(document(text="one two"), cut)] == [0.9]


@pytest.mark.parametrize(
    "returned", ["one", None, ["four"], [3], [(0, 99)], [(4, 7), (0, 3)], ["two", "one"], [(2, 1)], [("a", "b")]]
)
def test_what_is_no_piece_of_the_text_is_refused(returned: object) -> None:
    def mine(text: str) -> object:
        return returned

    with pytest.raises(ConfigError, match="chunker mine returned"):
        chunker_for(RAGConfig(chunker=mine))("one two three")


def test_importance_tells_what_is_full_from_what_is_empty() -> None:
    full = (
        "On 3 May 1893 Jonathan Harker met Count Dracula, and Mina Murray wrote 12 letters to Lucy Westenra in Whitby."
    )
    dull = "It was what it was and it would be what it would be, and so it was that it was not as it had been before."
    contents = "CHAPTER I. Of Bats ..... 1\nCHAPTER II. Of Rats ..... 2\nCHAPTER III. Of Cats ..... 3"
    spoken = (
        "“It was what it was and it would be what it would be,” said he, “and so it was not as it had been before.”"
    )
    filler = [dull] * 30
    scores = importances([*filler, full, dull, contents, spoken, *filler])
    assert scores[30] > 0.5 > scores[31]
    assert scores[32] < 0.2
    assert scores[33] > scores[31]
    assert scores[0] > scores[10]
    assert importances([]) == []
    assert 0 <= importances(["。"])[0] <= 1


def test_importance_measures_rare_words_against_the_other_chunks() -> None:
    common, rare = "the bat flew over the house at night", "a zeppelin burst above the harbour walls"
    assert importances([common] * 9 + [rare])[9] > importances([rare] * 9 + [rare])[9]


def test_languages_are_told_apart() -> None:
    assert {language: language_of(" ".join(passage)) for language, passage in PASSAGES.items()} == {
        language: language for language in PASSAGES
    }


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "La casa era de los padres y no se podía entrar en ella por la noche."),
        ("it", "Il gatto che dorme non è della signora, ma di un amico che sono andato a trovare."),
        ("pt", "O menino não foi para a escola, mas ele era uma das pessoas que mais liam."),
        ("nl", "De kat zit op het dak en de hond is niet in het huis van zijn baas."),
        ("uk", "Він не знав, що це була вона, але пішов до хати, як і всі, що жили там."),
        ("ko", "그는 집에 갔다. 아무도 없었다."),
        ("el", "Η γάτα κοιμάται στο σπίτι."),
        ("", "42 + 17 = 59"),
        ("", "Xyzzy plugh qwrt."),
        ("", ""),
    ],
)
def test_a_language_is_found_by_script_and_common_words(language: str, text: str) -> None:
    assert language_of(text) == language
