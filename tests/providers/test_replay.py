"""Answers heard again: the contract on a recording, which answer a request gets, whole books byte for byte."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit.errors import GhostkitError, InputError, LedgerDamaged, LedgerTooNew, NotRecorded, UnknownName
from ghostkit.generation import GenerationOptions, GenerationService, Prompt, StepSpec
from ghostkit.generation.fanout import fan_out
from ghostkit.generation.replaying import export_recording, open_recording, replay_provider
from ghostkit.ledger import Slot, SqliteLedger, Who
from ghostkit.providers import Ending, Message, ProviderRegistry, Request, registry
from ghostkit.providers.replay import Address, ReplayProvider, read_address, recorded_models
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench import Services

from .contract import ProviderContract, everything, text_of

ROOT = Path(__file__).parents[2]


class Studio:
    """Where recordings are made: a ledger in a file, and a scripted provider whose answers a test gives."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.sqlite"
        folder.mkdir(parents=True, exist_ok=True)
        self.answer: Any = lambda request: f"Of {request.messages[-1].text}."
        self.providers = ProviderRegistry()
        self.scripted = ScriptedProvider(lambda kind, request: self.answer(request))
        self.providers.register_provider("scripted", lambda: self.scripted)
        self.ledger = SqliteLedger(self.path, synchronous="OFF")
        self.ledger.acquire_lease({})
        self.resume = "restart"
        self.service = GenerationService(
            ledger=self.ledger,
            who=Who(actor="Ada", run_id="r", ghostkit_version="0"),
            providers=self.providers,
            options=lambda: GenerationOptions(resume=self.resume, max_retries=0),
        )

    async def record(
        self, text: str, model: str = "scripted:x", slot: str = "s-1", variant: int = 0, **more: Any
    ) -> Any:
        spec = StepSpec(
            slot=Slot(object_id=slot, kind="section", variant=variant),
            model=model,
            prompt=Prompt(template="", messages=(Message(role="user", parts=("Be brief.", text)),)),
            max_tokens=more.pop("max_tokens", 100),
            parameters=more,
        )
        return await self.service.run_step(spec)

    def close(self) -> None:
        self.ledger.release_lease()
        self.ledger.close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path / "recorded")
    yield made
    made.close()


def ask(studio: Studio, text: str, slot: str = "t-9/section/0", **more: Any) -> Request:
    return Request(
        model=str(studio.path.parent),
        messages=(Message(role="user", parts=("Be brief.", text)),),
        max_tokens=more.pop("max_tokens", 100),
        parameters=more,
        slot=slot,
    )


class TestKeepsTheContract(ProviderContract):
    @pytest.fixture
    async def provider(self, studio: Studio) -> ReplayProvider:
        self.where = str(studio.path)
        await studio.record("the sea")
        studio.answer = lambda request: ["Of", Ending.LENGTH]
        await studio.record("the sea", slot="s-2", max_tokens=5)
        studio.close()
        return replay_provider()

    def ask(self, max_tokens: int = 400) -> Request:
        messages = (Message(role="user", parts=("Be brief.", "the sea")),)
        return Request(model=self.where, messages=messages, max_tokens=max_tokens if max_tokens == 5 else 100)


# ── which answer ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_matched_is_what_was_asked_and_not_who(studio: Studio) -> None:
    await studio.record("salt", temperature=0.5, stop=["a"])
    provider = replay_provider()
    found = await provider.generate(ask(studio, "salt", stop=["a"], temperature=0.5))
    assert (found.text, found.ending) == ("Of Be brief.\n\nsalt.", Ending.COMPLETE)
    assert (found.usage.source, found.usage.output_tokens, found.usage.cost_usd) == ("reported", 4, 0.0)
    assert found.request_id.startswith("a-")
    assert "scripted:x" in found.reason
    joined = Request(
        model=str(studio.path), messages=(Message(role="user", parts=("Be brief.\n\nsalt",)),), max_tokens=100,
        parameters={"temperature": 0.5, "stop": ["a"]},
    )  # fmt: skip
    assert (await provider.generate(joined)).text == found.text
    for other in (ask(studio, "salt"), replace(joined, max_tokens=99), replace(joined, parameters={"temperature": 0})):
        with pytest.raises(NotRecorded):
            await provider.generate(other)


