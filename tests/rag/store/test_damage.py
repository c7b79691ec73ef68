"""A file that can't be used is set aside, whatever is wrong with it; the store goes on, empty, and says why."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ghostkit import faults
from ghostkit.errors import InputError, StorageError
from ghostkit.rag.document import Document
from ghostkit.rag.store import ChunkStore
from ghostkit.rag.store.schema import SCHEMA_VERSION
from tests.rag.store.history import differences
from tests.rag.store.making import chunked, text_of

# Read before a fixture takes ghostkit's variables away.
TRIALS = 200 if os.environ.get("GHOSTKIT_RETRIEVAL") == "full" else 12
DOCUMENTS = [
    Document(id=f"d{at}", text=text_of(random.Random(at), 400), chapter=at, section=1, language="en")
    for at in range(1, 30)
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "chunks.sqlite"
    with ChunkStore.open(path) as store:
        store.apply([chunked(one) for one in DOCUMENTS])
    return path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(sound, tmp_path / "chunks.sqlite"))


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_to_its_head(path: Path) -> None:
    os.truncate(path, 60)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def of_text(path: Path) -> None:
    path.write_text("Dear diary,\n" * 1000)


def of_another_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (note)")
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def of_other_terms(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = 'others' WHERE name = 'terms'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut_off, "it was cut off"),
        (cut_to_its_head, "it was no SQLite file"),
        (emptied, "it was no SQLite file"),
        (of_text, "it was no SQLite file"),
        (of_another_program, "it was another program's"),
        (newer, f"it had format {SCHEMA_VERSION + 1}"),
        (of_other_terms, "its terms were made by other rules"),
    ],
)
def test_an_unusable_file_is_set_aside_and_the_store_begins_anew(
    path: Path, harm: Callable[[Path], None], said: str
) -> None:
    with ChunkStore.open(path) as store:
        epoch = store.epoch
        assert store.healed == ""
    harm(path)
    bytes_there = path.read_bytes()
    with ChunkStore.open(path) as store:
        assert said in store.healed
        assert "chunks.sqlite.damaged-1" in store.healed
        assert store.epoch != epoch
        assert (store.version(), store.known(), store.view().count) == (0, {}, 0)
        store.apply([chunked(one) for one in DOCUMENTS])
        assert differences(store, DOCUMENTS, random.Random(1)) == []
    assert path.with_name("chunks.sqlite.damaged-1").read_bytes() == bytes_there
    with ChunkStore.open(path) as store:
        assert store.healed == ""
    harm(path)
    with ChunkStore.open(path) as store:
        assert "chunks.sqlite.damaged-2" in store.healed


def test_bytes_changed_anywhere_are_met_with_one_clear_error_and_no_text_is_shown_that_was_not_written(
    path: Path,
) -> None:
    """Each trial overwrites 64 bytes somewhere, then asks, reads and writes."""
    sound = path.read_bytes()
    written = {chunk.content for one in DOCUMENTS for chunk in chunked(one).chunks}
    chance = random.Random(7)
    told = 0
    for _ in range(TRIALS):
        harmed = bytearray(sound)
        at = chance.randrange(len(sound) - 64)
        harmed[at : at + 64] = chance.randbytes(64)
        path.write_bytes(harmed)
        with ChunkStore.open(path) as store:
            try:
                with store.view() as view:
                    found = view.chunks([one for one, _ in view.keyword("whale lamp sea", 500)])
                    found += view.every_chunk()
                assert {chunk.content for chunk in found} <= written, at
                store.apply([chunked(DOCUMENTS[0])], gone=["d2", "d3"])
            except StorageError:
                assert "begun anew" in store.healed
            with suppress(StorageError):  # it may be met only now, and then is gone
                store.apply([chunked(one) for one in DOCUMENTS])
            told += bool(store.healed)
            store.apply([chunked(one) for one in DOCUMENTS])
            assert len(store.known()) == len(DOCUMENTS)
        for kept in path.parent.glob("*.damaged-*"):
            kept.unlink()
    assert told > TRIALS / 4


def test_damage_met_in_a_question_is_told_and_the_next_one_finds_an_empty_store(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE postings SET data = zeroblob(length(data)) WHERE term = 'whale'")
    connection.commit()
    connection.close()
    with ChunkStore.open(path) as store:
        epoch = store.epoch
        with pytest.raises(StorageError, match=r"begun anew.*damaged-1.*Do it again"):
            store.view().keyword("whale", 5)
        assert store.epoch != epoch
        assert store.view().keyword("whale", 5) == []
        store.apply([chunked(one) for one in DOCUMENTS])
        assert store.view().keyword("whale", 5)


def test_a_text_that_was_tampered_with_is_not_shown(path: Path) -> None:
    with ChunkStore.open(path) as store:
        found = store.view().keyword("whale", 1)[0][0]
    connection = sqlite3.connect(path)
    connection.execute("UPDATE contents SET content = 'Ignore all that. ' || content")
    connection.commit()
    connection.close()
    with ChunkStore.open(path) as store, pytest.raises(StorageError, match="begun anew"):
        store.view().chunks([found])


def test_a_folder_removed_under_an_open_store_is_made_again(path: Path) -> None:
    with ChunkStore.open(path) as store:
        epoch = store.epoch
        shutil.rmtree(path.parent)
        assert store.known() == {}
        assert store.epoch != epoch
        store.apply([chunked(DOCUMENTS[0])])
        assert store.view().count > 0


def test_a_file_that_another_process_began_anew_is_followed(path: Path) -> None:
    with ChunkStore.open(path) as one:
        old = one.view()
        rows = old.count
        path.rename(path.with_name("elsewhere"))
        with ChunkStore.open(path) as other:
            other.apply([chunked(DOCUMENTS[2])])
            assert one.epoch == other.epoch
            assert one.known().keys() == {"d3"}
            assert one.view().count < rows
        assert old.count == rows
        assert old.keyword("lamp", 3), "a view stays what it was"


def test_a_disk_that_refuses_is_told_and_the_store_stays_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChunkStore.open(path) as store:
        version = store.version()
        monkeypatch.setenv("GHOSTKIT_FAULT", "rag.store.before_commit:1:enospc")
        faults.load()
        try:
            with pytest.raises(StorageError, match="No space left"):
                store.apply([], gone=["d1"])
        finally:
            monkeypatch.delenv("GHOSTKIT_FAULT")
            faults.load()
        assert (store.version(), store.healed) == (version, "")
        assert store.apply([], gone=["d1"]) > version


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="folders refuse nothing to root")
def test_a_folder_that_refuses_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rag").mkdir()
    (tmp_path / "rag").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StorageError, match="Could not use the index"):
        ChunkStore.open(tmp_path / "rag" / "chunks.sqlite")


def test_a_file_where_a_folder_should_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rag").write_text("")
    with pytest.raises(StorageError, match="Could not use the index"):
        ChunkStore.open(tmp_path / "rag" / "chunks.sqlite")


def test_a_closed_store_and_a_closed_view_say_so(path: Path) -> None:
    store = ChunkStore.open(path)
    view = store.view()
    view.close()
    view.close()
    with pytest.raises(InputError, match="view of the index is closed"):
        view.keyword("whale", 1)
    store.close()
    store.close()
    with pytest.raises(InputError, match="index is closed"):
        store.view()


def test_a_store_in_memory_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = ChunkStore.open(None)
    store.apply([chunked(DOCUMENTS[0])])
    assert store.view().count
    store.close()
    del store
    assert list(tmp_path.iterdir()) == []
