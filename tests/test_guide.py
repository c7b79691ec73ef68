"""The performance guide's snippets on streaming, caching, statistics, settings and whole books, as they stand there.

Adapted only by the import line, and where they are asynchronous by `await` and `async`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

import ghostkit as gk
from ghostkit import config, sync
from ghostkit.errors import AuthError, IncompleteEnding, InputError, NoEventLoop, UnknownName
from ghostkit.events import Event, EventType, MetricsCollector
from ghostkit.ledger import SqliteLedger
from ghostkit.providers import Ending
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench import Services
from ghostkit.workbench.facade import EnhancedAI

from .desk import STALL, Desk

ROOT = Path(__file__).parents[1]
QUICK = Services(ledger=lambda path: SqliteLedger(path, synchronous="OFF"))
"""On a disk that need not sync, and with the settings' cache."""


@pytest.fixture(autouse=True)
def _projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def asked() -> ScriptedProvider:
    """The model of the settings, which notes what it was asked."""
    provider = ScriptedProvider(lambda kind, request: None if kind else f"Answer to: {request.messages[-1].text}")
    gk.registry.register_provider("scripted", lambda: provider)
    config.GHOSTKIT_MODEL = "scripted:x"
    return provider


# ── plain scripts: `from ghostkit.sync import …` ──────────────────────────────────────────────────────────────


def test_streaming(capsys: pytest.CaptureFixture[str]) -> None:
    from ghostkit.sync import stream

    # Stream generation
    for chunk in stream("Write a chapter about AI"):
        print(chunk, end="", flush=True)

    assert len(capsys.readouterr().out) > 100


def test_streaming_with_progress(capsys: pytest.CaptureFixture[str]) -> None:
    from ghostkit.sync import stream, streaming_manager

    # Start streaming
    stream_id = "book-chapter-1"
    total_chars = 0

    for chunk in stream(prompt="Write introduction chapter", stream_id=stream_id, max_tokens=2000):
        print(chunk, end="", flush=True)
        total_chars += len(chunk)

        # Show progress
        if total_chars % 100 == 0:
            status = streaming_manager.get_stream_status(stream_id)
            print(f"\n[Chunks: {status['chunks_sent']}]", end="")

    status = streaming_manager.get_stream_status(stream_id)
    assert (status["state"], status["characters"]) == ("complete", total_chars)
    assert status["chunks_sent"] > 1


def test_the_memory_cache() -> None:
    from ghostkit.sync import initialize_cache

    # Initialize in-memory cache
    cache = initialize_cache(backend="memory", max_size=1000)

    assert cache is not None
    assert cache.name == "memory"


def test_the_redis_cache() -> None:
    from ghostkit.sync import initialize_cache

    # Initialize Redis cache
    cache = initialize_cache(backend="redis", host="localhost", port=6379, db=0)

    assert cache is not None
    assert (cache.name, getattr(cache.backend, "address", "")) == ("redis", "localhost:6379")


def test_the_file_cache(asked: ScriptedProvider) -> None:
    from ghostkit.sync import generate_with_cache, initialize_cache

    # Initialize file-based cache
    initialize_cache(backend="file", cache_dir=".cache")

    assert generate_with_cache("Generate title") == generate_with_cache("Generate title")
    assert len(asked.requests) == 1
    assert len(list(Path(".cache/generations").iterdir())) == 1