async def test_the_same_request_is_answered_in_order_and_then_from_the_start(studio: Studio) -> None:
    for number in range(3):
        studio.answer = lambda request, number=number: f"Answer {number}."
        await studio.record("salt", slot=f"s-{number}")
    provider = replay_provider()
    heard = [(await provider.generate(ask(studio, "salt"))).text for _ in range(4)]
    assert heard == ["Answer 0.", "Answer 1.", "Answer 2.", "Answer 0."]
    await provider.count_tokens(ask(studio, "salt"))
    assert (await provider.generate(ask(studio, "salt"))).text == "Answer 1."


async def test_a_variant_gets_its_own_answer_whoever_asks_first(studio: Studio) -> None:
    for variant in (1, 2, 3):
        studio.answer = lambda request, variant=variant: f"Variant {variant}."
        await studio.record("salt", variant=variant)
    provider = replay_provider()
    heard = {v: (await provider.generate(ask(studio, "salt", f"t/section/{v}"))).text for v in (3, 1, 2)}
    assert heard == {1: "Variant 1.", 2: "Variant 2.", 3: "Variant 3."}
    assert (await provider.generate(ask(studio, "salt", "s-1/section/2"))).text == "Variant 2."


async def test_a_whole_answer_goes_before_one_that_was_cut_and_a_failure_is_none(studio: Studio) -> None:
    studio.answer = lambda request: ["Half", Ending.LENGTH]
    await studio.record("salt")
    studio.answer = lambda request: ["Broken "]
    await studio.record("sand")
    provider = replay_provider()
    assert (await provider.generate(ask(studio, "salt"))).ending is Ending.LENGTH
    with pytest.raises(NotRecorded):
        await provider.generate(ask(studio, "sand"))
    studio.answer = lambda request: "Whole."
    await studio.record("salt")
    fresh = await replay_provider().generate(ask(studio, "salt"))
    assert (fresh.text, fresh.ending) == ("Whole.", Ending.COMPLETE)


async def test_only_the_models_named_count(studio: Studio) -> None:
    for model in ("scripted:a", "scripted:b"):
        studio.answer = lambda request, model=model: f"By {model}."
        await studio.record("salt", model=model, slot=model[-1])
    provider = replay_provider()
    for model in ("scripted:b", "scripted:a"):
        request = replace(ask(studio, "salt"), model=f"{studio.path}?of={model}")
        assert (await provider.generate(request)).text == f"By {model}."
    with pytest.raises(NotRecorded, match="holds no answer of scripted:c at all"):
        await provider.generate(replace(ask(studio, "salt"), model=f"{studio.path}?of=scripted:c"))


async def test_a_fan_out_is_heard_again_model_by_model(studio: Studio) -> None:
    studio.answer = lambda request: f"By {request.model}."
    await fan_out(studio.service, "Salt?", ["scripted:a", "scripted:b"], mode="all")
    again = await gk.fan_out(
        "Salt?", [f"replay:{studio.path}?of=scripted:b", f"replay:{studio.path}?of=scripted:a"], mode="all"
    )
    assert [one.text for one in again.results] == ["By b.", "By a."]
    assert again.cost_usd == 0.0
    assert [one.cost_source for one in again.results] == ["free", "free"]


