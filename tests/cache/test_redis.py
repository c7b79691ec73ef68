"""The cache in a real Redis: its times to live, its names, other processes, and Redis going away and coming back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import ghostkit as gk
from ghostkit import config
from ghostkit.cache import CacheManager, cache_for, create_backend, initialize_cache
from ghostkit.cache.redis import ANSWER_S, LEFT_ALONE_S, RedisCache
from ghostkit.errors import InputError, StorageError
from ghostkit.workbench import Services
from tests.desk import QUICK, Desk

from .conftest import RedisServer
from .makers import Clock

ROOT = Path(__file__).parents[2]
G = "generations"


@pytest.fixture
def names(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"test:{tmp_path.name}"


@pytest.fixture
def cache(redis_server: RedisServer, names: str) -> Iterator[RedisCache]:
    made = RedisCache(url=redis_server.url, namespace=names)
    yield made
    made.close()


def test_entries_are_expired_by_redis_itself(cache: RedisCache, names: str) -> None:
    cache.put(G, "a", b"1", expire_s=60)
    cache.put(G, "b", b"1")
    cache.put(G, "c", b"1", expire_s=0.0001)
    cache.put(G, "d", b"1", expire_s=1e300)
    client: Any = cache._client
    assert 59_000 < client.pttl(f"{names}:{G}:a") <= 60_000
    assert client.pttl(f"{names}:{G}:b") == -1
    assert client.pttl(f"{names}:{G}:d") > 1e13
    cache.put(G, "a", b"2")
    assert client.pttl(f"{names}:{G}:a") == -1
    assert {bytes(name) for name in client.scan_iter(match=f"{names}*")} <= {
        f"{names}:{G}:{key}".encode() for key in "abcd"
    }


def test_texts_are_json_and_nothing_else(redis_server: RedisServer, cache: RedisCache, names: str) -> None:
    CacheManager(cache).put_text(G, "a", "Salt – соль")
    client: Any = cache._client
    assert json.loads(client.get(f"{names}:{G}:a")) == {"text": "Salt – соль"}
    client.set(f"{names}:{G}:b", b"\x80\x04K\x01.")  # a pickle that somebody slipped in
    assert CacheManager(cache).get_text(G, "b") is None
    assert cache.keys(G) == ["a"]


def test_namespaces_and_what_others_keep_are_left_alone(
    redis_server: RedisServer, cache: RedisCache, names: str
) -> None:
    client: Any = cache._client
    other = RedisCache(url=redis_server.url, namespace=f"{names}:other")
    client.set(f"{names}x:{G}:a", b"theirs")
    client.set(f"{names}:{G}:".encode() + b"\xff", b"no key of ours")
    other.put(G, "a", b"1")
    cache.put(G, "a", b"2")
    assert (cache.keys(G), other.keys(G)) == (["a"], ["a"])
    assert cache.clear(G) == 1
    assert other.get(G, "a") == b"1"
    assert client.get(f"{names}x:{G}:a") == b"theirs"
    other.close()


@pytest.mark.parametrize(
    ("key", "pattern", "found"),
    [
        ("a\\b", "a\\*", True),
        ("a\\b", "a\\b", True),
        ("a*b", "a[*]b", True),
        ("axb", "a[*]b", False),
        ("a^b", "a[^]b", True),
        ("a!b", "a[!x]b", True),
        ("axb", "a[!x]b", False),
        ("a-b", "a-*", True),
        ("é", "?", True),
        ("水水", "水?", True),
        ("a]b", "a]*", True),
        ("A", "a", False),
    ],
)
def test_globs_are_ours_and_not_rediss(cache: RedisCache, key: str, pattern: str, found: bool) -> None:
    cache.put(G, key, b"1")
    assert (cache.keys(G, pattern) == [key]) is found
    assert cache.clear(G, pattern) == int(found)


def test_many_entries_are_listed_counted_and_cleared(cache: RedisCache) -> None:
    for number in range(1201):
        cache.put(G, f"k{number}", b"12")
    held = cache.holding(G)
    assert (held.entries, held.bytes) == (1201, 2402)
    assert len(cache.keys(G)) == 1201
    assert cache.clear(G, "k1*") == sum(str(number).startswith("1") for number in range(1201))
    assert cache.clear(G) == 1201 - sum(str(number).startswith("1") for number in range(1201))


def test_purging_takes_what_holds_the_text(cache: RedisCache) -> None:
    manager = CacheManager(cache)
    manager.put_text(G, "a", "She hid the letter in the salt.")
    manager.put_text("summaries", "b", "Of a letter: She hid the letter in the salt.")
    manager.put_text(G, "c", "Rain.")
    assert manager.purge(["She hid the letter in the salt."]) == 2
    assert manager.keys(G) == ["c"]


RACE = """
import sys
from ghostkit.cache.redis import RedisCache
url, names, me, most = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
cache = RedisCache(url=url, namespace=names, max_size=most or None)
for turn in range(200):
    key = f"k{turn % 9}"
    cache.put("generations", key, bytes([me]) * 500, expire_s=60)
    found = cache.get("generations", key)
    assert found is None or (len(found) == 500 and len(set(found)) == 1), "torn"
    if turn % 50 == me:
        cache.clear("generations", "k[0-4]")
