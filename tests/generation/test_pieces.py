"""A text as pieces: the same words, in the sizes asked for, and a source that closes when the reader leaves."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from ghostkit.errors import AuthError, GhostkitError, IncompleteEnding, ServerError, UnknownName
from ghostkit.generation import LiveStream, StreamManager
from ghostkit.generation.streams import REMEMBERED
from ghostkit.providers import Ending

from .lab import SLOT, STALL, lab

pytestmark = pytest.mark.anyio

TEXTS = [
    "Ada went on. Bo watched her do it.",
    "a",
    "Ёлка и море. 水 🐘\n\nA second paragraph, with  two  spaces\tand a tab.\n",
    "word " * 500,
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("streaming", [True, False])
async def test_the_pieces_joined_are_what_generate_text_gives(text: str, size: int, streaming: bool) -> None:
    with lab(text, chunk_characters=size, streaming=streaming) as it:
        whole = await it.service.generate_text("scripted:x", "Write.")
        async with it.service.stream_text("scripted:x", "Write.") as pieces:
            got = [piece async for piece in pieces]
        assert "".join(got) == whole == text
        assert pieces.result is not None
        assert pieces.result.ending is Ending.COMPLETE
        if not streaming:
            assert len(got) == 1
        assert all(len(piece) >= size for piece in got[1:-1])
        if size == 10_000 and streaming:
            assert len(got) <= 2
        it.settled()


async def test_the_first_piece_comes_at_once_however_large_the_pieces_are_to_be() -> None:
    with lab(["Ada ", "went ", STALL], chunk_characters=100_000) as it, anyio.fail_after(5):
        async with it.service.stream_text("scripted:x", "Write.") as pieces:
            assert await anext(pieces) == "Ada "
        it.settled()


async def test_a_setting_changed_between_two_calls_holds_from_the_next() -> None:
    with lab(TEXTS[0]) as it:
        for streaming, size, most in ((True, 1, 100), (True, 1000, 2), (False, 1, 1)):
            it.options.update(streaming=streaming, chunk_characters=size)
            async with it.service.stream_text("scripted:x", "Write.") as pieces:
                got = [piece async for piece in pieces]
            assert "".join(got) == TEXTS[0]
            assert len(got) <= most
        assert len(got) == 1


@pytest.mark.parametrize("read", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 1000])
async def test_leaving_early_closes_the_source_and_keeps_what_came(read: int, size: int) -> None:
    with lab(["Ada ", "went ", "on ", STALL], chunk_characters=size) as it, anyio.fail_after(5):
        async with it.service.stream_text("scripted:x", "Write.", stream_id="mine") as pieces:
            for _ in range(read if size == 1 else min(read, 1)):
                await anext(pieces)
            # A pause, since a loop that only yields would keep the worker threads from their turn.
            while not (it.service.streams.active() and it.service.streams.active()[0].deltas == 3):
                await anyio.sleep(0.001)
        status = it.service.streams.get_stream_status("mine")
        assert (status["state"], status["tokens_received"]) == ("cancelled", 3)
        assert it.ledger.totals().attempts == {"cancelled": 1}
        (step,) = it.ledger.steps()
        assert it.ledger.partial_text(it.ledger.attempts(step.slot)[0].id) == "Ada went on "
        it.settled()


@pytest.mark.parametrize("ending", ["length", "truncated", "refused"])
async def test_an_incomplete_ending_raises_after_the_last_piece_and_by_itself(ending: str) -> None:
    got: list[str] = []
    with lab(["Ada ", "went ", Ending(ending)], chunk_characters=1) as it:

        async def read() -> None:
            async with it.service.stream_text("scripted:x", "Write.") as pieces:
                async for piece in pieces:
                    got.append(piece)

        with pytest.raises(IncompleteEnding, match=f"ended as {ending} after 9") as raised:
            await read()
        assert "".join(got) == "Ada went "
        assert (raised.value.ending, raised.value.partial) == (ending, "Ada went ")  # type: ignore[attr-defined]
        with pytest.raises(IncompleteEnding):
            await it.service.generate_text("scripted:x", "Write.")
        it.settled()


@pytest.mark.parametrize("pieces", [[], ["Ada "]])
async def test_an_error_of_the_provider_raises_by_itself(pieces: list[Any]) -> None:
    with lab([*pieces, AuthError("bad key")]) as it:
        with pytest.raises(AuthError, match="bad key"):
            async with it.service.stream_text("scripted:x", "Write.") as got:
                assert [piece async for piece in got] == pieces
        with pytest.raises(AuthError):
            await it.service.generate_text("scripted:x", "Write.")


async def test_an_error_before_anything_is_sent_raises_by_itself() -> None:
    with lab(TEXTS[0]) as it, pytest.raises(UnknownName):
        async with it.service.stream_text("nobody:x", "Write.") as pieces:
            await anext(pieces)


async def test_the_readers_own_error_comes_out_as_it_is() -> None:
    with lab(["Ada ", "went ", STALL]) as it, anyio.fail_after(5):

        async def read() -> None:
            async with it.service.stream_text("scripted:x", "Write.") as pieces:
                await anext(pieces)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await read()
        it.settled()


async def test_reading_on_after_the_end_stays_at_the_end() -> None:
    with lab("Ada.") as it:
        async with it.service.stream_text("scripted:x", "Write.") as pieces:
            assert [piece async for piece in pieces] == ["Ada."]
            assert [piece async for piece in pieces] == []


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_streams_status_is_known_while_it_runs_and_after() -> None:
    with lab(["Ada ", "went ", "on ", STALL], chunk_characters=1) as it, anyio.fail_after(5):
        async with it.service.stream_text("scripted:x", "Write.", stream_id="mine") as pieces:
            for _ in range(3):
                await anext(pieces)
            status = it.service.streams.get_stream_status("mine")
            assert (status["state"], status["chunks_sent"], status["tokens_received"], status["characters"]) == (
                "streaming", 3, 3, 12,
            )  # fmt: skip
            assert status["characters_per_s"] > 0
            assert status["tokens_per_s"] > 0
            assert (status["id"], status["model"]) == ("mine", "scripted:x")
            assert 0 <= status["first_token_s"] <= status["seconds"]
            it.service.streams.cancel("mine")
            with pytest.raises(IncompleteEnding, match="cancelled"):
                await anext(pieces)
        after = it.service.streams.get_stream_status("mine")
        assert (after["state"], after["characters"]) == ("cancelled", 12)


async def test_an_unknown_stream_is_named() -> None:
    with lab(TEXTS[0]) as it:
        for ask in (it.service.streams.get_stream_status, it.service.streams.cancel):
            with pytest.raises(UnknownName, match="no stream 'nobody'"):
                ask("nobody")


def test_ended_streams_are_forgotten_in_time_and_running_ones_never() -> None:
    manager = StreamManager()
    running = manager.open(LiveStream(id="running"))
    for number in range(REMEMBERED * 3):
        manager.open(LiveStream(id=f"s{number}")).end("complete")
    assert manager.active() == [running]
    assert len(manager._streams) <= REMEMBERED + 2
    assert manager.get_stream_status(f"s{REMEMBERED * 3 - 1}")["state"] == "complete"


async def test_a_listener_that_fails_does_not_lose_the_text() -> None:
    def broken(piece: str) -> None:
        raise RuntimeError("the view is gone")

    with lab("Ada went on.") as it:
        result = await it.service.run_step(it.spec(), broken)
        assert (result.text, it.states) == ("Ada went on.", ["complete"])
        assert it.ledger.finished_text(SLOT) == "Ada went on."


async def test_a_server_error_without_retries_left_is_raised_as_it_is() -> None:
    with lab(ServerError("down"), max_retries=0) as it, pytest.raises(ServerError, match="down"):
        await it.service.generate_text("scripted:x", "Write.")


async def test_a_reader_that_never_reads_is_told_what_it_missed_and_the_text_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ghostkit.generation import pieces as pieces_module

    monkeypatch.setattr(pieces_module, "BUFFERED_PIECES", 3)
    with lab("one two three four five six", chunk_characters=1) as it:
        async with it.service.stream_text("scripted:x", "Write.") as pieces:
            while pieces.result is None:
                await anyio.sleep(0.001)
            assert [await anext(pieces) for _ in range(3)] == ["one ", "two ", "three "]
            with pytest.raises(GhostkitError, match="fell 3 pieces behind"):
                await anext(pieces)
        assert pieces.result.text == "one two three four five six"