async def test_an_answer_gone_on_with_after_a_break_is_one_answer(studio: Studio) -> None:
    studio.resume = "continue"
    studio.answer = lambda request: ["Salt is ", "grey "]
    await studio.record("salt")
    studio.answer = lambda request: ["and white.", Ending.COMPLETE]
    result = await studio.record("salt")
    assert result.text == "Salt is grey and white."
    # A run without a break asks once; one that is itself broken off goes on from wherever that was.
    provider = replay_provider()
    assert (await provider.generate(ask(studio, "salt"))).text == "Salt is grey and white."
    on = studio.service.prompts.render("continuation").messages
    for left in ("Salt is grey ", "Salt "):
        broken = ask(studio, "salt")
        messages = (*broken.messages, Message(role="assistant", parts=(left,)), *on)
        heard = await provider.generate(replace(broken, messages=messages))
        assert left + heard.text == "Salt is grey and white."
    other = (*ask(studio, "salt").messages, Message(role="assistant", parts=("Pepper ",)), *on)
    with pytest.raises(NotRecorded):
        await provider.generate(replace(ask(studio, "salt"), messages=other))


# ── what is not there ─────────────────────────────────────────────────────────────────────────────────────────


async def test_an_unknown_request_says_what_was_asked_and_what_is_nearest(studio: Studio) -> None:
    await studio.record("salt", slot="s-1")
    await studio.record("something else", slot="s-2")
    provider = replay_provider()
    with pytest.raises(NotRecorded) as caught:
        await provider.generate(ask(studio, "salt", max_tokens=7))
    assert "t-9/section/0 ('Be brief. salt')" in caught.value.message
    assert "nearest that it has is for s-1/section/0, whose max_tokens differ." in caught.value.message
    with pytest.raises(NotRecorded, match=r"for s-\d/section/0, whose messages share 33% of their parts"):
        await provider.generate(ask(studio, "sand"))
    assert not caught.value.retryable
    assert "\n" not in caught.value.message


async def test_what_is_missing_goes_to_the_model_that_stands_in(studio: Studio) -> None:
    await studio.record("salt")
    live = ScriptedProvider(lambda kind, request: f"Live by {request.model}.", usd_per_million=5.0)
    studio.providers.register_provider("live", lambda: live)
    provider = replay_provider(providers=studio.providers)
    address = f"{studio.path}?else=live:big"
    known, unknown = (replace(ask(studio, text), model=address) for text in ("salt", "sand"))
    assert (await provider.generate(known)).text == "Of Be brief.\n\nsalt."
    heard = await everything(provider, unknown)
    assert text_of(heard) == "Live by big."
    assert [request.model for request in live.requests] == ["big"]
    assert live.open_streams == 0
    info = provider.info(address)
    assert (info.provider, info.input_usd_per_million, info.local) == ("replay", 5.0, False)
    assert info.cost_usd((await provider.generate(known)).usage) == 0.0
    assert info.cost_usd((await provider.generate(unknown)).usage) > 0
    assert (await provider.count_tokens(unknown)).tokens == (await live.count_tokens(unknown)).tokens
    by_argument = replay_provider(providers=studio.providers, path=str(studio.path), otherwise="live:big")
    assert (await by_argument.generate(replace(unknown, model=""))).text == "Live by big."
    await provider.aclose()


async def test_the_window_and_the_pretence_are_the_recorded_models(studio: Studio) -> None:
    await studio.record("salt")
    plain = replay_provider(providers=studio.providers).info(str(studio.path))
    assert (plain.context_window, plain.max_output, plain.pretends, plain.local) == (128_000, 8192, False, True)
    assert plain.model == f"{studio.path}?of=scripted:x"
    assert recorded_models(f"replay:{plain.model}") == ("scripted:x",)
    await studio.record("Tell me.", model="scripted:y", slot="s-3")
    gone = replay_provider(providers=ProviderRegistry()).info(str(studio.path))
    assert gone.context_window > 128_000
    assert gone.model == f"{studio.path}?of=scripted:x,scripted:y"


