"""A file is the old one or the new one, whatever stops the writer, and a bad one is told by name and place."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ghostkit import faults
from ghostkit.book import files
from ghostkit.book.files import (
    make_folder,
    read_text,
    read_text_or_none,
    sweep_temporaries,
    write_atomic,
    write_if_changed,
    write_text,
)
from ghostkit.errors import BookDamaged, StorageError

STAGES_OLD = ["before", "written", "synced"]
STAGES_NEW = ["renamed", "done"]

Fault = Callable[[str], None]


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fault]:
    """Plan faults; afterwards every planned one must have fired."""
    log = tmp_path / "fired.log"
    planned: list[str] = []

    def plan(spec: str) -> None:
        planned.append(spec)
        monkeypatch.setenv("GHOSTKIT_FAULT_LOG", str(log))
        faults.load({"GHOSTKIT_FAULT": spec})

    yield plan
    faults.load({})
    assert log.read_text().split() == planned


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_holds_its_bytes_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.md", b"one\r\n\xff", "section")
    assert (tmp_path / "a.md").read_bytes() == b"one\r\n\xff"
    assert names(tmp_path) == ["a.md"]


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    write_atomic(tmp_path / "x" / "y" / "a.md", b"one", "section")
    assert (tmp_path / "x" / "y" / "a.md").read_bytes() == b"one"


@pytest.mark.parametrize("action", ["enospc", "eio"])
@pytest.mark.parametrize("stage", STAGES_OLD)
def test_a_failing_disk_leaves_the_old_file_and_no_temporary(
    tmp_path: Path, fault: Fault, stage: str, action: str
) -> None:
    folder = tmp_path / "book"
    write_atomic(folder / "a.md", b"old", "section")
    fault(f"file.section.{stage}:1:{action}")
    with pytest.raises(StorageError) as caught:
        write_atomic(folder / "a.md", b"new", "section")
    assert caught.value.errno == {"enospc": errno.ENOSPC, "eio": errno.EIO}[action]
    assert str(folder / "a.md") in caught.value.message
    assert "lost" in caught.value.fix
    assert (folder / "a.md").read_bytes() == b"old"
    assert names(folder) == ["a.md"]
    write_atomic(folder / "a.md", b"new", "section")
    assert (folder / "a.md").read_bytes() == b"new"


@pytest.mark.parametrize("stage", STAGES_NEW)
def test_a_disk_failing_after_the_rename_leaves_the_new_file(tmp_path: Path, fault: Fault, stage: str) -> None:
    folder = tmp_path / "book"
    write_atomic(folder / "a.md", b"old", "section")
    fault(f"file.section.{stage}:1:eio")
    with pytest.raises(StorageError):
        write_atomic(folder / "a.md", b"new", "section")
    assert (folder / "a.md").read_bytes() == b"new"
    assert names(folder) == ["a.md"]


@pytest.mark.parametrize("stage", STAGES_OLD + STAGES_NEW)
@pytest.mark.drill
def test_a_killed_writer_leaves_a_whole_file_and_the_sweep_takes_the_rest(tmp_path: Path, stage: str) -> None:
    folder = tmp_path / "book"
    write_atomic(folder / "a.md", b"old", "section")
    log = tmp_path / "fired.log"
    code = "import sys; from pathlib import Path; from ghostkit.book.files import write_atomic;"
    code += "write_atomic(Path(sys.argv[1]), b'new', 'section')"
    spec = f"file.section.{stage}:1:kill"
    environment = {**os.environ, "GHOSTKIT_FAULT": spec, "GHOSTKIT_FAULT_LOG": str(log)}
    done = subprocess.run([sys.executable, "-c", code, str(folder / "a.md")], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert log.read_text().split() == [spec]
    assert (folder / "a.md").read_bytes() == (b"old" if stage in STAGES_OLD else b"new")
    left = len(names(folder)) - 1
    assert left == (1 if stage in ("written", "synced") else 0)
    assert sweep_temporaries(tmp_path) == left
    assert names(folder) == ["a.md"]


@pytest.mark.drill
def test_kills_between_the_named_points_never_tear_a_file(tmp_path: Path) -> None:
    texts = [letter * 300_000 for letter in (b"a", b"b")]
    code = (
        "import sys, itertools; from pathlib import Path; from ghostkit.book.files import write_atomic\n"
        "for letter in itertools.cycle(b'ab'):\n"
        "    write_atomic(Path(sys.argv[1]), bytes([letter]) * 300_000, 'section')\n"
        "    print(flush=True)\n"
    )
    target = tmp_path / "a.md"
    for lines in (1, 2, 3, 5, 8):
        with subprocess.Popen([sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(lines):
                assert writer.stdout.readline() == b"\n"
            writer.kill()
        assert target.read_bytes() in texts
        sweep_temporaries(tmp_path)
        assert names(tmp_path) == ["a.md"]


def test_bytes_are_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor: int) -> None:
        calls.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def record_replace(source: Path, target: Path) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    write_atomic(tmp_path / "a.md", b"new", "section")
    assert calls == ["sync file", "rename", "sync folder"]
    calls.clear()
    make_folder(tmp_path / "x" / "y")
    assert calls == ["sync folder", "sync folder"]


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    sizes: list[int] = []

    def short(descriptor: int, data: bytes) -> int:
        sizes.append(len(data))
        return write(descriptor, bytes(data)[:3])

    monkeypatch.setattr(os, "write", short)
    write_atomic(tmp_path / "a.md", b"0123456789", "section")
    assert sizes == [10, 7, 4, 1]
    assert (tmp_path / "a.md").read_bytes() == b"0123456789"


def test_a_sweep_leaves_the_file_of_a_living_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []

    def point(name: str) -> None:
        if name.endswith((".written", ".synced")):
            swept.append(sweep_temporaries(tmp_path))

    monkeypatch.setattr(faults, "point", point)
    write_atomic(tmp_path / "a.md", b"new", "section")
    assert swept == [0, 0]
    assert (tmp_path / "a.md").read_bytes() == b"new"


def test_a_writer_swept_before_it_has_its_lock_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = files._lock
    swept: list[int] = []

    def late(descriptor: int, *, wait: bool) -> bool:
        if wait and not swept:
            swept.append(-1)
            swept.append(sweep_temporaries(tmp_path))
        return lock(descriptor, wait=wait)

    monkeypatch.setattr(files, "_lock", late)
    write_atomic(tmp_path / "a.md", b"new", "section")
    assert swept == [-1, 1]
    assert names(tmp_path) == ["a.md"]


def test_a_sweep_takes_only_our_own_pattern(tmp_path: Path) -> None:
    kept = [".notes.tmp", "a.0123abcd.tmp", ".a.md.0123ABCD.tmp", ".a.md.0123abc.tmp", ".a.md.0123abcd.tmp.md"]
    for name in [*kept, ".a.md.0123abcd.tmp"]:
        (tmp_path / name).touch()
    (tmp_path / ".b.md.0123abcd.tmp").mkdir()
    (tmp_path / ".c.md.0123abcd.tmp").symlink_to(tmp_path / ".notes.tmp")
    assert sweep_temporaries(tmp_path) == 1
    assert names(tmp_path) == sorted([*kept, ".b.md.0123abcd.tmp", ".c.md.0123abcd.tmp"])


def test_a_sweep_stays_in_its_folder_when_asked(tmp_path: Path) -> None:
    make_folder(tmp_path / "below")
    left = tmp_path / "below" / ".a.md.0123abcd.tmp"
    left.touch()
    assert sweep_temporaries(tmp_path, below=False) == 0
    assert sweep_temporaries(tmp_path) == 1
    assert sweep_temporaries(tmp_path / "missing") == 0


def test_a_file_keeps_its_permission_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.touch()
    path.chmod(0o640)
    write_atomic(path, b"new", "section")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_equal_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    assert write_if_changed(path, b"one", "section")
    before = path.stat().st_ino
    assert not write_if_changed(path, b"one", "section")
    assert path.stat().st_ino == before
    assert write_if_changed(path, b"two", "section")
    assert path.read_bytes() == b"two"


def test_text_is_stored_as_utf8_and_a_lone_surrogate_does_no_harm(tmp_path: Path) -> None:
    assert write_text(tmp_path / "a.md", "Тихо\ud800 🐘\n", "section")
    assert read_text(tmp_path / "a.md") == "Тихо? 🐘\n"


def test_a_folder_in_the_way_is_a_storage_error(tmp_path: Path) -> None:
    make_folder(tmp_path / "a.md")
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "a.md", b"new", "section")
    with pytest.raises(StorageError):
        write_if_changed(tmp_path / "a.md", b"new", "section")
    with pytest.raises(StorageError):
        read_text(tmp_path / "a.md")
    assert names(tmp_path) == ["a.md"]


def test_a_file_where_a_folder_should_be_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "chapters").touch()
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "chapters" / "a.md", b"new", "section")


def test_windows_line_ends_and_marks_are_read_as_plain_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(tmp_path / "a.md") == "one\ntwo\nthree\n"


def test_text_that_is_not_utf8_is_told_with_its_byte(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("Caf\xe9".encode("latin-1"))
    with pytest.raises(BookDamaged) as caught:
        read_text(tmp_path / "a.md")
    assert caught.value.offset == 3
    assert "byte 3 is 0xe9" in caught.value.message
    assert str(tmp_path / "a.md") in caught.value.message
    assert "UTF-8" in caught.value.fix


def test_a_missing_file_is_none_or_damage_as_asked(tmp_path: Path) -> None:
    assert read_text_or_none(tmp_path / "a.md") is None
    assert read_text_or_none(tmp_path / "no" / "a.md") is None
    with pytest.raises(BookDamaged, match="missing"):
        read_text(tmp_path / "a.md")
