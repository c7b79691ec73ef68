"""Texts and embeddings by kind, what the settings decide, what is counted, what is said of bad arguments."""

from __future__ import annotations

import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit import cache as caching
from ghostkit.cache import CacheManager, FileCache, MemoryCache, cache_for, cache_key, digest, initialize_cache
from ghostkit.cache.vectors import pack, unpack
from ghostkit.errors import InputError, UnknownName
from ghostkit.settings import get_settings

from .makers import Clock

ROOT = Path(__file__).parents[2]


def test_texts_come_back_as_they_were_and_are_counted() -> None:
    cache = CacheManager("memory")
    text = 'Соль, "salt" \ud800 \0\n'
    assert cache.get_text("generations", "a") is None
    cache.put_text("generations", "a", text)
    assert cache.get_text("generations", "a") == text
    assert cache.look_up("generations", "a") == text
    found = cache.stats()
    assert (found["backend"], found["hits"], found["misses"], found["hit_rate"]) == ("memory", 1, 1, 0.5)
    assert (found["entries"], found["kinds"]["generations"]["hits"], found["kinds"]["summaries"]["hits"]) == (1, 1, 0)
    assert found["bytes"] == found["kinds"]["generations"]["bytes"] > len(text)
    assert CacheManager("memory").stats()["hit_rate"] == 0.0


@given(vector=st.lists(st.floats(width=32, allow_nan=False), max_size=40))
def test_an_embedding_comes_back_to_the_bit_from_thirty_two_bit_floats(vector: list[float]) -> None:
    data = pack(vector)
    assert len(data) == 8 + 4 * len(vector)
    assert unpack(data) == array("f", vector)
    assert unpack(data[:-1]) is None
    assert unpack(data + b"x") is None


def test_any_numbers_make_an_embedding() -> None:
    cache = CacheManager("memory")
    for vector in ([0.5, -1.0], (0.5, -1.0), array("d", [0.5, -1.0]), memoryview(array("f", [0.5, -1.0]))):
        cache.put_embedding("a", vector)
        assert cache.get_embedding("a") == array("f", [0.5, -1.0])


def test_what_another_version_wrote_is_a_miss_and_goes() -> None:
    backend = MemoryCache()
    cache = CacheManager(backend)
    backend.put("embeddings", "a", b"NOPE0000")
    backend.put("generations", "a", b'{"words": "x"}')
    backend.put("generations", "b", b"\x80\x04")
    assert cache.get_embedding("a") is None
    assert cache.get_text("generations", "a") is None
    assert cache.get_text("generations", "b") is None
    assert (cache.stats()["misses"], cache.stats()["entries"]) == (3, 0)


def test_clearing_takes_one_kind_or_all_by_glob() -> None:
    cache = CacheManager("memory")
    for kind in ("summaries", "generations"):
        for key in ("chapter:1:a", "book:a"):
            cache.put_text(kind, key, "x")  # type: ignore[arg-type]
    cache.put_embedding("chapter:1:e", [1.0])
    assert cache.clear("chapter:*", kind="summaries") == 1
    assert cache.clear("chapter:*") == 2
    assert cache.keys("generations") == ["book:a"]
    assert cache.clear() == 2


def test_purging_a_text_forgets_what_holds_it() -> None:
    cache = CacheManager("memory")
    cache.put_text("generations", "a", "She hid the letter in the salt.")
    cache.put_text("summaries", "b", "About a letter: She hid the letter in the salt. Then rain.")
    cache.put_text("generations", "c", "Rain.")
    assert cache.purge(["She hid the letter in the salt.", " "]) == 2
    assert cache.purge([""]) == 0
    assert cache.keys("generations") == ["c"]