"""


@pytest.mark.parametrize("most", [0, 4])
def test_processes_share_it(redis_server: RedisServer, names: str, most: int) -> None:
    arguments = [sys.executable, "-c", RACE, redis_server.url, names]
    running = [
        subprocess.Popen([*arguments, str(number), str(most)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    seen = RedisCache(url=redis_server.url, namespace=names, max_size=most or None)
    assert 0 < seen.holding(G).entries <= (most or 9)
    seen.close()


# ── where it is ───────────────────────────────────────────────────────────────────────────────────────────────


def test_settings_and_initialising_say_where_it_is(redis_server: RedisServer) -> None:
    made = initialize_cache(backend="redis", host="127.0.0.1", port=redis_server.port, db=3)
    assert made is not None
    assert made is cache_for()
    made.put_text(G, "a", "x")
    backend = made.backend
    assert isinstance(backend, RedisCache)
    assert backend._client.connection_pool.connection_kwargs["db"] == 3
    again = initialize_cache(backend="redis", host="127.0.0.1", port=redis_server.port, db=0)
    assert again is not None
    assert again.keys(G) == []
    assert made.clear() == 1
    assert isinstance(create_backend("redis"), RedisCache)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(InputError, match="needs the package redis") as caught:
        initialize_cache(backend="redis")
    assert "ghostkit[redis]" in caught.value.fix


def test_an_address_that_is_none_is_told(redis_server: RedisServer) -> None:
    with pytest.raises(InputError, match=r"http://localhost is no address of a Redis") as caught:
        RedisCache(url="http://user:secret@localhost")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "redis://:Zx9/kqLm@host:6379/0", "redis://me:Zx9/kqLm@host:port/0", "redis://:Zx9#kqLm@host:1",
        "redis//:Zx9kqLm@host", "redis://:Zx9@kqLm@host:port", "redis://host:port/?password=Zx9@kqLm",
    ],
)  # fmt: skip
def test_a_password_that_makes_an_address_unreadable_is_not_told_with_it(address: str) -> None:
    with pytest.raises(InputError, match=r"REDIS_URL|host") as caught:
        RedisCache(url=address)
    assert not any(piece in str(caught.value) for piece in ("Zx9", "kqLm"))


def test_a_password_travels_in_the_address_and_is_never_told(redis_folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="pass-", dir=redis_folder) as folder:
        server = RedisServer(Path(folder), "--requirepass", "open-sesame")
        server.start()
        try:
            good = RedisCache(url=f"redis://:open-sesame@127.0.0.1:{server.port}/0")
            good.put(G, "a", b"1")
            assert good.get(G, "a") == b"1"
            assert good.address == f"redis://127.0.0.1:{server.port}/0"
            good.close()
            for address in (f"redis://:wrong-word@127.0.0.1:{server.port}", f"redis://127.0.0.1:{server.port}"):
                with pytest.raises(StorageError) as caught:
                    RedisCache(url=address).get(G, "a")
                assert "wrong-word" not in str(caught.value)
                assert str(server.port) in caught.value.message
                assert caught.value.__cause__ is None
        finally:
            server.stop()


# ── going away and coming back ────────────────────────────────────────────────────────────────────────────────


def test_it_goes_away_is_left_alone_for_a_while_and_works_again_when_it_is_back(own_redis: RedisServer) -> None:
    clock = Clock()
    cache = RedisCache(host="127.0.0.1", port=own_redis.port, clock=clock)
    cache.put(G, "a", b"1")
    own_redis.stop()
    for act in (lambda: cache.get(G, "a"), lambda: cache.put(G, "a", b"2"), lambda: cache.keys(G)):
        with pytest.raises(StorageError, match="can't be used") as caught:
            act()
        assert str(own_redis.port) in caught.value.message
    manager = CacheManager(cache)
    assert (manager.stats()["entries"], "can't be used" in manager.stats()["trouble"]) == (0, True)
    own_redis.start()
    with pytest.raises(StorageError):
        cache.get(G, "a")  # nobody asked: it is still being left alone
    clock.now += LEFT_ALONE_S
    assert cache.get(G, "a") is None
    cache.put(G, "a", b"3")
    assert cache.get(G, "a") == b"3"
    assert "trouble" not in manager.stats()
    cache.close()


def test_one_that_hangs_is_waited_for_ever_more_seldom() -> None:
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cache = RedisCache(host="127.0.0.1", port=silent.getsockname()[1], clock=clock)
        begun = time.monotonic()
        with pytest.raises(StorageError, match="can't be used"):
            cache.get(G, "a")
        assert time.monotonic() - begun < 2 * ANSWER_S
        begun = time.monotonic()
        for _ in range(100):
            with pytest.raises(StorageError):
                cache.get(G, "a")
        assert time.monotonic() - begun < 0.5
        silent.close()
        for wait in (2, 4, 8, 16, 32, 60, 60):
            clock.now += wait - 0.1
            before = cache._failures
            with pytest.raises(StorageError):
                cache.get(G, "a")
            assert cache._failures == before
            clock.now += 0.2
            with pytest.raises(StorageError):
                cache.get(G, "a")
            assert cache._failures == before + 1
    cache.close()


def test_a_restart_between_two_calls_goes_unnoticed(own_redis: RedisServer) -> None:
    cache = RedisCache(host="127.0.0.1", port=own_redis.port)
    cache.put(G, "a", b"1")
    own_redis.stop()
    own_redis.start()
    assert cache.get(G, "a") is None
    cache.close()


def test_one_that_is_full_refuses_and_the_next_call_is_made_all_the_same(own_redis: RedisServer) -> None:
    cache = RedisCache(host="127.0.0.1", port=own_redis.port)
    cache.put(G, "a", b"1")
    client: Any = cache._client
    client.config_set("maxmemory", 1)
    with pytest.raises(StorageError, match="maxmemory"):
        cache.put(G, "b", b"2")
    assert cache.get(G, "a") == b"1"
    cache.close()


# ── a book ────────────────────────────────────────────────────────────────────────────────────────────────────


def in_redis(names: str, url: str) -> Services:
    manager = CacheManager(RedisCache(url=url, namespace=names))
    return Services(ledger=QUICK.ledger, cache=lambda folder: manager)


async def written(desk: Desk, name: str, services: Services) -> gk.Book:
    book = gk.Book.create(
        desk.root / name, title="Salt", brief="A courier crosses.", chapters=2, sections=2, words=50,
        model="scripted:x", services=services,
    )  # fmt: skip
    async with gk.background():
        run = await book.write()
    assert run.state == "done"
    return book


@pytest.mark.anyio
async def test_a_second_book_is_served_and_counts_are_the_events(
    redis_server: RedisServer, names: str, desk: Desk
) -> None:
    services = in_redis(names, redis_server.url)
    one = await written(desk, "one", services)
    calls = desk.calls
    two = await written(desk, "two", services)
    assert desk.calls == calls
    hits = [event for event in two.ledger.events() if event.type == "cache_hit"]
    misses = [event for event in one.ledger.events() if event.type == "cache_miss"]
    manager = services.cache(one.folder)
    assert manager is not None
    found = manager.stats()
    assert (found["backend"], found["hits"], found["misses"]) == ("redis", len(hits), len(misses))
    assert len(hits) == len(misses) == calls == found["entries"]
    one.close()
    two.close()


@pytest.mark.anyio
@pytest.mark.parametrize("when", ["before", "middle"])
async def test_a_redis_that_is_down_or_dies_is_told_once_and_the_book_is_written(
    own_redis: RedisServer, names: str, desk: Desk, when: str
) -> None:
    if when == "before":
        own_redis.stop()

    def answer(kind: str, request: Any) -> None:
        if kind == "section":
            own_redis.stop()

    desk.answer = answer
    book = await written(desk, "one", in_redis(names, f"redis://127.0.0.1:{own_redis.port}"))
    troubles = [event for event in book.ledger.events() if event.type == "error_occurred"]
    assert len(troubles) == 1
    assert troubles[0].data["where"] == "cache"
    assert "Writing goes on without it" in troubles[0].data["reason"]
    book.close()


@pytest.mark.anyio
async def test_nothing_waits_on_the_event_loop(redis_server: RedisServer, names: str, desk: Desk) -> None:
    import blockbuster

    guard = blockbuster.BlockBuster(scanned_modules=["ghostkit.cache", "redis"])
    guard.activate()
    try:
        book = await written(desk, "one", in_redis(names, redis_server.url))
    finally:
        guard.deactivate()
    types = {event.type for event in book.ledger.events()}
    assert "cache_miss" in types
    assert "error_occurred" not in types  # as which a call that blocks the loop would be told
    book.close()
    await anyio.lowlevel.checkpoint()


def test_the_commands_see_it(redis_server: RedisServer) -> None:
    from click.testing import CliRunner

    from ghostkit.cli import program

    config.CACHE_BACKEND = "redis"
    config.REDIS_PORT = redis_server.port
    ran = CliRunner().invoke(program, ["doctor", "--json"])
    (found,) = [check for check in json.loads(ran.stdout)["checks"] if check["name"] == "cache"]
    assert (found["state"], "Redis answers" in found["message"]) == ("ok", True)
    config.REDIS_PORT = 1
    ran = CliRunner().invoke(program, ["doctor", "--json"])
    (found,) = [check for check in json.loads(ran.stdout)["checks"] if check["name"] == "cache"]
    assert (found["state"], "can't be used" in found["message"]) == ("warn", True)