# ── addresses ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("projects/salt", Address(path="projects/salt")),
        ("C:\\books\\salt: a road", Address(path="C:\\books\\salt: a road")),
        ("what?.sqlite", Address(path="what?.sqlite")),
        ("a?b=c", Address(path="a?b=c")),
        ("a?x?else=openai:gpt-5", Address(path="a?x", otherwise="openai:gpt-5")),
        ("a?of=x:1,y:2&pace=2", Address(path="a", of=("x:1", "y:2"), pace=2.0)),
        ("a?of=ollama:a%2Cb%26c", Address(path="a", of=("ollama:a,b&c",))),
        ("?else=x", Address(path="?else=x")),
    ],
)
def test_addresses_are_read_and_written(text: str, address: Address) -> None:
    assert read_address(text) == address
    assert read_address(str(address)) == address


@pytest.mark.parametrize("text", ["a?pace=-1", "a?pace=soon", "a?pace=inf", "a?else=", "a?else=replay:b"])
def test_options_that_can_not_be_are_told(text: str) -> None:
    with pytest.raises(InputError):
        read_address(text)


def test_replays_of_replays_name_the_first_models() -> None:
    inner = Address(path="a", of=("rehearsal:novelist",))
    outer = Address(path="b", of=(f"replay:{inner}",), otherwise="openai:gpt-5")
    assert recorded_models(f"replay:{outer}") == ("rehearsal:novelist", "openai:gpt-5")
    assert recorded_models("openai:gpt-5") == ("openai:gpt-5",)


async def test_any_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Studio(tmp_path / "a: b" / "salt & sand?")
    await made.record("salt")
    made.close()
    monkeypatch.chdir(tmp_path)
    for path in ("a: b/salt & sand?", "a: b/salt & sand?/ledger.sqlite", str(made.path)):
        found = await gk.fan_out("x", ["rehearsal:novelist", f"replay:{path}?else=rehearsal"], mode="all")
        assert found.results[1].is_complete
        assert (await replay_provider().generate(replace(ask(made, "salt"), model=path))).text.startswith("Of")


@pytest.mark.parametrize("path", ["", "nowhere", "nul\0", "."])
def test_no_recording_is_a_sentence(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName) as caught:
        replay_provider().info(path)
    assert "recording" in caught.value.message
    assert caught.value.fix


# ── ledgers in trouble, and ledgers at work ───────────────────────────────────────────────────────────────────


async def test_a_damaged_a_newer_and_an_empty_ledger_are_one_sentence(studio: Studio, tmp_path: Path) -> None:
    await studio.record("salt")
    studio.close()
    for name, spoil, error in (
        ("torn", lambda path: path.write_bytes(path.read_bytes()[:2000]), LedgerDamaged),
        ("rubbish", lambda path: path.write_text("not a ledger, but long enough to be one " * 40), LedgerDamaged),
        ("newer", _made_newer, LedgerTooNew),
        ("older", lambda path: path.write_bytes(b""), GhostkitError),
    ):
        path = tmp_path / f"{name}.sqlite"
        shutil.copyfile(studio.path, path)
        spoil(path)
        before = path.read_bytes()
        with pytest.raises(error) as caught:
            replay_provider().info(str(path))
        assert "\n" not in str(caught.value)
        assert path.read_bytes() == before


def _made_newer(path: Path) -> None:
    sql = sqlite3.connect(path)
    sql.execute("PRAGMA user_version = 999")
    sql.close()


async def test_nothing_of_the_recording_is_changed(studio: Studio) -> None:
    await studio.record("salt")
    studio.close()
    folder = studio.path.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    await replay_provider().generate(ask(studio, "salt"))
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.stat().st_size}
    assert {name: data for name, data in after.items() if not name.endswith("-shm")} == {
        name: data for name, data in before.items() if data
    }


async def test_what_is_recorded_meanwhile_is_heard_and_what_is_purged_is_not(studio: Studio) -> None:
    await studio.record("salt")
    provider = replay_provider()
    assert (await provider.generate(ask(studio, "salt"))).text
    with pytest.raises(NotRecorded):
        await provider.generate(ask(studio, "sand"))
    await studio.record("sand", slot="s-2")
    assert (await provider.generate(ask(studio, "sand"))).text
    head = studio.ledger.head("s-2", "section")
    assert head is not None
    assert studio.ledger.purge(head.id, "a secret")
    for one in (provider, replay_provider()):
        with pytest.raises(NotRecorded) as caught:
            await one.generate(ask(studio, "sand"))
        assert "Of Be" not in str(caught.value)


