from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ghostkit.errors import InputError
from ghostkit.rag.evaluation import read_collection

MakeFolder = Callable[..., Path]
DOCUMENT = '{"_id": "1", "title": "t", "text": "x"}\n'
QUERY = '{"_id": "a", "text": "x"}\n'
HEAD = "query-id\tcorpus-id\tscore\n"


def test_titles_and_texts_are_joined_and_only_judged_queries_are_asked(beir: MakeFolder):
    folder = beir()
    found = read_collection(folder)
    assert found.name == "tiny"
    assert found.documents["1"] == "The ferry The ferry left the quay before the bell."
    assert found.documents["5"] == ""
    assert list(found.queries) == ["a", "b", "c"]
    assert found.qrels["b"] == {"2": 2, "4": 1}
    assert list(read_collection(folder, limit=2).queries) == ["a", "b"]


def test_trec_columns_crlf_a_byte_order_mark_and_blank_lines_are_read(beir: MakeFolder):
    folder = beir(corpus="\ufeff" + DOCUMENT + "\r\n\n", queries=QUERY, qrels="a\t0\t1\t2\r\n")
    found = read_collection(folder)
    assert found.qrels == {"a": {"1": 2}}


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ({"corpus": DOCUMENT + "{torn\n"}, "corpus.jsonl, line 2 is no JSON"),
        ({"corpus": DOCUMENT + "\n[1]\n"}, "corpus.jsonl, line 3 has no _id"),
        ({"corpus": '{"_id": "1", "title": "t"}\n'}, "corpus.jsonl, line 1 has no text"),
        ({"corpus": '{"_id": null, "text": "x"}\n'}, "corpus.jsonl, line 1 has an _id that is no text"),
        ({"corpus": DOCUMENT + DOCUMENT}, "corpus.jsonl, line 2 repeats the _id 1"),
        ({"corpus": "[" * 100_000}, "corpus.jsonl, line 1 is no JSON"),
        ({"corpus": "\n\n"}, "corpus.jsonl is empty"),
        ({"queries": QUERY + '{"_id": "b", "text": " "}\n'}, "queries.jsonl, line 2 has no text"),
        ({"qrels": HEAD}, "test.tsv judges nothing"),
        ({"qrels": HEAD + "a\t1\n"}, "test.tsv, line 2 is not query-id, corpus-id and score"),
        ({"qrels": HEAD + "a 1 1\n"}, "test.tsv, line 2 is not query-id, corpus-id and score"),
        ({"qrels": HEAD + "a\t1\tgood\n"}, "test.tsv, line 2 has the score 'good'"),
        ({"qrels": HEAD + "a\t1\t1\nzz\t1\t1\n"}, "test.tsv, line 3 judges the query 'zz'"),
        ({"qrels": HEAD + "a\t99\t1\n"}, "test.tsv, line 2 judges the document '99'"),
    ],
)
def test_what_is_malformed_is_named_with_its_file_and_line(beir: MakeFolder, replaced, said):
    folder = beir(**replaced)
    with pytest.raises(InputError) as caught:
        read_collection(folder)
    assert said in caught.value.message
    assert "BEIR folder" in caught.value.fix or "query-id" in caught.value.fix


def test_bytes_that_are_no_utf8_are_named(beir: MakeFolder):
    folder = beir()
    with open(folder / "queries.jsonl", "ab") as file:
        file.write(b'{"_id": "d", "text": "caf\xe9"}\n')
    with pytest.raises(InputError, match=r"queries.jsonl, line 5 is not UTF-8"):
        read_collection(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(beir: MakeFolder, name):
    folder = beir()
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"has no {name}"):
        read_collection(folder)


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="There is no folder"):
        read_collection(tmp_path / "nowhere")
