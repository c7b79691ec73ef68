"""`rehearsal` keeps the contract, bills, paces and fails as it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from ghostkit.errors import InputError, ProviderError, StorageError, StreamTruncated, UnknownName
from ghostkit.providers import registry
from ghostkit.providers.contract import Ending, Finished, Message, Request, TextDelta
from ghostkit.providers.rehearsal import RehearsalProvider
from ghostkit.providers.rehearsal.scripted import ACTIONS

from ..contract import ProviderContract, everything, text_of
from ..prompts import BookInPrompts

BOOK = BookInPrompts(title="The Ferry", brief="Ida Lund keeps a ferry. Her brother Nils wants to sell it.")


def ask(slot: str = "free", max_tokens: int = 900, attempt_id: str = "a1") -> Request:
    return Request(
        model="",
        messages=(Message(role="user", parts=("Tell me about a ferry and its debts.",)),),
        max_tokens=max_tokens,
        slot=slot,
        attempt_id=attempt_id,
    )


class TestContract(ProviderContract):
    @pytest.fixture
    async def provider(self, rehearsal: RehearsalProvider) -> RehearsalProvider:
        return rehearsal

    def ask(self, max_tokens: int = 400) -> Request:
        return ask(max_tokens=max_tokens)


def test_it_is_found_by_its_name_and_takes_its_settings() -> None:
    provider = registry.create_provider("rehearsal", {"tokens_per_s": 50, "price": "1,2"})
    assert isinstance(provider, RehearsalProvider)
    info = provider.info("")
    assert (info.model, info.pretends, info.native_streaming) == ("novelist", True, True)
    assert (info.context_window, info.max_output) == (128_000, 16_384)
    assert (info.input_usd_per_million, info.output_usd_per_million) == (1.0, 2.0)


def test_an_unknown_model_lists_the_models_there_are() -> None:
    with pytest.raises(UnknownName, match="rehearsal:novelist, rehearsal:storyteller, rehearsal:teacher"):
        RehearsalProvider().info("gpt-12")


def test_the_default_model_and_its_name_write_the_same() -> None:
    provider = RehearsalProvider()
    book = BookInPrompts(title="T", brief=BOOK.brief, model="novelist")
    assert provider.text_for(book.outline_request()) == provider.text_for(
        BookInPrompts(title="T", brief=BOOK.brief).outline_request()
    )


def test_the_teacher_explains_what_the_storyteller_tells() -> None:
    provider = RehearsalProvider()
    outlines = {}
    for model in ("storyteller", "teacher"):
        book = BookInPrompts(title="T", brief=BOOK.brief, model=model, chapters=2)
        outlines[model] = provider.text_for(book.outline_request())
    assert "You learn" in outlines["teacher"]
    assert "You learn" not in outlines["storyteller"]


def test_another_seed_gives_another_text_and_the_same_seed_the_same() -> None:
    provider = RehearsalProvider()
    book = BookInPrompts(title=BOOK.title, brief=BOOK.brief, chapters=2, sections=2, words=200)
    book.prepare(provider.text_for)
    texts = [provider.text_for(book.section_request(1, 1, seed=seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_texts_do_not_depend_on_the_process() -> None:
    program = (
        "from ghostkit.providers.rehearsal import RehearsalProvider as R\n"
        "from ghostkit.providers.contract import Message, Request\n"
        "m = (Message(role='user', parts=('Tell me about a ferry and its debts.',)),)\n"
        "print(R().text_for(Request(model='', messages=m, max_tokens=900)), end='')"
    )
    here = RehearsalProvider().text_for(ask())
    for seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
        ran = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True, encoding="utf-8"
        )
        assert ran.stdout == here


@pytest.mark.anyio
async def test_an_answer_goes_on_from_what_an_assistant_message_holds(rehearsal: RehearsalProvider) -> None:
    whole = rehearsal.text_for(ask())
    begun = whole[:100].rstrip()
    more = Request(model="", messages=(*ask().messages, Message(role="assistant", parts=(begun,))), max_tokens=900)
    assert begun + (await rehearsal.generate(more)).text == whole


@pytest.mark.anyio
async def test_no_settings_means_large_pieces_and_no_sleep(rehearsal: RehearsalProvider) -> None:
    pieces = [e.text for e in await everything(rehearsal, ask()) if isinstance(e, TextDelta)]
    assert all(30 <= len(piece) < 60 for piece in pieces[:-1])
    assert rehearsal.paced_seconds(ask()) == 0


@pytest.mark.anyio
async def test_a_paced_stream_takes_at_least_its_own_sleeps_and_little_more() -> None:
    provider = RehearsalProvider(tokens_per_s=2000, first_token_s=0.05, jitter=0.2)
    request = ask(max_tokens=200)
    started = anyio.current_time()
    events = await everything(provider, request)
    took = anyio.current_time() - started
    tokens = [event for event in events if isinstance(event, TextDelta)]
    assert len(tokens) > 100
    due, even = provider.paced_seconds(request), 0.05 + (len(tokens) - 1) / 2000
    assert 0.8 * even <= due <= 1.2 * even
    assert due - 0.005 <= took < due + 1.0


@pytest.mark.anyio
async def test_a_late_reader_does_not_make_the_stream_later_still() -> None:
    provider = RehearsalProvider(tokens_per_s=200)
    request = ask(max_tokens=60)
    async with provider.stream(request) as stream:
        receiver = stream.__aiter__()
        await receiver.__anext__()
        await anyio.sleep(provider.paced_seconds(request))
        started = anyio.current_time()
        async for _event in receiver:
            pass
        assert anyio.current_time() - started < 0.15


def test_jitter_is_the_same_for_the_same_request_and_differs_between_requests() -> None:
    provider = RehearsalProvider(tokens_per_s=50, first_token_s=0.5, jitter=0.2)
    assert provider.paced_seconds(ask()) == provider.paced_seconds(ask())
    assert provider.paced_seconds(ask()) != provider.paced_seconds(ask(max_tokens=899))


@pytest.mark.anyio
async def test_leaving_the_context_closes_the_source() -> None:
    provider = RehearsalProvider(tokens_per_s=50)
    async with provider.stream(ask()) as stream:
        assert provider.open_streams == 1
        await stream.__aiter__().__anext__()
    assert provider.open_streams == 0
    with anyio.move_on_after(0.05) as scope:
        async with provider.stream(ask()) as stream:
            async for _event in stream:
                pass
    assert scope.cancelled_caught
    assert provider.open_streams == 0


@pytest.mark.anyio
async def test_an_unpaced_stream_lets_others_run(rehearsal: RehearsalProvider) -> None:
    ran = anyio.Event()

    async def other() -> None:
        ran.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        async with rehearsal.stream(ask()) as stream:
            async for event in stream:
                assert ran.is_set() or not isinstance(event, Finished)


def lines_of(bill: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bill.read_text(encoding="utf-8").splitlines()]


@pytest.mark.anyio
async def test_the_bill_has_begun_before_the_first_byte_and_answered_before_the_end(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    provider = RehearsalProvider(bill=bill)
    seen: list[tuple[str, list[str]]] = []
    async with provider.stream(ask("section:1.1", attempt_id="a7")) as stream:
        async for event in stream:
            seen.append((type(event).__name__, [line["event"] for line in lines_of(bill)]))
    assert seen[0] == ("TextDelta", ["begun"])
    assert seen[-2] == ("TextDelta", ["begun"])
    assert seen[-1] == ("Finished", ["begun", "answered"])
    for line in lines_of(bill):
        assert set(line) == {"event", "slot", "attempt_id", "at"}
        assert (line["slot"], line["attempt_id"]) == ("section:1.1", "a7")


@pytest.mark.anyio
async def test_a_bill_of_many_calls_at_once_has_whole_lines(tmp_path: Path) -> None:
    provider = RehearsalProvider(bill=tmp_path / "bill")
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(everything, provider, ask(f"s{number}", max_tokens=20))
    lines = lines_of(tmp_path / "bill")
    for number in range(20):
        assert [line["event"] for line in lines if line["slot"] == f"s{number}"] == ["begun", "answered"]


@pytest.mark.anyio
async def test_a_call_left_early_is_begun_and_not_answered(tmp_path: Path) -> None:
    provider = RehearsalProvider(bill=tmp_path / "bill")
    async with provider.stream(ask()) as stream:
        await stream.__aiter__().__anext__()
    assert [line["event"] for line in lines_of(tmp_path / "bill")] == ["begun"]


@pytest.mark.anyio
async def test_a_bill_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    provider = RehearsalProvider(bill=tmp_path / "missing" / "bill")
    with pytest.raises(StorageError, match="bill"):
        await provider.generate(ask())
    assert provider.open_streams == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    "action", ["auth", "rate", "overloaded", "timeout", "server", "content", "quota", "bad_request"]
)
async def test_a_scripted_error_comes_before_the_first_byte(action: str, tmp_path: Path) -> None:
    provider = RehearsalProvider(faults=f"section:*={action}@2", bill=tmp_path / "bill")
    await provider.generate(ask("section:1.1"))
    with pytest.raises(ProviderError) as caught:
        await provider.generate(ask("section:1.2"))
    assert caught.value.kind == action
    assert caught.value.partial == ""
    assert provider.script.fired == [("section:1.2", action)]
    await provider.generate(ask("section:1.3"))
    assert [line["event"] for line in lines_of(tmp_path / "bill")] == [
        "begun", "answered", "begun", "begun", "answered",
    ]  # fmt: skip


@pytest.mark.anyio
async def test_a_cut_stream_is_truncated_with_what_came(tmp_path: Path) -> None:
    provider = RehearsalProvider(faults="*=cut", bill=tmp_path / "bill")
    got: list[str] = []

    async def read() -> None:
        async with provider.stream(ask()) as stream:
            async for event in stream:
                assert isinstance(event, TextDelta)
                got.append(event.text)

    with pytest.raises(StreamTruncated) as caught:
        await read()
    assert caught.value.partial == "".join(got)
    assert RehearsalProvider().text_for(ask()).startswith(caught.value.partial)
    assert [line["event"] for line in lines_of(tmp_path / "bill")] == ["begun"]
    assert provider.open_streams == 0


@pytest.mark.anyio
async def test_length_refuse_empty_and_garbage_end_as_they_say() -> None:
    provider = RehearsalProvider(faults="a=length;b=refuse;c=empty;outline=garbage")
    whole = provider.text_for(ask())
    length = await provider.generate(ask("a"))
    assert length.ending is Ending.LENGTH
    assert whole.startswith(length.text)
    assert len(length.text) < len(whole)
    assert (await provider.generate(ask("b"))).ending is Ending.REFUSED
    empty = await provider.generate(ask("c"))
    assert (empty.text, empty.ending) == ("", Ending.COMPLETE)
    garbage = await provider.generate(BOOK.outline_request())
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(garbage.text)
    assert [action for _slot, action in provider.script.fired] == ["length", "refuse", "empty", "garbage"]


@pytest.mark.anyio
async def test_a_stalled_stream_waits_until_it_is_cancelled() -> None:
    provider = RehearsalProvider(faults="*=stall@1")
    got: list[str] = []
    with anyio.move_on_after(0.1) as scope:
        async with provider.stream(ask()) as stream:
            async for event in stream:
                assert isinstance(event, TextDelta)
                got.append(event.text)
    assert scope.cancelled_caught
    assert got
    assert provider.open_streams == 0
    assert text_of(await everything(provider, ask())).startswith("".join(got))


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("section", "match=action"),
        ("=rate", "match=action"),
        ("section=explode", "explode"),
        ("section=rate@0", "'0'"),
        ("section=rate@x", "'x'"),
    ],
)
def test_a_bad_script_is_refused_with_what_is_wrong(script: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong) as caught:
        RehearsalProvider(faults=script)
    assert caught.value.fix


def test_the_docstring_names_every_action_and_setting() -> None:
    import ghostkit.providers.rehearsal as package

    text = package.__doc__ or ""
    assert all(action in text for action in ACTIONS)
    for name in ("TOKENS_PER_S", "FIRST_TOKEN_S", "JITTER", "BILL", "FAULTS", "PRICE"):
        assert f"GHOSTKIT_REHEARSAL_{name}" in text


def test_the_environment_sets_what_the_code_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_TOKENS_PER_S", "50")
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_FIRST_TOKEN_S", "0.5")
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_JITTER", "0.2")
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_PRICE", "3,15")
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_BILL", str(tmp_path / "b"))
    provider = RehearsalProvider(jitter=0.0)
    assert (provider.settings.pace.tokens_per_s, provider.settings.pace.first_token_s) == (50, 0.5)
    assert provider.settings.pace.jitter == 0
    assert provider.info("").output_usd_per_million == 15
    assert provider.settings.bill == str(tmp_path / "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOKENS_PER_S", "fast"), ("TOKENS_PER_S", "-1"), ("JITTER", "1"), ("FIRST_TOKEN_S", "nan"), ("PRICE", "1")],
)
def test_a_setting_that_is_no_number_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GHOSTKIT_REHEARSAL_{name}", value)
    with pytest.raises(InputError, match=name):
        RehearsalProvider()


@pytest.mark.anyio
async def test_no_room_for_a_token_is_bad_input(rehearsal: RehearsalProvider) -> None:
    with pytest.raises(InputError, match="max_tokens"):
        await rehearsal.generate(ask(max_tokens=0))


def test_importing_the_package_reads_no_grammar() -> None:
    program = (
        "import sys, ghostkit.providers.rehearsal\n"
        "print([m for m in sys.modules if 'grammar' in m or 'vocabulary' in m or m.endswith('facts')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "[]"
