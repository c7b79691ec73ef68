"""What the tables say, held against the ledger; and that it makes no difference in how many steps they were filled."""

# ruff: noqa: E501  # queries and events read best on one line
from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ghostkit.analytics import connect
from ghostkit.book.structure import dump_structure
from ghostkit.errors import BookNotFound, InputError
from ghostkit.ledger import Slot, SqliteLedger

from .conftest import FULL, everything
from .histories import (
    WHO,
    Desk,
    completed,
    intent,
    make_book,
    many_events,
    outcome,
    outline,
    retrieved,
    told,
    write_section,
)


def test_every_generation_has_what_the_ledger_knows_of_it(desk: Desk) -> None:
    slot = Slot(object_id="s-2-1", kind="section")
    desk.ledger.record(
        [retrieved("q-1", str(slot)), told("generation_retry", slot=str(slot), attempt=2, reason="rate", delay_s=1.5)],
        WHO,
    )
    desk.ledger.open_attempt(intent(slot, "a-1", model="anthropic:claude"), WHO)
    desk.ledger.close_attempt("a-1", outcome(cache_write_tokens=7, reasoning_tokens=2, request_id="req"), WHO)
    with connect(desk.folder.root, memory=True) as analytics:
        (row,) = analytics.frame("generations").to_dicts()
        totals = analytics.frame("SELECT sum(cost_usd) AS cost, sum(input_tokens) AS tokens FROM costs").row(0)
    expected = {
        "book": "b-1", "attempt": "a-1", "number": 1, "object": "s-2-1", "kind": "section", "variant": 0, "chapter": 2,
        "section": 1, "provider": "anthropic", "model": "anthropic:claude", "run_id": "r-1", "ending": "complete",
        "input_tokens": 12, "output_tokens": 4, "cached_tokens": 3, "cache_write_tokens": 7, "reasoning_tokens": 2,
        "ms": 1500.0, "first_token_ms": 200.0, "cost_usd": 0.01, "cost_known": True, "in_doubt_usd": 0.0,
        "cache_hit": False, "retries": 1, "retrieval": "q-1", "retrieval_config": "cfg-1", "request_id": "req",
        "usage_source": "reported", "actor": "Ada", "version": "9.9.9", "template": "section@1:abcd1234", "error": "",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    known = desk.ledger.totals()
    assert totals == (known.cost_usd, known.input_tokens)
    assert row["started_at"].timestamp() == pytest.approx(
        desk.ledger.attempt("a-1").started_at.replace(tzinfo=None).timestamp(), abs=1e-5
    )


def test_an_attempt_that_closes_later_is_brought_up(desk: Desk) -> None:
    slot = Slot(object_id="s-1-1", kind="section")
    desk.ledger.open_attempt(intent(slot, "a-1"), WHO)
    with connect(desk.folder.root, memory=True) as analytics:
        query = "SELECT ending, cost_usd, in_doubt_usd, output_tokens FROM generations"
        assert analytics.frame(query).rows() == [("open", 0.0, 0.25, 0)]
        desk.ledger.close_attempt("a-1", outcome(cost_known=False, cost_usd=0.0), WHO)
        assert analytics.refresh() == 2
        assert analytics.frame(query).rows() == [("complete", None, 0.0, 4)]
        assert analytics.frame("SELECT unpriced FROM cost_by_model").rows() == [(1,)]
        other = Slot(object_id="s-1-2", kind="section")
        desk.ledger.open_attempt(intent(other, "a-2"), WHO)
        analytics.refresh()
        desk.ledger.recover(WHO)
        analytics.refresh()
        assert analytics.frame("SELECT kind, calls, most_usd FROM money_in_doubt").rows() == [("section", 1, 0.25)]


def test_an_answer_of_the_cache_is_a_generation_that_cost_nothing(desk: Desk) -> None:
    slot = Slot(object_id="s-1-1", kind="section")
    hit = told("cache_hit", kind="generations", key="chapter:1", slot=str(slot), attempt="a-1")
    desk.ledger.add_answer(intent(slot, "a-1"), outcome(cost_usd=0.0), WHO, [hit])
    with connect(desk.folder.root, memory=True) as analytics:
        assert analytics.frame("SELECT cache_hit FROM generations").rows() == [(True,)]
        assert analytics.frame("costs").height == 0
        assert analytics.frame("SELECT chapter, lookups, hits, hit_rate FROM cache_by_chapter").rows() == [
            (1, 1, 1, 1.0)
        ]


@pytest.mark.parametrize("between", [False, True])
def test_what_the_prose_overlaps_with_reaches_the_hits_of_its_retrieval(desk: Desk, between: bool) -> None:
    slot = "s-1-1/section/0"
    with connect(desk.folder.root, memory=True) as analytics:
        desk.ledger.record([retrieved("q-0", slot), retrieved("q-1", slot)], WHO)
        if between:
            analytics.refresh()
        overlap = {
            "k-q-1-0": {"overlaps": True, "score": 0.9, "how": "verbatim"},
            "k-q-1-1": {"overlaps": False, "score": 0.2},
        }
        desk.ledger.record([completed("s-1-1", "a-9", overlap)], WHO)
        analytics.refresh()
        hits = "SELECT retrieval, rank, kept, why, overlapping, overlap, overlap_how, tokens, parts->>'$.keyword' FROM retrieval_hits WHERE retrieval = 'q-1'"
        assert analytics.frame(hits).rows() == [
            ("q-1", 1, True, "", True, 0.9, "verbatim", 40, "2.0"),
            ("q-1", 2, True, "", False, 0.2, "", 40, "2.0"),
            ("q-1", 3, False, "no room", None, None, "", 40, "2.0"),
        ]
        assert analytics.frame("SELECT retrieval, hits, kept, overlapping, attempt, ms, as_of_chapter, budget_tokens FROM retrievals").rows() == [
            ("q-0", 3, 2, None, "", 4.5, 2, 1000), ("q-1", 3, 2, 1, "a-9", 4.5, 2, 1000),
        ]  # fmt: skip
        view = analytics.frame(
            "SELECT chapter, retrievals, hits, kept, measured, overlapping, overlapping_share FROM retrieval_by_chapter"
        )
        assert view.rows() == [(1, 2, 6, 4, 2, 1, 0.5)]


@pytest.mark.parametrize("between", [False, True])
def test_a_request_for_vectors_is_one_row_of_all_its_events(desk: Desk, between: bool) -> None:
    with connect(desk.folder.root, memory=True) as analytics:
        begun = {
            "embedding": "e-1",
            "model": "openai:small",
            "role": "passage",
            "texts": 3,
            "characters": 90,
            "most_usd": 0.5,
        }
        desk.ledger.record([_any_event("embedding_started", **begun)], WHO)
        if between:
            analytics.refresh()
            assert analytics.frame("SELECT ending, in_doubt_usd, cost_usd FROM embeddings").rows() == [
                ("open", 0.5, 0.0)
            ]
        ended = {"embedding": "e-1", "tokens": 21, "cost_usd": 0.002, "cost_known": True, "ms": 12.5}
        desk.ledger.record([_any_event("embedding_completed", **ended)], WHO)
        analytics.refresh()
        query = "SELECT id, provider, model, texts, characters, input_tokens, ms, cost_usd, in_doubt_usd, ending FROM embeddings"
        row = ("e-1", "openai", "openai:small", 3, 90, 21, 12.5, 0.002, 0.0, "complete")
        assert analytics.frame(query).rows() == [row]
        assert analytics.frame("SELECT what, input_tokens, cost_usd FROM costs").rows() == [("embedding", 21, 0.002)]


def _any_event(type: str, **data: Any) -> Any:
    from dataclasses import replace

    return replace(told("error_occurred", **data), type=type)


def test_revisions_have_their_state_and_sections_their_current_text(desk: Desk) -> None:
    first = desk.ledger.add_human_revision("s-1-1", "section", "One two three.", WHO, base_id=None)
    second = desk.ledger.add_human_revision("s-1-1", "section", "Four five.", WHO, base_id=first.id)
    third = desk.ledger.add_proposal("s-1-1", "section", "Six.", WHO, base_id=second.id, source="editor")
    with connect(desk.folder.root, memory=True) as analytics:
        states = "SELECT id, state, source, words FROM revisions ORDER BY id"
        assert analytics.frame(states).rows() == [
            (1, "earlier", "", 3),
            (2, "current", "", 2),
            (3, "open", "editor", 1),
        ]
        desk.ledger.accept(third.id, WHO)
        analytics.refresh()
        assert analytics.frame(states).rows() == [
            (1, "earlier", "", 3),
            (2, "earlier", "", 2),
            (3, "current", "editor", 1),
        ]
        row = analytics.frame("SELECT place, revision, revisions, words FROM sections WHERE id = 's-1-1'").row(0)
        assert row == ("1.1", 3, 3, 1)
        assert analytics.frame("SELECT written, sections, words FROM books").row(0) == (1, 6, 1)
        desk.ledger.move_head("s-1-1", "section", first.id, WHO, base_id=third.id)
        analytics.refresh()
        assert analytics.frame(states).rows()[0] == (1, "current", "", 3)


def test_numbers_are_those_the_book_has_now(desk: Desk) -> None:
    write_section(desk, "s-1-1", "a-1")
    write_section(desk, "s-3-2", "a-2")
    with connect(desk.folder.root, memory=True) as analytics:
        value = outline(3, 2)
        from dataclasses import replace

        first, *rest = value.chapters
        moved = tuple(replace(chapter, number=n) for n, chapter in enumerate([*rest, first], 1))
        desk.folder.book.write_bytes(dump_structure(replace(value, chapters=moved, title="Another")))
        analytics.refresh()
        for table in ("generations", "revisions", "retrievals", "metrics", "cache_lookups"):
            rows = analytics.frame(f"SELECT DISTINCT object, chapter, section FROM {table} ORDER BY ALL").rows()
            assert rows == [("s-1-1", 3, 1), ("s-3-2", 2, 2)], table
        assert analytics.frame("SELECT title FROM books").item() == "Another"
        desk.folder.book.write_bytes(b"{torn")
        assert analytics.refresh() == 0, "a book.json that can't be read leaves the outline as it was"
        desk.folder.book.write_bytes(dump_structure(replace(value, chapters=moved[:1])))
        analytics.refresh()
        assert analytics.frame("SELECT DISTINCT chapter FROM generations").rows() == [(None,)]


def test_a_purged_text_leaves_memory_and_file(desk: Desk) -> None:
    secret = "Nobody must read of the copper door any more."
    desk.ledger.add_human_revision("s-1-1", "section", secret, WHO, base_id=None)
    with connect(desk.folder.root) as early:
        assert secret.encode() in desk.folder.analytics.read_bytes(), "else the test shows nothing"
        desk.ledger.purge(1, "a request")
        early.refresh()
        assert early.frame("SELECT text, purged, words FROM revisions").rows() == [("", True, 9)]
    with connect(desk.folder.root) as analytics:
        assert analytics.frame("SELECT text FROM revisions").item() == ""
    for path in desk.folder.root.glob("*analytics*"):
        assert secret.encode() not in path.read_bytes(), path


def test_a_purge_while_a_file_is_being_written_takes_it_along(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.analytics import snapshot

    secret = "Nobody must read of the copper door any more."
    desk.ledger.add_human_revision("s-1-1", "section", secret, WHO, base_id=None)
    written = snapshot._write

    def purged_meanwhile(*given: Any) -> str:
        digest = written(*given)
        desk.ledger.purge(1, "a request")
        return digest

    monkeypatch.setattr(snapshot, "_write", purged_meanwhile)
    connect(desk.folder.root).close()
    assert not desk.folder.analytics.exists()


def test_an_older_copy_of_the_ledger_and_another_one_are_noticed(desk: Desk, tmp_path: Path) -> None:
    write_section(desk, "s-1-1", "a-1")
    desk.close()
    shutil.copy(desk.folder.ledger, tmp_path / "older.sqlite")
    again = _reopened(desk)
    write_section(again, "s-1-2", "a-2")
    again.close()
    with connect(desk.folder.root) as analytics:
        assert analytics.frame("generations").height == 2
        shutil.copy(tmp_path / "older.sqlite", desk.folder.ledger)
        analytics.refresh()
        assert analytics.frame("SELECT attempt FROM generations").rows() == [("a-1",)]
    with connect(desk.folder.root) as analytics:
        assert analytics.frame("SELECT attempt FROM generations").rows() == [("a-1",)]
    third = _reopened(desk)
    write_section(third, "s-2-2", "a-3")
    third.close()
    with connect(desk.folder.root) as analytics:
        assert analytics.frame("SELECT attempt FROM generations ORDER BY 1").rows() == [("a-1",), ("a-3",)]
    desk.ledger = SqliteLedger(desk.folder.ledger)
    desk.ledger.acquire_lease({})


def _reopened(desk: Desk) -> Desk:
    ledger = SqliteLedger(desk.folder.ledger, synchronous="OFF")
    ledger.acquire_lease({"goal": "a test"})
    return Desk(desk.folder, ledger)


STRANGE: list[dict[str, Any]] = [
    {}, {"slot": None, "hits": 3, "ms": 7}, {"slot": 5, "hits": [None, 1, {"rank": "x", "score": float("nan")}]},
    {"hits": [{"rank": 2**80, "tokens": 1.5, "kept": "yes", "parts": [1]}], "as_of": "x", "shares": [1], "ms": {"total": "x"}},
    {"section": ["a"], "measures": {"x": "y", "z": True, "big": 10**400}, "overlap": {"k": 1}, "retrieval": {"a": 1}},
    {"kind": 1, "key": {"a": "b"}, "attempt": 1e300, "delay_s": "soon", "reason": "\x1b[31m\u202e"},
]  # fmt: skip


@pytest.mark.parametrize(
    "type", ["rag_retrieval_completed", "section_completed", "cache_hit", "generation_retry", "embedding_failed"]
)
def test_strange_event_data_reads_as_empty_and_stops_nothing(desk: Desk, type: str) -> None:
    desk.ledger.record([_any_event(type, **data) for data in STRANGE], WHO)
    with connect(desk.folder.root, memory=True) as analytics:
        assert analytics.frame("events").height == len(STRANGE)
    with connect(desk.folder.root) as analytics:
        again = everything(analytics)
    with connect(desk.folder.root) as analytics:
        assert repr(everything(analytics)) == repr(again)


Act = Callable[[Desk, int], None]


def _proposed(desk: Desk, n: int) -> None:
    head = desk.ledger.head("s-1-1", "section")
    desk.ledger.add_proposal(
        "s-1-1", "section", f"Proposal {n}.", WHO, base_id=head.id if head else None, source="editor"
    )


def _decided(desk: Desk, n: int) -> None:
    for proposal in desk.ledger.proposals()[:1]:
        desk.ledger.accept(proposal.id, WHO, over=True) if n % 2 else desk.ledger.reject(proposal.id, WHO)


def _opened(desk: Desk, n: int) -> None:
    desk.ledger.open_attempt(intent(Slot(object_id=f"s-{1 + n % 3}-1", kind="draft", variant=n), f"o-{n}"), WHO)


def _recovered(desk: Desk, n: int) -> None:
    desk.ledger.recover(WHO)


def _purged(desk: Desk, n: int) -> None:
    for revision in desk.ledger.history("s-2-1", "section")[:1]:
        desk.ledger.purge(revision.id, "a reason")


ACTS: list[Act] = [
    lambda desk, n: write_section(desk, f"s-{1 + n % 3}-{1 + n % 2}", f"a-{n}"),
    lambda desk, n: desk.ledger.record(list(many_events(10, chapters=3, sections=2, seed=n)), WHO) and None,
    lambda desk, n: desk.ledger.record([completed("s-1-1", f"x-{n}", {f"k-q-a-{n - 1}-0": {"overlaps": True, "score": 1.0}})], WHO) and None,
    lambda desk, n: desk.ledger.record([_any_event("embedding_started" if n % 2 else "embedding_completed", id=f"e-{n // 2}", most_usd=1.0, cost_usd=0.5, model="a:b")], WHO) and None,
    _proposed, _decided, _opened, _recovered, _purged,
]  # fmt: skip


@settings(max_examples=60 if FULL else 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.sampled_from(["go on", "refresh", "again"])), max_size=12))
@example([(3, "refresh"), (3, "go on")])
def test_steps_of_any_size_give_what_one_step_gives(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    desk = make_book(tmp_path_factory.mktemp("any") / "book")
    analytics = connect(desk.folder.root)
    try:
        for number, (act, then) in enumerate(steps):
            ACTS[act](desk, number)
            if then == "again":
                analytics.close()
                analytics = connect(desk.folder.root)
            elif then == "refresh":
                analytics.refresh()
        analytics.refresh()
        with connect(desk.folder.root, memory=True) as fresh:
            assert everything(analytics) == everything(fresh)
    finally:
        analytics.close()
        desk.close()


def test_a_step_that_fails_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write_section(desk, "s-1-1", "a-1")
    with connect(desk.folder.root, memory=True) as analytics:
        before = everything(analytics)
        write_section(desk, "s-1-2", "a-2")
        with monkeypatch.context() as broken:
            broken.setattr("ghostkit.analytics.from_rows.revision", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                analytics.refresh()
        assert everything(analytics) == before
        assert analytics.refresh() > 0
        with connect(desk.folder.root, memory=True) as fresh:
            assert everything(analytics) == everything(fresh)


def test_several_books_stand_side_by_side(tmp_path: Path) -> None:
    first, second = make_book(tmp_path / "one"), make_book(tmp_path / "two")
    write_section(first, "s-1-1", "a-1")
    write_section(second, "s-1-1", "a-2")
    with connect([first.folder.root, str(second.folder.root)]) as analytics:
        assert analytics.books == ["b-1", "b-1 (two)"], "copies of one book are told apart"
        rows = [("b-1", "a-1"), ("b-1 (two)", "a-2")]
        assert analytics.frame("SELECT book, attempt FROM generations ORDER BY ALL").rows() == rows
        write_section(second, "s-1-2", "a-3")
        analytics.refresh()
        assert analytics.frame("SELECT count(*) FROM generations WHERE book = 'b-1 (two)'").item() == 2
    with connect([first.folder.root, second.folder.root], memory=True) as analytics:
        assert analytics.frame("generations").height == 3
    first.close()
    second.close()


def test_what_is_no_book_is_told(tmp_path: Path, desk: Desk) -> None:
    with pytest.raises(BookNotFound):
        connect(tmp_path / "nowhere")
    with pytest.raises(InputError, match="twice"):
        connect([desk.folder.root, desk.folder.root])
    with pytest.raises(InputError):
        connect([])
    with pytest.raises(InputError):
        connect(5)  # type: ignore[arg-type]
    with connect(desk.folder.root, memory=True) as analytics, pytest.raises(InputError, match="no table 'generation'"):
        analytics.frame("generation")


def test_a_book_without_a_ledger_is_empty(tmp_path: Path) -> None:
    desk = make_book(tmp_path / "book")
    desk.close()
    for file in desk.folder.root.glob("ledger*"):
        file.unlink()
    with connect(desk.folder.root) as analytics:
        assert (analytics.frame("sections").height, analytics.frame("events").height) == (6, 0)
        assert not desk.folder.ledger.exists(), "nothing was made"