def test_the_default_expiry_is_the_settings_then_the_constructors_then_the_calls() -> None:
    clock = Clock()
    plain, short = CacheManager("memory", clock=clock), CacheManager("memory", clock=clock, expire_s=60)
    for cache in (plain, short):
        cache.put_text("generations", "default", "x")
        cache.put_text("generations", "own", "x", expire_s=7200)
    get_settings().cache_expire_default = 10
    plain.put_text("generations", "brief", "x")
    clock.now += 11
    assert plain.keys("generations") == ["default", "own"]
    clock.now += 50
    assert short.keys("generations") == ["own"]
    clock.now += 3540
    assert plain.keys("generations") == ["own"]
    clock.now += 3600
    assert plain.keys("generations") == short.keys("generations") == []


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), True, "soon", None])
def test_bad_arguments_are_told_in_a_sentence(wrong: Any) -> None:
    cache = CacheManager("memory")
    if wrong is not None:
        with pytest.raises(InputError, match="can't be kept for"):
            cache.put_text("generations", "a", "x", expire_s=wrong)
        with pytest.raises(InputError, match=r"can't be kept for|max_size is"):
            CacheManager("memory", expire_s=wrong, max_size=wrong)
    with pytest.raises(InputError, match="can't be the key"):
        cache.get_text("generations", "" if wrong is None else "x" * 1001)
    with pytest.raises(UnknownName, match=r"no kind of cache called 'prompts'.*embeddings, summaries, generations"):
        cache.clear(kind="prompts")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="no cache backend called 'disk'"):
        CacheManager("disk")
    assert get_settings().cache_backend == "memory"


# ── the process's own ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_memory_cache_is_one_for_the_process_and_settings_take_effect_at_the_next_call(tmp_path: Path) -> None:
    assert cache_for(tmp_path) is cache_for(None)
    get_settings().cache_backend = "file"
    mine = cache_for(tmp_path / "a")
    assert mine is not None
    assert mine is cache_for(tmp_path / "a")
    assert mine is not cache_for(tmp_path / "b")
    assert isinstance(mine.backend, FileCache)
    assert mine.backend.folder == tmp_path / "a"
    get_settings().cache_dir = tmp_path / "shared"
    assert cache_for(tmp_path / "a") is cache_for(tmp_path / "b")
    get_settings().cache_backend = "none"
    assert cache_for(tmp_path) is None
    get_settings().cache_backend = "redis"
    shared = cache_for(tmp_path)
    assert shared is not None
    assert shared is cache_for(tmp_path / "b")
    get_settings().redis_port = 1
    assert shared is not cache_for(tmp_path)


def test_what_is_given_goes_before_the_settings(tmp_path: Path) -> None:
    get_settings().cache_backend = "file"
    get_settings().cache_dir = tmp_path / "set"
    assert CacheManager().name == "file"
    assert CacheManager("memory").name == "memory"
    given_folder = CacheManager(cache_dir=tmp_path / "given").backend
    assert isinstance(given_folder, FileCache)
    assert given_folder.folder == tmp_path / "given"
    get_settings().cache_max_size = 2
    for cache, kept in ((CacheManager("memory"), 2), (CacheManager("memory", max_size=3), 3)):
        for key in "abcd":
            cache.put_text("generations", key, "x")
        assert cache.stats()["entries"] == kept


def test_initialising_is_the_settings_in_one_call(tmp_path: Path) -> None:
    made = initialize_cache(backend="memory", max_size=1)
    assert made is cache_for()
    assert made is not None
    made.put_text("generations", "a", "x")
    made.put_text("generations", "b", "x")
    assert made.keys("generations") == ["b"]
    on_disk = initialize_cache(backend="file", cache_dir=tmp_path / ".cache")
    assert on_disk is cache_for(tmp_path / "some-book" / "cache")
    assert get_settings().source_of("cache_backend") == "code"
    assert initialize_cache(backend="none") is None
    with pytest.raises(InputError, match="cache_backend is 'disk'"):
        initialize_cache(backend="disk")


def test_statistics_of_the_process_hold_every_cache_it_used_however_many(tmp_path: Path) -> None:
    get_settings().cache_backend = "file"
    for number in range(70):
        one = cache_for(tmp_path / f"b{number}")
        assert one is not None
        one.get_text("summaries", "a")
        one.put_text("summaries", "a", "x")
        one.get_text("summaries", "a")
    found = caching.process_stats()
    assert (found["backend"], found["hits"], found["misses"], found["hit_rate"]) == ("file", 70, 70, 0.5)
    assert len(caching.managers()) <= 65


def test_keys_are_the_same_in_every_process() -> None:
    code = "from ghostkit.cache import cache_key; print(cache_key('chapter:3', 'The Salt Road', 'соль'))"
    runs = {
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert runs == {cache_key("chapter:3", "The Salt Road", "соль") + "\n"}
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest("x")) == 32


def test_a_backend_of_ones_own_has_a_name() -> None:
    caching.register_backend("mine", lambda **options: MemoryCache(5))
    assert "mine" in caching.list_backends()
    cache = CacheManager("mine")
    cache.put_text("generations", "a", "x")
    assert cache.get_text("generations", "a") == "x"