async def test_the_pace_is_the_recorded_one(studio: Studio) -> None:
    studio.answer = lambda request: [0.2, "Salt ", 0.2, "is ", 0.2, "white.", Ending.COMPLETE]
    await studio.record("salt")
    for pace, least, most in (("", 0.0, 0.2), ("?pace=2", 0.25, 1.5)):
        request = replace(ask(studio, "salt"), model=f"{studio.path}{pace}")
        begun = time.monotonic()
        assert (await replay_provider().generate(request)).text == "Salt is white."
        assert least <= time.monotonic() - begun < most


async def test_nothing_waits_on_the_event_loop_and_no_socket_is_opened(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    import blockbuster

    await studio.record("salt")
    provider = replay_provider()
    provider.info(str(studio.path.parent))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a socket was opened"))
    guard = blockbuster.BlockBuster(scanned_modules=["ghostkit"])
    guard.activate()
    try:
        assert (await provider.generate(ask(studio, "salt"))).text
    finally:
        guard.deactivate()


# ── whole books ───────────────────────────────────────────────────────────────────────────────────────────────

BRIEF = """A courier crosses a dying sea.

## People
- **Ilse Marrow**, 38, clerk of the salt office.
- **Bo Tarn**, 61, who rakes the pans.
"""
QUICK = Services(ledger=lambda path: SqliteLedger(path, synchronous="OFF"))


def new(path: Path, model: str, services: Services = QUICK) -> gk.Book:
    return gk.Book.create(
        path, title="Salt", brief=BRIEF, chapters=3, sections=2, words=60, model=model, services=services
    )


async def written(book: gk.Book, **options: Any) -> str:
    async with gk.background():
        run = book.write(**options)
        await run.wait()
    return str(run.state)


def told(root: Path) -> dict[str, str]:
    """Every file of the book, with ids by their order, and without times and the model's name."""
    names: dict[str, str] = {}
    found = {}
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root).as_posix()
        if path.is_file() and not place.startswith(("ledger", "checkpoints/", "logs/", "exports/")):
            text = path.read_text(encoding="utf-8")
            if place == "book.json":
                document = json.loads(text)
                document["settings"].pop("model")
                text = json.dumps({k: v for k, v in document.items() if k not in ("created_at", "updated_at")})
            found[place] = re.sub(
                r"\b[a-z]-[0-9a-f]{8,16}\b", lambda id: names.setdefault(id[0], f"id-{len(names)}"), text
            )
    return found