def test_time_based_expiration(asked: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.sync import generate_with_cache, initialize_cache

    cache = initialize_cache()
    assert cache is not None
    now = 1000.0
    monkeypatch.setattr(cache.backend, "_clock", lambda: now)

    # Cache for 1 hour
    def result() -> str:
        return generate_with_cache(
            prompt="Generate title",
            cache_expire=3600,  # seconds
        )

    assert result() == result() == "Answer to: Generate title"
    assert len(asked.requests) == 1
    now += 3599
    result()
    assert len(asked.requests) == 1
    now += 1
    result()
    assert len(asked.requests) == 2


def test_manual_invalidation(asked: ScriptedProvider) -> None:
    from ghostkit.sync import enhanced_ai, generate_with_cache

    for key in ("chapter:1", "chapter:2", "title"):
        generate_with_cache("Write it.", cache_key=key)

    # Clear specific pattern
    assert enhanced_ai.clear_cache(pattern="chapter:*") == 2

    # Clear all cache
    assert enhanced_ai.clear_cache() == 1

    generate_with_cache("Write it.", cache_key="title")
    assert len(asked.requests) == 4


def test_cache_statistics(asked: ScriptedProvider, capsys: pytest.CaptureFixture[str]) -> None:
    from ghostkit.sync import enhanced_ai, generate_with_cache

    for _ in range(4):
        generate_with_cache("Write it.")

    stats = enhanced_ai.get_stats()
    print(f"Cache hit rate: {stats['cache']['hit_rate']}")

    # Check cache backend
    print(f"Backend: {stats['cache']['backend']}")
    print(f"Hit rate: {stats['cache']['hit_rate']}")

    # Force cache clear
    enhanced_ai.clear_cache()

    assert capsys.readouterr().out == "Cache hit rate: 0.75\nBackend: memory\nHit rate: 0.75\n"


def test_cached_chapter_generation(asked: ScriptedProvider) -> None:
    from ghostkit.sync import generate_with_cache

    def generate_chapter_cached(chapter_num: int, title: str, topics: str) -> str:
        cache_key = f"chapter:{chapter_num}:{hash(title)}"

        return generate_with_cache(
            prompt=f"Write chapter {chapter_num}: {title}\nTopics: {topics}",
            cache_key=cache_key,
            cache_expire=7200,  # 2 hours
            max_tokens=2048,
        )

    first = generate_chapter_cached(1, "Salt", "sea")
    assert generate_chapter_cached(1, "Salt", "sea") == first
    assert generate_chapter_cached(1, "Salt", "sky") != first  # the key of an entry holds the request as well
    assert len(asked.requests) == 2


def test_python_configuration() -> None:
    from ghostkit import config

    # Cache settings
    config.CACHE_BACKEND = "file"
    config.CACHE_EXPIRE_DEFAULT = 3600

    # Token settings
    config.MAX_CONTEXT_TOKENS = 128000
    config.RESERVED_RESPONSE_TOKENS = 4096

    # Streaming settings
    config.ENABLE_STREAMING = True

    assert sync.get_stats()["cache"]["backend"] == "file"


def test_complete_optimized_book_generation(capsys: pytest.CaptureFixture[str]) -> None:
    from ghostkit.sync import generate_book

    # Synchronous with all optimizations
    for updated_book in generate_book(
        book={},
        title="AI Revolution",
        instructions="Write about AI impact in three chapters of two sections, about 60 words a section.",
        language="English",
        use_cache=True,
        use_streaming=True,
    ):
        print(f"Progress: Chapter {len(updated_book.get('toc', {}).get('chapters', []))}")

    assert capsys.readouterr().out == "Progress: Chapter 3\n" * 3
    assert (updated_book["title"], updated_book["language"]) == ("AI Revolution", "en")
    assert all(chapter["content"] for chapter in updated_book["toc"]["chapters"])
    assert Path("projects/ai-revolution/book.json").is_file()


# ── the same, awaited ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_streaming_awaited() -> None:
    from ghostkit import stream, streaming_manager

    pieces = []
    async with stream("Write a chapter about AI", stream_id="one") as chunks:
        async for chunk in chunks:
            pieces.append(chunk)
    assert "".join(pieces) == chunks.result.text  # type: ignore[union-attr]
    assert streaming_manager.get_stream_status("one")["state"] == "complete"


@pytest.mark.anyio
async def test_leaving_a_stream_stops_its_source(asked: ScriptedProvider) -> None:
    asked._answer = lambda kind, request: ["Ada ", "went ", 3600.0]
    async with gk.stream("Write.", stream_id="mine") as chunks:
        async for _ in chunks:
            assert gk.streaming_manager.get_stream_status("mine")["state"] == "streaming"
            break
    assert asked.open_streams == 0
    assert gk.streaming_manager.get_stream_status("mine")["state"] == "cancelled"
    assert (await gk.get_stats())["streams"] == {"active": 0}


@pytest.mark.anyio
async def test_caching_awaited_and_its_statistics_equal_the_events(asked: ScriptedProvider) -> None:
    ai, seen, metrics = EnhancedAI(), list[Event](), MetricsCollector()
    ai.events.subscribe_all(seen.append)
    ai.events.subscribe_all(metrics)
    for prompt in ("one", "two", "one", "one"):
        text = await ai.generate_with_cache(prompt, cache_key=f"chapter:{prompt}")
        assert text == f"Answer to: {prompt}"
    types = [event.type for event in seen if event.type in (EventType.CACHE_HIT, EventType.CACHE_MISS)]
    cache = (await gk.get_stats())["cache"]
    assert (cache["hits"], cache["misses"]) == (types.count(EventType.CACHE_HIT), types.count(EventType.CACHE_MISS))
    assert (cache["hits"], cache["hit_rate"], cache["kinds"]["generations"]["hits"]) == (2, 0.5, 2)
    assert metrics.export_metrics()["counters"]['cache_hits{kind="generations"}'] == 2
    assert await gk.clear_cache("chapter:o*") == 1
    assert await gk.clear_cache() == 1


@pytest.mark.anyio
async def test_a_book_awaited_in_values_or_in_dictionaries(desk: Desk) -> None:
    options: dict[str, Any] = {
        "title": "AI Revolution", "instructions": "Write about AI impact", "chapters": 2, "sections": 1, "words": 50,
        "model": "scripted:x", "path": desk.root / "book", "services": QUICK,
    }  # fmt: skip
    async with gk.background():
        seen = [value async for value in gk.generate_book(**options)]
        assert [sum(bool(c.word_count) for c in value.chapters) for value in seen] == [1, 2]
        again = [value async for value in gk.generate_book(**options)]
        assert len(again) == 2
        calls = desk.calls
        told = [book async for book in gk.generate_book({}, **{**options, "path": desk.root / "other"})]
        assert [len(book["toc"]["chapters"]) for book in told] == [2, 2]
        assert desk.calls == calls  # the same requests as the first book's
    desk.leave()


@pytest.mark.anyio
async def test_leaving_a_growing_book_stops_the_writing(desk: Desk) -> None:
    desk.answer = lambda kind, request: (
        ["Ada ", STALL] if kind == "section" and 'number="2.1"' in request.messages[-1].text else None
    )
    with anyio.fail_after(10):
        async with gk.background():
            await _leave_after_one_chapter(desk)


async def _leave_after_one_chapter(desk: Desk) -> None:
    book = gk.generate_book(
        title="T", instructions="B.", chapters=3, sections=1, words=50, model="scripted:x", path=desk.root / "b"
    )
    async with book as growing:
        async for _ in growing:
            break
    assert book.run.state == "cancelled"
    assert desk.provider.open_streams == 0


@pytest.mark.anyio
async def test_both_flags_change_what_is_done(desk: Desk) -> None:
    called: list[str] = []
    generate, stream = desk.provider.generate, desk.provider.stream
    desk.provider.generate = lambda request: called.append("whole") or generate(request)  # type: ignore[func-returns-value,method-assign]
    desk.provider.stream = lambda request: called.append("stream") or stream(request)  # type: ignore[func-returns-value,method-assign]

    async def written(name: str, **flags: Any) -> int:
        called.clear()
        async with gk.background():
            async for _ in gk.generate_book(
                title="T", instructions="B.", chapters=1, sections=1, words=50, model="scripted:x",
                services=QUICK, path=desk.root / name, **flags,
            ):  # fmt: skip
                pass
        return len(called)

    config.ENABLE_STREAMING = False
    first = await written("a", use_streaming=True)
    assert set(called) == {"stream"}
    assert await written("b", use_cache=True) == 0
    assert await written("c", use_cache=False, use_streaming=False) == 2 * first
    assert called[0] == "whole"
    config.ENABLE_STREAMING = True
    assert await written("d", use_cache=False) == first


# ── edges ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_book_of_a_dictionary_with_text_goes_on_from_it(asked: ScriptedProvider) -> None:
    old = {"title": "Old", "toc": {"chapters": [{"title": "One", "content": "Mine."}, {"title": "Two"}]}}
    seen = list(sync.generate_book(old, instructions="Go on.", sections=1, words=50))
    first, second = seen[-1]["toc"]["chapters"]
    assert first["content"] == "Mine."
    assert second["content"]
    assert old == {"title": "Old", "toc": {"chapters": [{"title": "One", "content": "Mine."}, {"title": "Two"}]}}


def test_another_book_of_the_same_title_gets_a_folder_of_its_own(asked: ScriptedProvider) -> None:
    shape: dict[str, Any] = {"title": "One Title", "chapters": 1, "sections": 1, "words": 50}
    for instructions in ("First.", "Second.", "First."):
        list(sync.generate_book(instructions=instructions, **shape))
    assert sorted(path.name for path in Path("projects").iterdir()) == ["one-title", "one-title-2"]


def test_errors_come_out_as_they_are(asked: ScriptedProvider) -> None:
    asked._answer = lambda kind, request: ["Half ", Ending.LENGTH]
    heard: list[str] = []
    with pytest.raises(IncompleteEnding, match="length"):
        heard.extend(sync.stream("x"))
    assert heard == ["Half "]
    with pytest.raises(IncompleteEnding):
        sync.generate_with_cache("x")
    asked._answer = lambda kind, request: AuthError("The key was refused.")
    with pytest.raises(AuthError, match="The key was refused"):
        list(sync.generate_book(title="T", instructions="B."))
    assert sync.get_stats()["cache"]["entries"] == 0


def test_a_loop_that_is_left_early_stops_what_runs(asked: ScriptedProvider) -> None:
    asked._answer = lambda kind, request: ["Ada ", "went ", 3600.0]
    for _ in sync.stream("x", stream_id="left"):
        break
    assert asked.open_streams == 0
    assert sync.streaming_manager.get_stream_status("left")["state"] == "cancelled"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"prompt": ""}, "prompt is empty"), ({"prompt": None}, "prompt is empty"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens is 0"), ({"prompt": "x", "cache_key": ""}, "can't be the key"),
        ({"prompt": "x", "cache_expire": -1}, "can't be kept for -1"), ({"prompt": "x", "model": "nobody"}, "nobody"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told_in_a_sentence(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        sync.generate_with_cache(**arguments)


def test_unknown_streams_and_kinds_are_told() -> None:
    with pytest.raises(UnknownName, match="no stream 'nowhere'"):
        sync.streaming_manager.get_stream_status("nowhere")
    with pytest.raises(UnknownName, match="no kind of cache"):
        sync.clear_cache(kind="prompts")  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_inside_a_running_loop_the_waiting_ones_say_what_to_use(asked: ScriptedProvider) -> None:
    for act in (
        lambda: sync.stream("x"), lambda: sync.generate_with_cache("x"),
        lambda: sync.generate_book(title="T", instructions="B."),
    ):  # fmt: skip
        with pytest.raises(NoEventLoop):
            act()
    assert asked.requests == []


def test_the_two_faces_have_the_same_names() -> None:
    names = {"stream", "generate_with_cache", "generate_book", "get_stats", "clear_cache", "initialize_cache"}
    assert names | {"enhanced_ai", "CacheManager", "streaming_manager"} <= set(gk.__all__) & set(sync.__all__)
    for name in names:
        assert callable(getattr(gk, name))
        assert callable(getattr(sync, name))
        assert hasattr(EnhancedAI, name)
        assert hasattr(sync.enhanced_ai, name)


def test_ctrl_c_stops_a_book_and_a_stream_cleanly(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, threading\nfrom ghostkit import config, registry, sync\n"
        "from ghostkit.testing import ScriptedProvider\n"
        "def answer(kind, request):\n"
        "    if kind in ('section', ''):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        return ['Ada ', 3600.0]\n"
        "provider = ScriptedProvider(answer)\n"
        "registry.register_provider('scripted', lambda: provider)\n"
        "config.GHOSTKIT_MODEL = 'scripted:x'\n"
        "for made in (lambda: sync.stream('x'), lambda: sync.generate_book(title='T', instructions='B.')):\n"
        "    try:\n        list(made())\n"
        "    except KeyboardInterrupt:\n        print('stopped', provider.open_streams, threading.active_count())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], timeout=60, capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert re.findall(r"stopped (\d+)", ended.stdout) == ["0", "0"], ended.stderr
    assert ended.stderr == ""
