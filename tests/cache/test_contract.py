"""What every cache must do, on every backend there is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostkit.cache import KINDS, Cache, Holding, escape, matches

from .makers import Clock, Make, make

BACKENDS = ["memory", "file", "redis"]
G = "generations"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=BACKENDS)
def of(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Make:
    return make(request.param, tmp_path, clock, lambda: request.getfixturevalue("redis_server").url)


@pytest.fixture
def cache(of: Make) -> Cache:
    return of(100)


def test_what_is_put_is_got_and_nothing_else(cache: Cache) -> None:
    assert cache.get(G, "chapter:1:a") is None
    cache.put(G, "chapter:1:a", b"one")
    cache.put(G, "chapter:1:b", b"")
    assert (cache.get(G, "chapter:1:a"), cache.get(G, "chapter:1:b")) == (b"one", b"")
    cache.put(G, "chapter:1:a", b"two")
    assert cache.get(G, "chapter:1:a") == b"two"
    assert cache.holding(G) == Holding(entries=2, bytes=3)


def test_kinds_are_kept_apart_and_cleared_apart(cache: Cache) -> None:
    for kind in KINDS:
        cache.put(kind, "same", kind.encode())
    assert [cache.get(kind, "same") for kind in KINDS] == [kind.encode() for kind in KINDS]
    assert cache.clear("summaries") == 1
    assert [cache.get(kind, "same") for kind in KINDS] == [b"embeddings", None, b"generations"]


def test_an_entry_expires_on_time_and_a_new_one_counts_from_its_own(cache: Cache, clock: Clock) -> None:
    cache.put(G, "a", b"1", expire_s=10.0)
    cache.put(G, "for ever", b"2")
    clock.now += 9.99
    assert cache.get(G, "a") == b"1"
    clock.now += 0.01
    assert cache.get(G, "a") is None
    assert cache.keys(G) == ["for ever"]
    assert cache.holding(G) == Holding(entries=1, bytes=1)
    cache.put(G, "a", b"3", expire_s=10.0)
    clock.now += 5
    cache.put(G, "a", b"4", expire_s=10.0)
    clock.now += 9
    assert cache.get(G, "a") == b"4"
    clock.now += 1e9
    assert cache.get(G, "for ever") == b"2"
    assert not cache.delete(G, "a")


def test_the_least_recently_used_goes_first(of: Make, clock: Clock) -> None:
    cache = of(3)
    for key in "abc":
        clock.now += 1
        cache.put(G, key, b"x")
    clock.now += 1
    assert cache.get(G, "a") == b"x"
    cache.put(G, "d", b"x")
    assert cache.keys(G) == ["a", "c", "d"]
    cache.put(G, "c", b"again")  # a value replaced takes no more room
    assert cache.keys(G) == ["a", "c", "d"]
    cache.put("summaries", "s", b"x")  # nor does another kind
    assert cache.keys(G) == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("chapter:*", {"chapter:1:x", "chapter:12:y", "chapter:1:[z]*"}),
        ("chapter:1:*", {"chapter:1:x", "chapter:1:[z]*"}),
        ("chapter:?:x", {"chapter:1:x"}),
        ("chapter:[12]:x", {"chapter:1:x"}),
        (escape("chapter:1:[z]*"), {"chapter:1:[z]*"}),
        (escape("chapter:1:[z]") + "*", {"chapter:1:[z]*"}),
        ("chapter:1:[[]z]*", {"chapter:1:[z]*"}),
        ("CHAPTER:*", set()),
        ("chapter:", set()),
        ("", set()),
        ("[", {"["}),
        ("*", {"chapter:1:x", "chapter:12:y", "chapter:1:[z]*", "book:outline:*", "["}),
    ],
)
def test_a_glob_clears_what_it_matches_and_nothing_else(cache: Cache, pattern: str, gone: set[str]) -> None:
    there = {"chapter:1:x", "chapter:12:y", "chapter:1:[z]*", "book:outline:*", "["}
    for key in there:
        cache.put(G, key, b"1")
    assert set(cache.keys(G, pattern)) == gone
    assert cache.clear(G, pattern) == len(gone)
    assert set(cache.keys(G)) == there - gone
    assert cache.clear(G, pattern) == 0


@given(key=st.text(min_size=1, max_size=30), other=st.text(min_size=1, max_size=30))
def test_an_escaped_key_matches_itself_alone(key: str, other: str) -> None:
    assert matches(key, escape(key))
    assert matches(other, escape(key)) == (other == key)
    assert matches(key + other, escape(key) + "*")


def test_any_text_is_a_key(cache: Cache) -> None:
    keys = [
        "../../etc/passwd", "a/b", "a\\b", "CON", "con", "a\nb", " ", "a" * 1000, "ключ:глава", "\ud800", "nul\0",
        "~", ".", "..", "a:b", "é", "e\u0301",
    ]  # fmt: skip
    for number, key in enumerate(keys):
        cache.put(G, key, str(number).encode())
    assert [cache.get(G, key) for key in keys] == [str(number).encode() for number in range(len(keys))]
    assert set(cache.keys(G)) == set(keys)
    assert cache.delete(G, "../../etc/passwd")
    assert not cache.delete(G, "../../etc/passwd")
    assert cache.clear(G) == len(keys) - 1


def test_any_bytes_are_a_value_large_ones_too(cache: Cache) -> None:
    values = [b"\0\n\r{}", bytes(range(256)) * 4, b"x" * 3_000_000, b"\n", b'{"key":"a"}\n']
    for number, value in enumerate(values):
        cache.put(G, f"k{number}", value)
    assert [cache.get(G, f"k{number}") for number in range(len(values))] == values


def test_many_threads_at_once_see_whole_values(cache: Cache) -> None:
    wrong: list[Any] = []

    def work(mine: int) -> None:
        for turn in range(60):
            key = f"k{turn % 7}"
            cache.put(G, key, bytes([mine]) * 500)
            found = cache.get(G, key)
            if found is not None and (len(found) != 500 or len(set(found)) != 1):
                wrong.append(found)
            if turn % 20 == mine:
                cache.clear(G, "k[0-3]")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert cache.holding(G).entries <= 7


# ── against a dict ────────────────────────────────────────────────────────────────────────────────────────────


class Model:
    """The contract in a dozen lines: an ordered dict, the least recently used first."""

    def __init__(self, max_size: int, clock: Clock) -> None:
        self.max_size, self.clock = max_size, clock
        self.kept: dict[str, OrderedDict[str, tuple[bytes, float | None]]] = {kind: OrderedDict() for kind in KINDS}

    def drop(self, kind: str) -> None:
        kept = self.kept[kind]
        for key in [k for k, (_, end) in kept.items() if end is not None and self.clock() >= end]:
            del kept[key]

    def get(self, kind: str, key: str) -> bytes | None:
        value, end = self.kept[kind].get(key, (None, None))
        if value is not None and end is not None and self.clock() >= end:
            del self.kept[kind][key]
            return None
        if value is not None:
            self.kept[kind].move_to_end(key)
        return value

    def put(self, kind: str, key: str, value: bytes, expire_s: float | None) -> None:
        kept = self.kept[kind]
        kept[key] = (value, None if expire_s is None else self.clock() + expire_s)
        kept.move_to_end(key)
        while len(kept) > self.max_size:
            kept.popitem(last=False)

    def clear(self, kind: str, pattern: str) -> int:
        gone = self.keys(kind, pattern)
        for key in gone:
            del self.kept[kind][key]
        return len(gone)

    def keys(self, kind: str, pattern: str) -> list[str]:
        self.drop(kind)
        return sorted(key for key in self.kept[kind] if matches(key, pattern))


KEYS = st.sampled_from(["chapter:1:a", "chapter:1:b", "chapter:2:a", "book:*", "book:[x]", "ч"])
KIND = st.sampled_from(KINDS[1:])
PATTERNS = st.sampled_from(["*", "chapter:*", "chapter:1:*", "book:*", "book:[*]", "book:[[]*", "?"])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), KIND, KEYS),
        st.tuples(st.just("put"), KIND, KEYS, st.binary(max_size=6), st.sampled_from([None, 1.5, 4.0])),
        st.tuples(st.just("clear"), KIND, PATTERNS),
        st.tuples(st.just("keys"), KIND, PATTERNS),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 3.0])),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, max_size=st.integers(1, 4))
def test_it_behaves_as_a_dict_with_times_and_a_bound(of: Make, clock: Clock, acts: list[Any], max_size: int) -> None:
    cache, model = of(max_size), Model(max_size, clock)
    for act, *arguments in acts:
        clock.now += 0.001
        if act == "wait":
            clock.now += arguments[0]
        else:
            assert getattr(cache, act)(*arguments) == getattr(model, act)(*arguments), (act, arguments)
    for kind in KINDS:
        assert cache.keys(kind) == model.keys(kind, "*")
        values = [value for value, _ in model.kept[kind].values()]
        assert cache.holding(kind) == Holding(entries=len(values), bytes=sum(map(len, values)))
