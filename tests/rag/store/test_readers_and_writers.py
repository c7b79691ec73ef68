"""Many read while one writes, from threads and other processes: each look is at one whole version."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from ghostkit.rag.document import Document
from ghostkit.rag.store import ChunkStore
from tests.rag.store.history import ROOT
from tests.rag.store.making import chunked

SECTIONS = 12
EDITIONS = 25


def edition(number: int) -> list[Document]:
    """A book that says everywhere which edition it is, in more chunks with every other one."""
    text = f"e{number}e whale " * (10 + 5 * (number % 2))
    return [Document(id=f"s{at}", text=text, chapter=at, section=1, language="en") for at in range(1, SECTIONS + 1)]


def publish(path: Path, editions: int = EDITIONS) -> None:
    with ChunkStore.open(path) as store:
        for number in range(1, editions + 1):
            store.apply([chunked(one) for one in edition(number)])


def look(store: ChunkStore) -> int:
    """Which edition the store has; fails where it has a mixture, or a count that is none of an edition's."""
    with store.view() as view:
        if not view.count:
            return 0
        contents = [chunk.content for chunk in view.every_chunk()]
        editions = {word for content in contents for word in content.split() if word[0] == word[-1] == "e"}
        assert len(editions) == 1, editions
        number = int(editions.pop().strip("e"))
        assert len(contents) == view.count == sum(len(chunked(one).chunks) for one in edition(number))
        found = view.keyword(f"e{number}e", 10_000)
        assert len(found) == view.count
        assert view.keyword(f"e{number - 1}e", 10) == view.keyword(f"e{number + 1}e", 10) == []
        assert view.ids_of(view.rows_of([one for one, _ in found])) == [one for one, _ in found]
        return number


def child(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.rag.store.test_readers_and_writers", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_readers_in_threads_and_processes_see_whole_editions_and_never_an_older_one_after_a_newer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "chunks.sqlite"
    publish(path, 1)
    reader, writer = child("read", str(path)), child("write", str(path))
    wrong: list[BaseException] = []
    seen: set[int] = set()

    def read(store: ChunkStore) -> None:
        last = 0
        try:
            while last < EDITIONS:
                now = look(store)
                assert now >= last
                last = now
                seen.add(now)
        except BaseException as error:
            wrong.append(error)

    with ChunkStore.open(path) as store:
        threads = [threading.Thread(target=read, args=(store,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert store.healed == ""
    for process in (reader, writer):
        said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert wrong == []
    assert len(seen) > 2, "the readers saw nothing of the writing"


def test_two_writers_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "chunks.sqlite"
    writers = [child("add", str(path), name) for name in "ab"]
    for process in writers:
        said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with ChunkStore.open(path) as store:
        assert store.known().keys() == {f"{name}{at}" for name in "ab" for at in range(10)}
        assert store.version() >> 20 == 20
        assert store.healed == ""


def test_a_killed_writer_leaves_its_readers_a_whole_edition_and_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "chunks.sqlite"
    publish(path, 1)
    with ChunkStore.open(path) as store:
        for _ in range(3):
            writer = child("write", str(path))
            before = store.version()
            while store.version() == before and writer.poll() is None:
                look(store)
            writer.kill()
            writer.communicate(timeout=60)
            assert look(store) >= 1
            store.apply([chunked(one) for one in edition(1)])
            assert look(store) == 1


def test_a_view_forgotten_gives_its_connection_back(tmp_path: Path) -> None:
    with ChunkStore.open(tmp_path / "chunks.sqlite") as store:
        store.apply([chunked(one) for one in edition(1)])
        for number in range(2, 8):
            store.view().keyword("whale", 3)
            store.apply([chunked(one) for one in edition(number)])
        log = tmp_path / "chunks.sqlite-wal"
        held = store.view()
        for number in range(8, 40):
            store.apply([chunked(one) for one in edition(number)])
        grown = log.stat().st_size
        assert held.keyword("e7e", 1), "a view reads its own version"
        held.close()
        store.close()
        assert not log.exists() or log.stat().st_size < grown


def test_closing_does_not_wait_for_somebody_who_reads(tmp_path: Path) -> None:
    path = tmp_path / "chunks.sqlite"
    publish(path, 1)
    writer = ChunkStore.open(path)
    with ChunkStore.open(path) as reader, reader.view() as view:
        writer.apply([chunked(one) for one in edition(2)])
        began = time.perf_counter()
        writer.close()
        assert time.perf_counter() - began < 5  # SQLite would wait for ten seconds
        assert view.keyword("e1e", 1)
    with ChunkStore.open(path) as again:
        assert look(again) == 2


def _main(what: str, path: Path, name: str = "") -> None:
    if what == "write":
        publish(path)
        return
    with ChunkStore.open(path) as store:
        if what == "add":
            for at in range(10):
                store.apply([chunked(Document(id=f"{name}{at}", text="a whale", language="en"))])
            return
        last = 0
        while last < EDITIONS:
            now = look(store)
            assert now >= last
            last = now


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