async def test_a_whole_book_is_written_again_byte_for_byte_with_parallel_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    one = new(tmp_path / "one", "rehearsal")
    assert await written(one, parallel=4) == "done"
    bill = tmp_path / "bill.jsonl"
    monkeypatch.setenv("GHOSTKIT_REHEARSAL_BILL", str(bill))
    two = new(tmp_path / "two", f"replay:{tmp_path / 'one'}")
    assert await written(two, parallel=3) == "done"
    assert not bill.exists()
    assert told(tmp_path / "two") == told(tmp_path / "one")
    assert two.ledger.totals().cost_usd == 0.0
    assert two.ledger.totals().output_tokens == one.ledger.totals().output_tokens
    heads = [head for head in two.ledger.heads() if head.kind == "section"]
    assert {head.model for head in heads} == {f"replay:{tmp_path / 'one'}?of=rehearsal:novelist"}
    for format in ("markdown", "html"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
        first, second = [await book.export(format) for book in (one, two)]
        texts = [
            re.sub(r"\b[a-z]-[0-9a-f]{8,16}\b|urn:uuid:[0-9a-f-]+", "id", e.path.read_text("utf-8"))
            for e in (first, second)
        ]
        assert texts[0] == texts[1]
        assert "ehearsal" in texts[1]
    one.close()
    # It goes on being rehearsal's, so a rehearsal may go on with it; and a replay can be replayed.
    three = new(tmp_path / "three", f"replay:{tmp_path / 'two'}")
    assert await written(three) == "done"
    assert told(tmp_path / "three") == told(tmp_path / "one")
    two.close()
    three.close()


CRASHED = """
import os, sys
import anyio
import ghostkit as gk
async def work():
    async with gk.background():
        await gk.Book.open(sys.argv[1]).write(parallel=2)
anyio.run(work)
"""


@pytest.mark.parametrize("resume", ["restart", "continue"])
def test_a_recording_that_crashed_and_was_resumed_is_as_good(tmp_path: Path, resume: str) -> None:
    import anyio

    new(tmp_path / "one", "rehearsal").close()
    environment = {
        **os.environ, "GHOSTKIT_RESUME_POLICY": resume, "GHOSTKIT_FLUSH_INTERVAL_S": "0.01",
        "GHOSTKIT_REHEARSAL_TOKENS_PER_S": "3000",
    }  # fmt: skip
    for plan in ("stream.after_flush:2:kill", "result.before_commit:4:kill", ""):
        ran = subprocess.run(
            [sys.executable, "-c", CRASHED, str(tmp_path / "one")], cwd=ROOT, check=False, capture_output=True,
            env={**environment, "GHOSTKIT_FAULT": plan},
        )  # fmt: skip
        assert ran.returncode == (-9 if plan else 0), ran.stderr.decode()
    two = new(tmp_path / "two", f"replay:{tmp_path / 'one'}")
    assert anyio.run(written, two) == "done"
    assert told(tmp_path / "two") == told(tmp_path / "one")
    recorded = open_recording(str(tmp_path / "one")).requests()
    gone_on = [one for one in recorded if any(role == "assistant" for role, _ in one.messages)]
    assert bool(gone_on) is (resume == "continue")
    ledger = SqliteLedger(tmp_path / "one" / "ledger.sqlite")
    assert ledger.totals().attempts["in_doubt"] >= 2
    ledger.close()
    two.close()


async def test_a_book_is_heard_while_it_is_still_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    one = new(tmp_path / "one", "rehearsal")
    async with gk.background():
        await one.outline()
        provider = replay_provider()
        assert provider.info(str(tmp_path / "one")).pretends
        held = open_recording(str(tmp_path / "one"))
        before = len(held.requests())
        await one.write()
        assert len(held.requests()) > before
    one.close()


def test_many_threads_hear_at_once(tmp_path: Path, studio: Studio) -> None:
    import anyio

    for number in range(5):
        anyio.run(studio.record, f"salt {number}", "scripted:x", f"s-{number}")
    provider = replay_provider()
    heard: list[str] = []

    def listen(number: int) -> None:
        heard.append(anyio.run(provider.generate, ask(studio, f"salt {number % 5}")).text)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(heard) == sorted(f"Of Be brief.\n\nsalt {number % 5}." for number in range(20))


async def test_a_replays_words_are_real_only_where_the_recorded_ones_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit.workbench.exporting import _holds_rehearsal
    from ghostkit.workbench.model_choice import _real_words

    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    scripted = ScriptedProvider()
    registry.register_provider("scripted", lambda: scripted)
    for model, real in (("rehearsal", False), ("scripted:x", True)):
        name = model.partition(":")[0]
        one = new(tmp_path / name, model)
        await written(one)
        two = new(tmp_path / f"{name}-again", f"replay:{tmp_path / name}")
        await written(two)
        for book in (one, two):
            assert bool(_real_words(book)) is real
            assert _holds_rehearsal(book) is not real
        assert two.stats()["cache"]["hits"] == two.stats()["cache"]["misses"] == 0
        one.close()
        two.close()


# ── exported ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_exported_recording_plays_the_same_and_writes_each_part_once(studio: Studio, tmp_path: Path) -> None:
    await studio.record("salt\u2028 – соль", temperature=0.5)
    await studio.record("sand", slot="s-2", variant=2)
    studio.answer = lambda request: ["Half", Ending.LENGTH]
    await studio.record("silt", slot="s-3")
    target = tmp_path / "kept.jsonl"
    assert export_recording(studio.path, target) == 3
    lines = [json.loads(line) for line in target.read_text("utf-8").split("\n") if line]
    assert [line["part"] for line in lines if "part" in line].count("Be brief.") == 1
    assert "Ada" not in target.read_text("utf-8")
    ledger, text = open_recording(str(studio.path)), open_recording(str(target))
    assert text.models() == ledger.models()
    for one, other in zip(ledger.requests(), text.requests(), strict=True):
        assert replace(one, number=0) == replace(other, number=0)
        assert ledger.reply(one.number) == text.reply(other.number)
    request = replace(ask(studio, "sand", slot="x/section/2"), model=str(target))
    heard = await replay_provider().generate(request)
    assert heard.text == "Of Be brief.\n\nsand."
    assert export_recording(target, tmp_path / "again.jsonl") == 3
    assert (tmp_path / "again.jsonl").read_bytes() == target.read_bytes()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data.replace(b'"ending":"complete"', b'"ending":"fine"'), "damaged in line"),
        (lambda data: data[: len(data) // 2], "damaged in line"),
        (lambda data: data.replace(b"[[", b"[[9,"), "damaged in line"),
        (lambda data: data.replace(b'recording":1', b'recording":2'), "newer ghostkit"),
        (lambda data: data.replace(b'"text":"', b'"text":7,"x":"'), "damaged in line"),
    ],
)
async def test_an_exported_recording_that_is_damaged_is_told_with_its_line(
    studio: Studio, tmp_path: Path, spoil: Any, says: str
) -> None:
    await studio.record("salt")
    target = tmp_path / "kept.jsonl"
    export_recording(studio.path, target)
    target.write_bytes(spoil(target.read_bytes()))
    with pytest.raises(InputError, match=says):
        replay_provider().info(str(target))


