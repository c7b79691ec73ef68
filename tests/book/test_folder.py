"""A project folder has the layout that is promised, and a shelf of them never reaches outside itself."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from ghostkit.book.folder import ProjectFolder, Shelf
from ghostkit.errors import BookNotFound, InputError, StorageError


def a_book(shelf: Shelf, title: str) -> ProjectFolder:
    folder = shelf.create(title)
    folder.book.write_text("{}")
    return folder


def test_the_paths_are_those_of_the_design() -> None:
    folder = ProjectFolder(Path("p"))
    paths = {
        "p/book.json": folder.book,
        "p/outline.md": folder.outline,
        "p/chapters/chapter_01/metadata.json": folder.chapter_metadata(1),
        "p/chapters/chapter_01/outline.json": folder.chapter_outline(1),
        "p/chapters/chapter_01/content.md": folder.content(1),
        "p/chapters/chapter_01/sections/section_01.md": folder.section(1, 1),
        "p/chapters/chapter_123/sections/section_100.md": folder.section(123, 100),
        "p/characters/profiles.json": folder.profiles,
        "p/characters/relationships.json": folder.relationships,
        "p/styles/dry.json": folder.style("dry"),
        "p/checkpoints": folder.checkpoints,
        "p/ledger.sqlite": folder.ledger,
        "p/rag": folder.rag,
        "p/cache": folder.cache,
        "p/analytics.duckdb": folder.analytics,
        "p/exports": folder.exports,
    }
    assert paths == {text: Path(text) for text in paths}


def test_making_a_folder_twice_keeps_what_is_in_it(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path / "deep" / "book").create()
    folder.outline.write_text("mine")
    folder.create()
    made = sorted(str(p.relative_to(folder.root)) for p in folder.root.rglob("*") if p.is_dir())
    assert made == [
        "cache",
        "cache/embeddings",
        "cache/generations",
        "cache/summaries",
        "chapters",
        "characters",
        "checkpoints",
        "exports",
        "rag",
        "styles",
    ]
    assert folder.outline.read_text() == "mine"


def test_what_is_no_book_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, words in [("missing", "does not exist"), ("file", "is a file"), (".", "not a ghostkit book")]:
        with pytest.raises(BookNotFound, match=words) as caught:
            ProjectFolder(tmp_path / name).open()
        assert caught.value.fix


def test_a_name_too_long_for_the_disk_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="too long"):
        ProjectFolder(tmp_path / ("x" * 300)).open()


def test_a_name_with_a_nul_is_refused() -> None:
    with pytest.raises(InputError):
        ProjectFolder(Path("a\0b"))


def test_opening_cleans_up_after_killed_writers_and_reading_does_not(tmp_path: Path) -> None:
    folder = ProjectFolder(tmp_path).create()
    folder.book.write_text("{}")
    left = [folder.root / ".book.json.0123abcd.tmp", folder.checkpoints / ".c.json.0123abcd.tmp"]
    for path in left:
        path.touch()
    folder.open(writable=False)
    assert all(path.exists() for path in left)
    folder.open()
    assert not any(path.exists() for path in left)


def test_a_read_only_folder_opens_for_reading_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ProjectFolder(tmp_path).create()
    folder.book.write_text("{}")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere, so permissions prove nothing here
    with pytest.raises(StorageError, match="read-only"):
        folder.open()
    assert folder.open(writable=False) is folder


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_style_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        ProjectFolder(tmp_path).create().style(name)


def test_books_of_one_title_get_folders_of_their_own(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "projects")
    assert shelf.list_projects() == ()
    assert shelf.unique_folder("../../etc") == shelf.root / "etc"
    made = [a_book(shelf, "Salt").root.name for _ in range(3)]
    assert made == ["salt", "salt-2", "salt-3"]
    assert [folder.root.name for folder in shelf.list_projects()] == made
    assert shelf.open("salt-2").root == shelf.root / "salt-2"


def test_makers_at_the_same_moment_get_folders_of_their_own(tmp_path: Path) -> None:
    shelf, made, gate = Shelf(tmp_path), [], threading.Barrier(8)

    def make() -> None:
        gate.wait(10)
        made.append(shelf.create("Salt").root)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(made)) == 8


def test_only_books_are_listed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    a_book(shelf, "Salt")
    (shelf.root / "notes").mkdir()
    (shelf.root / ".hidden").mkdir()
    (shelf.root / ".hidden" / "book.json").touch()
    (shelf.root / "stray.txt").touch()
    outside = ProjectFolder(tmp_path / "outside").create()
    outside.book.touch()
    (shelf.root / "link").symlink_to(outside.root)
    (shelf.root / "broken").symlink_to(tmp_path / "nowhere")
    assert [folder.root.name for folder in shelf.list_projects()] == ["salt"]


def test_a_deleted_book_is_gone_and_its_neighbours_are_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    a_book(shelf, "Salt")
    a_book(shelf, "Sea")
    (tmp_path / ".old.0123abcd.deleted").mkdir()  # left by a delete that was killed
    (tmp_path / ".mine.deleted").mkdir()
    shelf.delete("salt")
    assert sorted(os.listdir(tmp_path)) == [".mine.deleted", "sea"]
    with pytest.raises(BookNotFound):
        shelf.delete("salt")


def test_a_delete_killed_half_way_leaves_no_half_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path)
    a_book(shelf, "Salt")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse)
        with pytest.raises(StorageError):
            shelf.delete("salt")
    assert shelf.list_projects() == ()
    a_book(shelf, "Sea")
    shelf.delete("sea")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("slug", ["", ".", "..", "../salt", "/etc", "a/b", "a\\b", ".hidden", "link", "a\0b"])
def test_nothing_outside_the_shelf_is_opened_or_deleted(tmp_path: Path, slug: str) -> None:
    shelf = Shelf(tmp_path / "shelf")
    a_book(shelf, "Salt")
    outside = ProjectFolder(tmp_path / "salt").create()
    outside.book.touch()
    (shelf.root / "link").symlink_to(outside.root)
    with pytest.raises(InputError):
        shelf.open(slug)
    with pytest.raises(InputError):
        shelf.delete(slug)
    assert outside.is_book


def test_a_folder_that_is_no_book_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(BookNotFound):
        Shelf(tmp_path).delete("notes")
    assert (tmp_path / "notes").is_dir()
