from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from ghostkit import faults
from ghostkit.errors import ExportError, InputError, StorageError, UnknownName
from ghostkit.export import ExporterRegistry, export_document, export_document_async, service

from .books import make_document

DOCUMENT = make_document()


class Broken:
    name = "broken"
    extension = "txt"
    media_type = "text/plain"
    answer: object = None

    def render(self, document: object) -> object:
        if self.answer is None:
            raise ZeroDivisionError("no such page")
        return self.answer


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    log = tmp_path / "faults.log"
    monkeypatch.setenv("GHOSTKIT_FAULT_LOG", str(log))
    yield log
    faults.load({})


def refuse(monkeypatch: pytest.MonkeyPatch, number: int, *names: str) -> None:
    """Let writes to files of these names fail as the disk would: root, who runs CI, may write anywhere."""
    real = service.write_atomic

    def write(path: Path, data: bytes, kind: str) -> None:
        if path.name in names or path.parent.name in names:
            raise StorageError(f"Could not write {path}: {errno.errorcode[number]}.", errno=number)
        real(path, data, kind)

    monkeypatch.setattr(service, "write_atomic", write)


@pytest.mark.parametrize("format", ["epub", "html", "markdown"])
def test_an_export_lies_where_it_was_asked_for(tmp_path: Path, format: str) -> None:
    target = tmp_path / "out.file"
    exported = export_document(DOCUMENT, format, target)
    data = target.read_bytes()
    assert (exported.format, exported.path, exported.note) == (format, target, "")
    assert (exported.bytes, exported.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert list(tmp_path.iterdir()) == [target]


async def test_the_async_call_gives_the_same_and_leaves_the_loop_free(tmp_path: Path) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        exported = await export_document_async(DOCUMENT, "epub", tmp_path / "a.epub")
        group.cancel_scope.cancel()
    assert exported.sha256 == export_document(DOCUMENT, "epub", tmp_path / "b.epub").sha256
    assert ticks > 1


def test_an_export_replaces_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "book.md"
    target.write_text("old")
    assert export_document(DOCUMENT, "markdown", target).path == target
    assert target.read_text(encoding="utf-8").startswith("# The Salt Road")


def test_the_books_own_folder_is_made_when_missing(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exported = export_document(DOCUMENT, "html", exports / "book.html", fallback_dir=exports)
    assert exported.path == exports / "book.html"
    assert exported.note == ""


def test_a_folder_in_the_way_sends_the_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "book.epub").mkdir()
    exported = export_document(DOCUMENT, "epub", tmp_path / "book.epub")
    assert exported.path == tmp_path / "book (2).epub"
    assert exported.path.is_file()
    assert exported.note == (
        f"Could not write {tmp_path / 'book.epub'}: it is a folder, so the epub export is at {exported.path} instead."
    )


def test_a_folder_given_as_target_gets_a_file_beside_it_with_the_right_ending(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    exported = export_document(DOCUMENT, "markdown", tmp_path / "out")
    assert exported.path == tmp_path / "out.md"
    assert exported.note


@pytest.mark.parametrize("place", ["missing/book.epub", "file/book.epub"])
def test_a_place_that_does_not_exist_sends_the_file_to_the_books_exports(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    exports = tmp_path / "exports"
    exported = export_document(DOCUMENT, "epub", tmp_path / place, fallback_dir=exports)
    assert exported.path == exports / "book.epub"
    assert str(tmp_path / place) in exported.note
    assert str(exported.path) in exported.note
    assert not (tmp_path / "missing").exists()


def test_a_read_only_folder_sends_the_file_to_the_books_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, exports = tmp_path / "locked", tmp_path / "exports"
    locked.mkdir()
    exports.mkdir()
    (exports / "mine.epub").write_text("an older export")
    refuse(monkeypatch, errno.EROFS, "locked")
    exported = export_document(DOCUMENT, "epub", locked / "mine.epub", fallback_dir=exports)
    assert exported.path == exports / "mine (2).epub"
    assert (exports / "mine.epub").read_text() == "an older export"
    assert exported.note.startswith(f"Could not write {locked / 'mine.epub'}: EROFS, so ")


def test_a_name_too_long_for_the_disk_becomes_a_short_one(tmp_path: Path) -> None:
    exported = export_document(DOCUMENT, "epub", tmp_path / ("x" * 300 + ".epub"))
    assert exported.path == tmp_path / "book.epub"
    assert exported.note


def test_no_place_at_all_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, errno.EACCES, tmp_path.name)
    with pytest.raises(StorageError, match=r"No place beside it would take the epub export.*Choose a folder"):
        export_document(DOCUMENT, "epub", tmp_path / "book.epub")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_is_an_error_and_not_a_second_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    target = tmp_path / "book.epub"
    target.write_text("old")
    refuse(monkeypatch, number, "book.epub")
    with pytest.raises(StorageError, match=errno.errorcode[number]):
        export_document(DOCUMENT, "epub", target, fallback_dir=tmp_path)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_text() == "old"


@pytest.mark.parametrize("point", ["export.before", "export.rendered", "file.export.before", "file.export.synced"])
def test_a_fault_on_the_way_is_told_and_the_next_export_succeeds(tmp_path: Path, fault: Path, point: str) -> None:
    target = tmp_path / "book.epub"
    faults.load({"GHOSTKIT_FAULT": f"{point}:1:enospc"})
    with pytest.raises(StorageError, match="No space left"):
        export_document(DOCUMENT, "epub", target)
    assert fault.read_text() == f"{point}:1:enospc\n"
    assert not target.exists()
    assert export_document(DOCUMENT, "epub", target).note == ""


def test_an_exporter_that_fails_is_named_with_its_reason(tmp_path: Path) -> None:
    registry = ExporterRegistry()
    registry.register_exporter("broken", Broken)
    with pytest.raises(
        ExportError, match=r"broken exporter failed on “The Salt Road”: ZeroDivisionError: no such page"
    ):
        export_document(DOCUMENT, "broken", tmp_path / "x", registry=registry)
    assert not list(tmp_path.iterdir())


def test_an_exporter_that_returns_no_bytes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = ExporterRegistry()
    registry.register_exporter("broken", Broken)
    monkeypatch.setattr(Broken, "answer", "text")
    with pytest.raises(ExportError, match="returned str instead of bytes"):
        export_document(DOCUMENT, "broken", tmp_path / "x", registry=registry)


def test_bad_input_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName):
        export_document(DOCUMENT, "pdff", tmp_path / "x")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(InputError):
        export_document(DOCUMENT, "epub", tmp_path / "x")
    assert not list(tmp_path.iterdir())
