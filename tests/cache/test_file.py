"""The cache in a folder: restarts, rubbish, other processes, disks that refuse."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostkit import faults
from ghostkit.cache import FileCache
from ghostkit.errors import StorageError

from .makers import Clock

ROOT = Path(__file__).parents[2]
G = "generations"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def the_file(folder: Path) -> Path:
    (found,) = files(folder / G)
    return found


def test_entries_survive_restarts_with_their_times_and_their_order_of_use(tmp_path: Path) -> None:
    clock = Clock()
    first = FileCache(tmp_path, max_size=3, clock=clock)
    for key in "abc":
        clock.now += 1
        first.put(G, key, key.encode(), expire_s=100)
    clock.now += 1
    first.get(G, "a")
    again = FileCache(tmp_path, max_size=3, clock=clock)
    clock.now += 1
    again.put(G, "d", b"d")
    assert again.keys(G) == ["a", "c", "d"]
    clock.now += 96
    assert (again.get(G, "a"), again.get(G, "d")) == (None, b"d")
    clock.now += 10
    assert again.keys(G) == ["d"]
    assert len(files(tmp_path)) == 1


def test_the_kinds_are_folders_and_names_are_digests(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put("embeddings", "../x", b"1")
    cache.put("summaries", "CON", b"2")
    cache.put(G, "chapter:1:a", b"3")
    assert {path.parent.name for path in files(tmp_path)} == {"embeddings", "summaries", "generations"}
    assert all(len(path.stem) == 40 and set(path.stem) <= set("0123456789abcdef") for path in files(tmp_path))


def test_nothing_is_made_before_something_is_kept(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache")
    assert (cache.get(G, "a"), cache.keys(G), cache.clear(G), cache.delete(G, "a")) == (None, [], 0, False)
    assert not (tmp_path / "cache").exists()


def spoil_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def spoil_longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def spoil_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_foreign(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x95K\x00\x00\x00\x00\x00\x00\x00")


def spoil_json(path: Path) -> None:
    path.write_bytes(b'{"key": 3, "expires": "x", "size": -1}\nabc')


def spoil_deep(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def spoil_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(elsewhere)


def spoil_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOIL: list[Callable[[Path], None]] = [
    spoil_cut, spoil_longer, spoil_bit, spoil_empty, spoil_foreign, spoil_json, spoil_deep, spoil_link, spoil_fifo,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOIL)
@pytest.mark.parametrize("listed", [False, True])
def test_a_damaged_file_is_no_entry_and_is_removed(tmp_path: Path, spoil: Callable[[Path], None], listed: bool) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"value")
    path = the_file(tmp_path)
    spoil(path)
    if listed and spoil is not spoil_bit:  # a listing doesn't read values
        assert cache.keys(G) == []
        assert cache.holding(G).entries == 0
    else:
        assert cache.get(G, "a") is None
    assert not path.exists()
    assert not path.is_symlink()
    cache.put(G, "a", b"new")
    assert cache.get(G, "a") == b"new"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rubbish=st.binary(max_size=200), keep=st.integers(0, 90))
def test_whatever_bytes_a_file_holds_it_is_never_an_error_nor_a_wrong_value(
    tmp_path: Path, rubbish: bytes, keep: int
) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"value")
    path = the_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep] + rubbish)
    assert cache.get(G, "a") in (None, b"value")
    assert cache.keys(G) in ([], ["a"])
    cache.clear(G)


def test_an_entry_copied_under_another_name_is_not_served_for_it(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"of a")
    one = the_file(tmp_path)
    data = one.read_bytes()
    cache.put(G, "b", b"of b")
    other = next(path for path in files(tmp_path) if path != one)
    for look in (lambda: cache.get(G, "b"), lambda: cache.keys(G) == ["a"] or None):
        other.write_bytes(data)
        assert look() in (None, True)
        assert not other.exists()
    assert cache.get(G, "a") == b"of a"


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, max_size=1)
    cache.put(G, "a", b"1")
    mine = [tmp_path / "notes.txt", tmp_path / G / "notes.txt", tmp_path / G / "x.entry", tmp_path / G / "f" / "y"]
    mine[-1].parent.mkdir()
    for path in mine:
        path.write_bytes(b"keep me")
    (tmp_path / G / f"{'a' * 40}.entry").mkdir()
    cache.put(G, "b", b"2")
    assert cache.keys(G) == ["b"]
    assert cache.clear(G) == 1
    assert all(path.read_bytes() == b"keep me" for path in mine)


def test_a_folder_in_an_entrys_place_is_told_at_the_write_and_is_a_miss_at_the_read(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"1")
    path = the_file(tmp_path)
    path.unlink()
    path.mkdir()
    assert cache.get(G, "a") is None
    with pytest.raises(StorageError, match="write the cache entry"):
        cache.put(G, "a", b"2")
    assert files(tmp_path) == []


def test_a_bound_on_bytes_removes_what_was_used_longest_ago(tmp_path: Path) -> None:
    clock = Clock()
    cache = FileCache(tmp_path, max_bytes=10_000, clock=clock)
    for number in range(30):
        clock.now += 1
        cache.put(G, f"k{number:02}", b"x" * 1000)
        assert sum(path.stat().st_size for path in files(tmp_path)) <= 10_000
    kept = cache.keys(G)
    assert 7 <= len(kept) <= 9
    assert kept == [f"k{number:02}" for number in range(30 - len(kept), 30)]


def test_a_bound_holds_for_what_another_process_wrote(tmp_path: Path) -> None:
    clock = Clock()
    one, other = FileCache(tmp_path, max_size=20, clock=clock), FileCache(tmp_path, clock=clock)
    one.put(G, "mine", b"x")
    for number in range(100):
        clock.now += 1
        other.put(G, f"k{number}", b"x")
    for number in range(300):
        clock.now += 1
        one.put(G, f"m{number % 20}", b"x")
    assert len(files(tmp_path)) <= 20


def test_what_a_killed_process_left_half_written_goes_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"1")
    left = tmp_path / G / f"{'b' * 40}.0123abcd.part"
    left.write_bytes(b"half")
    assert cache.keys(G) == ["a"]
    assert left.exists()
    later = time.time() + 700
    monkeypatch.setattr(time, "time", lambda: later)
    assert cache.keys(G) == ["a"]
    assert not left.exists()


@pytest.mark.parametrize("point", ["cache.before", "cache.written", "cache.done"])
@pytest.mark.parametrize("action", ["enospc", "eio"])
def test_a_disk_that_refuses_is_told_and_leaves_the_old_entry_or_the_new_one(
    tmp_path: Path, point: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "fired"
    cache = FileCache(tmp_path / "cache")
    cache.put(G, "a", b"old")
    monkeypatch.setenv("GHOSTKIT_FAULT_LOG", str(log))
    faults.load({"GHOSTKIT_FAULT": f"{point}:1:{action}"})
    with pytest.raises(StorageError, match="Could not write the cache entry") as raised:
        cache.put(G, "a", b"new")
    assert raised.value.errno == {"enospc": errno.ENOSPC, "eio": errno.EIO}[action]
    assert log.read_text() == f"{point}:1:{action}\n"
    assert cache.get(G, "a") == (b"new" if point == "cache.done" else b"old")
    assert len(files(tmp_path / "cache")) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read_still_serves(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put(G, "a", b"1")
    (tmp_path / G).chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert cache.get(G, "a") == b"1"
        with pytest.raises(StorageError, match="permissions"):
            cache.put(G, "b", b"2")
        assert cache.clear(G) == 0
    finally:
        (tmp_path / G).chmod(stat.S_IRWXU)


def test_a_file_where_the_folder_should_be_is_a_miss_and_told_at_the_write(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    cache = FileCache(tmp_path / "cache")
    assert (cache.get(G, "a"), cache.keys(G), cache.clear(G)) == (None, [], 0)
    with pytest.raises(StorageError):
        cache.put(G, "a", b"1")
    assert (tmp_path / "cache").read_text() == "a file"


RACE = """
import sys
from ghostkit.cache import FileCache
cache, me = FileCache(sys.argv[1], max_size=12), int(sys.argv[2])
for turn in range(400):
    key = f"k{turn % 9}"
    cache.put("generations", key, bytes([me]) * 2000, expire_s=60)
    found = cache.get("generations", key)
    assert found is None or (len(found) == 2000 and len(set(found)) == 1), "torn"
    if turn % 50 == me:
        cache.clear("generations", "k[0-4]")
        cache.keys("generations")
"""


def test_processes_that_write_the_same_entries_at_once_never_see_a_torn_one(tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path), str(number)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    assert 0 < len(files(tmp_path)) <= 9
    assert all(path.suffix == ".entry" for path in files(tmp_path))


KILLED = """
import os, sys
from ghostkit.cache import FileCache
FileCache(sys.argv[1]).put("generations", "a", b"new")
"""


@pytest.mark.parametrize(("point", "value"), [("before", b"old"), ("written", b"old"), ("done", b"new")])
def test_a_process_killed_at_a_write_leaves_the_old_entry_or_the_new_one(
    tmp_path: Path, point: str, value: bytes
) -> None:
    FileCache(tmp_path).put(G, "a", b"old")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False,
        env={**os.environ, "GHOSTKIT_FAULT": f"cache.{point}:1:kill"},
    )  # fmt: skip
    assert ended.returncode == -9
    assert FileCache(tmp_path).get(G, "a") == value