def test_an_empty_recording_is_not_exported(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no answer"):
        export_recording(studio.path, tmp_path / "kept.jsonl")
    assert not (tmp_path / "kept.jsonl").exists()


# ── what others say of it ─────────────────────────────────────────────────────────────────────────────────────


async def test_no_fallback_is_asked_for_what_is_not_recorded(studio: Studio) -> None:
    await studio.record("salt")
    calls = len(studio.scripted.requests)
    studio.providers.register_provider("replay", lambda: replay_provider(providers=studio.providers))
    service = GenerationService(
        ledger=studio.ledger,
        who=Who(ghostkit_version="0"),
        providers=studio.providers,
        options=lambda: GenerationOptions(fallback_models=("scripted:x",)),
    )
    result = await service.generate(f"replay:{studio.path}", "Unheard of.")
    assert (result.ending, type(result.error), result.attempts) == (Ending.ERROR, NotRecorded, 1)
    assert len(studio.scripted.requests) == calls


def test_outbound_says_that_a_replay_stayed_unless_another_model_stood_in() -> None:
    from datetime import UTC, datetime

    from ghostkit.ledger import AttemptState
    from ghostkit.ledger.asked import Asked
    from ghostkit.workbench.outbound import _left, _why_it_stayed

    def asked(model: str) -> Asked:
        return Asked(
            attempt_id="a", slot=Slot(object_id="s", kind="section"), model=model, base_url="https://api.example/v1",
            state=AttemptState.COMPLETE, started_at=datetime.now(UTC), characters=1, purged_bytes=0, answered=True,
            cached=False, unsent=False, turned_away=False,
        )  # fmt: skip

    assert _why_it_stayed(asked("replay:a?of=openai:gpt-5")) == "replay"
    assert _why_it_stayed(asked("replay:a?else=rehearsal&of=openai:gpt-5")) == "replay"
    gone = asked("replay:a?else=openai:gpt-5&of=openai:gpt-5")
    assert (_why_it_stayed(gone), _left(gone)) == ("", "may have")
