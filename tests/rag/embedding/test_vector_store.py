"""`VectorStore`: what is kept is there, bit for bit; what was damaged is begun anew; a text's vector can be erased."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ghostkit.errors import EmbedderError, StorageError
from ghostkit.rag.embedding import VectorStore

ROOT = Path(__file__).parents[3]
FLIPS = 2000 if os.environ.get("GHOSTKIT_RETRIEVAL") == "full" else 60


def vectors(count: int, dimension: int = 24, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def digests(count: int, salt: str = "") -> list[str]:
    return [hashlib.sha256(f"{salt}{number}".encode()).hexdigest() for number in range(count)]


def kept(store: VectorStore, names: list[str], key: str = "e@1/24") -> dict[str, bytes]:
    return {name: row.tobytes() for name, row in store.get_many(key, "passage", names).items()}


def put(store: VectorStore, count: int = 50, salt: str = "") -> dict[str, bytes]:
    names, rows = digests(count, salt), vectors(count)
    store.put_many("e@1/24", "passage", names, rows)
    return {name: row.tobytes() for name, row in zip(names, rows, strict=True)}


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, timeout=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rag" / "vectors.sqlite"


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_was_put_is_there_bit_for_bit_and_nothing_else(path: Path, in_memory: bool) -> None:
    store = VectorStore(None if in_memory else path)
    expected = put(store, 1700)
    assert kept(store, [*expected, *digests(5, "other")]) == expected
    store.close()
    assert kept(store, list(expected)) == expected
    assert not store.healed
    assert store.count() == store.count("e@1/24", "passage") == 1700
    assert store.count("e@1/24", "query") == 0


def test_roles_and_embedders_are_kept_apart(path: Path) -> None:
    store = VectorStore(path)
    names = digests(1)
    for key, role, seed in (("a", "query", 1), ("a", "passage", 2), ("b", "passage", 3)):
        store.put_many(key, role, names, vectors(1, seed=seed))  # type: ignore[arg-type]
    for key, role, seed in (("a", "query", 1), ("a", "passage", 2), ("b", "passage", 3)):
        found = store.get_many(key, role, names)[names[0]]  # type: ignore[arg-type]
        assert found.tobytes() == vectors(1, seed=seed)[0].tobytes()
    assert store.get_many("b", "query", names) == {}


def test_a_second_put_replaces(path: Path) -> None:
    store = VectorStore(path)
    expected = put(store, 3)
    store.put_many("e@1/24", "passage", digests(1), vectors(1, seed=9))
    expected[digests(1)[0]] = vectors(1, seed=9)[0].tobytes()
    assert kept(store, digests(3)) == expected


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (np.full((2, 4), np.nan, np.float32), "NaN"),
        (np.array([[1, np.inf], [0, 1]], np.float32), "NaN or infinity"),
        (np.ones((3, 4), np.float32), "shape (3, 4)"),
        (np.ones(2, np.float32), "shape (2,)"),
        ([[1.0], [2.0]], "shape list"),
    ],
)
def test_what_is_no_vector_is_refused(path: Path, rows: np.ndarray, says: str) -> None:
    store = VectorStore(path)
    with pytest.raises(EmbedderError) as caught:
        store.put_many("e", "passage", digests(2), rows)
    assert says in str(caught.value)
    assert store.count() == 0


def test_another_dimension_under_the_same_key_is_refused(path: Path) -> None:
    store = VectorStore(path)
    put(store, 2)
    with pytest.raises(EmbedderError, match="25 numbers, and earlier ones of 24"):
        store.put_many("e@1/24", "passage", digests(1, "new"), vectors(1, 25))


def test_it_is_durable_when_put_returns(path: Path) -> None:
    code = """if True:
        import os, sys, numpy as np
        from ghostkit.rag.embedding import VectorStore
        store = VectorStore(sys.argv[1])
        for number in range(3):
            store.put_many("k", "passage", [f"{number}"], np.eye(3, dtype=np.float32)[number:number + 1])
        os.kill(os.getpid(), 9)"""
    assert run(code, str(path)).returncode == -9
    store = VectorStore(path)
    assert sorted(store.get_many("k", "passage", ["0", "1", "2", "3"])) == ["0", "1", "2"]
    assert not store.healed


def test_processes_and_threads_write_at_once(path: Path) -> None:
    code = """if True:
        import sys, numpy as np
        from ghostkit.rag.embedding import VectorStore
        store = VectorStore(sys.argv[1])
        for number in range(20):
            store.put_many("k", "passage", [f"{sys.argv[2]}-{number}"], np.ones((1, 3), np.float32))"""
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), str(number)], cwd=ROOT) for number in range(2)]
    store, errors = VectorStore(path), []

    def write(who: str) -> None:
        try:
            for number in range(20):
                store.put_many("k", "passage", [f"{who}-{number}"], np.ones((1, 3), np.float32))
                assert store.get_many("k", "passage", [f"{who}-{number}"])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in running] == [0, 0]
    assert errors == []
    assert store.count() == 100
    assert not store.healed


# ── damage ────────────────────────────────────────────────────────────────────────────────────────────────────────


def whole_file(path: Path) -> dict[str, bytes]:
    store = VectorStore(path)
    expected = put(store, 200)
    store.close()
    assert not path.with_name("vectors.sqlite-wal").exists()
    return expected


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.99])
def test_a_torn_file_is_set_aside_and_begun_anew(path: Path, share: float) -> None:
    whole_file(path)
    data = path.read_bytes()
    torn = data[: max(1, int(len(data) * share))]
    path.write_bytes(torn)
    store = VectorStore(path)
    assert "begun anew" in store.healed
    assert path.with_name("vectors.sqlite.damaged-1").read_bytes() == torn
    assert kept(store, digests(200)) == {}
    expected = put(store)
    assert kept(VectorStore(path), list(expected)) == expected


@pytest.mark.parametrize("what", ["text", "other program", "newer", "empty"])
def test_a_file_that_is_not_ours_is_set_aside(path: Path, what: str) -> None:
    path.parent.mkdir()
    if what == "text":
        path.write_text("not a database at all, but long enough to be looked at as one would be " * 10)
    elif what == "empty":
        path.write_bytes(b"")
    else:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE vector (x)" if what == "other program" else "PRAGMA application_id = 1196119601")
        other.execute("PRAGMA user_version = 0" if what == "other program" else "PRAGMA user_version = 99")
        other.commit()
        other.close()
    before = path.read_bytes()
    store = VectorStore(path)
    expected = put(store)
    assert kept(store, list(expected)) == expected
    if what == "empty":
        assert not store.healed
    else:
        assert "could not be used" in store.healed
        assert path.with_name("vectors.sqlite.damaged-1").read_bytes() == before


def test_damage_anywhere_gives_right_vectors_or_none(path: Path) -> None:
    """Eight bytes changed at random places: what is found is what was put, and what is lost can be put again."""
    expected = whole_file(path)
    data, draw = path.read_bytes(), np.random.default_rng(3)
    lost = 0
    for number in range(FLIPS):
        at = int(draw.integers(0, len(data) - 8))
        path.write_bytes(data[:at] + draw.bytes(8) + data[at + 8 :])
        store = VectorStore(path)
        found = kept(store, list(expected))
        assert found.items() <= expected.items(), f"flip {number} at {at}"
        lost += len(found) < len(expected)
        put(store, 200)
        assert kept(store, list(expected)) == expected, f"flip {number} at {at}"
        store.close()
        for leftover in path.parent.iterdir():
            leftover.unlink()
    assert lost > FLIPS / 4  # the changes did hit


def test_a_file_deleted_in_use_is_made_again(path: Path) -> None:
    store = VectorStore(path)
    put(store)
    for file in path.parent.iterdir():
        file.unlink()
    assert kept(store, digests(50)) == {}
    expected = put(store)
    assert kept(VectorStore(path), list(expected)) == expected


def test_a_folder_that_refuses_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rag").write_text("a file where a folder must be")
    with pytest.raises(StorageError) as caught:
        VectorStore(tmp_path / "rag" / "vectors.sqlite")
    assert str(tmp_path) in caught.value.message
    assert caught.value.fix


# ── forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_prune_keeps_what_is_named_and_all_of_the_other_role(path: Path) -> None:
    store = VectorStore(path)
    expected = put(store, 1000)
    store.put_many("e@1/24", "query", digests(10), vectors(10))
    store.put_many("other", "passage", digests(4), vectors(4))
    assert store.prune(set(digests(300))) == 700
    assert kept(store, list(expected)) == {name: expected[name] for name in digests(300)}
    assert store.count(role="query") == 10
    assert store.count("other") == 4
    assert store.prune([]) == 304


def test_a_purged_text_s_vector_is_nowhere_in_the_files(path: Path) -> None:
    store = VectorStore(path)
    expected = put(store, 30)
    gone, stays = digests(30)[7], digests(30)[8]
    assert store.purge([gone]) == 1
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert expected[gone] not in written
    assert expected[stays] in written
    assert gone.encode() not in written
    assert store.purge() == 29
    assert store.count() == 0
