"""Reference texts: any encoding in, UTF-8 kept; all of the files or none; a hand edit is the source."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostkit.book import ProjectFolder
from ghostkit.book import sources as module
from ghostkit.book.sources import SourceFolder
from ghostkit.book.sources_encoding import decode
from ghostkit.book.sources_front_matter import split_front_matter
from ghostkit.book.sources_reading import MAX_BYTES, read_source
from ghostkit.book.sources_record import Source, dump_sources, load_sources
from ghostkit.errors import BookDamaged, BookError, InputError, StorageError, UnknownName

RUSSIAN = "Море было серым, и ветер с утра дул с берега. Она сказала: нет! Ёлки стояли ровно."
FRENCH = "L'été dernier, nous étions à la plage ; c'était très agréable, naïf et drôle."


@pytest.fixture
def folder(tmp_path: Path) -> SourceFolder:
    return SourceFolder(ProjectFolder(tmp_path / "book").create())


def file(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def kept(folder: SourceFolder) -> list[str]:
    return sorted(os.listdir(folder.root)) if folder.root.exists() else []


# ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "cp866", "mac-cyrillic", "utf-8", "utf-8-sig", "utf-16")),
        ("ГЛАВА ПЕРВАЯ. НАЧАЛО ПУТИ", "cp1251"),
        ("ГЛАВА ПЕРВАЯ. НАЧАЛО ПУТИ", "koi8-r"),
        ("Щука и цапля жили в одном болоте, а рядом жил уж.", "koi8-r"),
        ("Її брат приїхав з Києва у неділю, і ґанок був повний гостей.", "koi8-u"),
        ("Времето беше хубаво, но никой не излезе навън.", "cp1251"),
        (FRENCH, "cp1252"),
        (FRENCH, "latin-1"),
        ("“It’s fine,” she said — and left…", "cp1252"),
        ("Die Straße führte über die Brücke; Grüße an die Großmutter.", "latin-1"),
        ("Zażółć gęślą jaźń, powiedział chłopiec i poszedł do szkoły.", "cp1250"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "shift_jis"),
        ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "euc-jp"),
        ("Plain words.", "ascii"),
    ],
)  # fmt: skip
def test_an_encoding_is_found(text: str, encoding: str) -> None:
    found, name = decode(text.encode(encoding))
    assert found == text
    assert decode(text.encode(encoding), name.replace("utf-16-le", "utf-16"))[0] == text


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_decides(name: str) -> None:
    assert decode(("\ufeff" + RUSSIAN).encode(name)) == (RUSSIAN, name)


def test_line_ends_become_one_kind_and_stray_controls_go() -> None:
    assert decode(b"one\r\ntwo\rthree\ffour\x1a")[0] == "one\ntwo\nthree\nfour"
    assert decode(b"a \x1b[31mred\x07 word" + b" and more" * 1000)[0].startswith("a [31mred word")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.7 \x00\x01", "a PDF document"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"text with\x00 a NUL", "NUL bytes"),
        ("text".encode("utf-16-le"), "NUL bytes"),
        (b"\xff\xfea", "begins like UTF-16-LE"),
        (bytes(range(1, 32)) * 50, "control characters"),
        (os.urandom(0) + bytes((7 * i * i + 13 * i) % 255 + 1 for i in range(4000)), "plain text|can be told"),
    ],
)
def test_what_is_no_text_is_refused_in_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        decode(data)
    assert refused.value.message.endswith(".")
    assert refused.value.fix


def test_a_persons_word_for_the_encoding_is_taken_and_checked() -> None:
    assert decode("Да.".encode("cp1251"), "windows-1251")[0] == "Да."
    with pytest.raises(InputError, match="is not ascii: byte 0 is 0xc4"):
        decode("Да.".encode("cp1251"), "ascii")
    with pytest.raises(InputError, match="no encoding 'klingon'"):
        decode(b"x", "klingon")
    with pytest.raises(InputError):
        decode(b"eA==", "base64")


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_a_sentence(data: bytes) -> None:
    text, name = "", "refused"
    with suppress(InputError):
        text, name = decode(data)
    if name != "refused":
        assert "\r" not in text
        assert not any(ord(c) < 32 and c not in "\n\t" for c in text)


# ── front matter ──────────────────────────────────────────────────────────────────────────────────────────────


def test_front_matter_is_read() -> None:
    block = '---\ntitle: "Salt: a history"\nauthors: [A. Clerk, B. Clerk]\ntags:\n  - salt\n  - sea # no\nrating: 8.5\n'
    front = split_front_matter(block + "since-chapter: 3\nlang: en\nYear: 1887\n# a remark\n---\n\nSalt is white.\n")
    assert front.body == "Salt is white.\n"
    assert front.fields == {
        "title": "Salt: a history", "author": "A. Clerk, B. Clerk", "tags": ["salt", "sea"], "rating": 8.5,
        "since_chapter": 3, "language": "en",
    }  # fmt: skip
    assert front.extra == {"year": 1887}


@pytest.mark.parametrize(
    "text",
    [
        "---\nA rule above, prose below.\n---\nMore.",
        "---\ntitle: never closed\n\nText.",
        "---\nnested:\n  key:\n    - deep: er\ntitle: x\n---\nText.",
        "---\nSpeaker: It is late.\n---\nText.",
        "title: no dashes\n\nText.",
        "",
    ],
)
def test_what_is_no_front_matter_stays_text(text: str) -> None:
    front = split_front_matter(text)
    assert (front.body, front.fields, front.extra) == (text, {}, {})


@given(st.text(alphabet="-:#[]'\"ab \n1.,", max_size=80))
def test_front_matter_never_fails_and_loses_no_word(text: str) -> None:
    front = split_front_matter("---\ntitle: t\n" + text)
    assert front.body == "---\ntitle: t\n" + text or text.endswith(front.body)


# ── adding ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_are_added_as_utf8_with_what_is_known_of_them(folder: SourceFolder, tmp_path: Path) -> None:
    files = [
        file(tmp_path, "Old Notes.TXT", RUSSIAN.replace(". ", ".\r\n").encode("koi8-r")),
        file(tmp_path, "salt.markdown", "---\ntitle: Salt\nrating: 7\nyear: 1887\n---\nSalt is white.\n"),
    ]
    (old, text), (salt, _) = folder.add(files, by="ada", author="A. Clerk", tags=["sea", "sea"], since_chapter=2)
    assert text == RUSSIAN.replace(". ", ".\n")
    assert (folder.root / "old-notes.txt").read_bytes() == text.encode()
    assert (folder.root / "salt.md").read_text("utf-8") == "Salt is white.\n"
    assert (old.id, old.title, old.original, old.encoding) == ("old-notes", "Old Notes", "Old Notes.TXT", "koi8-r")
    assert (old.author, old.tags, old.since_chapter, old.added_by) == ("A. Clerk", ("sea",), 2, "ada")
    assert old.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (salt.title, salt.rating, salt.extra) == ("Salt", 7, {"year": 1887})
    assert folder.all() == (old, salt)
    assert kept(folder) == ["old-notes.txt", "salt.md", "sources.json"]
    assert str(tmp_path) not in (folder.root / "sources.json").read_text("utf-8")


def test_options_go_before_front_matter(folder: SourceFolder, tmp_path: Path) -> None:
    path = file(tmp_path, "a.md", "---\ntitle: Theirs\nauthor: They\n---\nText.")
    [(source, _)] = folder.add([path], title="Mine")
    assert (source.title, source.author) == ("Mine", "They")


def test_of_several_files_one_bad_one_keeps_all_out_and_each_fault_is_told(
    folder: SourceFolder, tmp_path: Path
) -> None:
    good = file(tmp_path, "good.txt", "Good.")
    bad = [tmp_path / "missing.txt", file(tmp_path, "empty.md", " \n"), file(tmp_path, "nul.txt", b"a\0b")]
    with pytest.raises(InputError) as refused:
        folder.add([good, *bad])
    assert refused.value.message.startswith("3 files can't be taken: There is no file")
    assert "Nothing was added" in refused.value.fix
    assert len(refused.value.faults) == 3  # type: ignore[attr-defined]
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", b"text", "neither .txt nor .md"),
        ("none", b"text", "neither .txt nor .md"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\xef\xbb\xbf \n", "is empty"),
        ("a.md", b"---\ntitle: x\n---\n\n", "empty below its front matter"),
        ("a.md", b"---\nrating: good\n---\nText", "rating is 'good', but must be a number from 0 to 10"),
        ("a.md", b"---\nsince: 0\n---\nText", "since_chapter is 0"),
        ("a.md", b"---\nlang: the Queen's\n---\nText", "language is"),
        ("a.txt", b"%PDF-1.4", "is a PDF document"),
    ],
)
def test_a_file_that_is_no_source_is_told(
    folder: SourceFolder, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = file(tmp_path, name, content)
    with pytest.raises(InputError, match=says) as refused:
        folder.add([path])
    assert name in refused.value.message
    assert kept(folder) == []


def test_folders_links_pipes_and_odd_names_are_refused(folder: SourceFolder, tmp_path: Path) -> None:
    secret = file(tmp_path, "secret.txt", "Secret.")
    (tmp_path / "link.txt").symlink_to(secret)
    (tmp_path / "dir.txt").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    for name, says in (
        ("link.txt", "is a link"), ("dir.txt", "is a folder"), ("pipe.txt", "no ordinary file"),
        ("secret.txt/x.txt", "no file"), ("x\0.txt", "no file's name"), ("x" * 400 + ".txt", "Could not read"),
    ):  # fmt: skip
        with pytest.raises((InputError, StorageError), match=says):
            folder.add([tmp_path / name])
    assert kept(folder) == []


def test_too_large_a_file_is_refused_unread(folder: SourceFolder, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match=r"too large: 50\.0 MB"):
        folder.add([path])


def test_a_linked_sources_folder_is_refused(folder: SourceFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.project.sources.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leaves"):
        folder.add([file(tmp_path, "a.txt", "Text.")])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_same_text_and_the_same_name_are_refused(folder: SourceFolder, tmp_path: Path) -> None:
    first = file(tmp_path, "a.txt", "Text.\n")
    folder.add([first])
    with pytest.raises(InputError, match="same text as the source 'a'"):
        folder.add([file(tmp_path, "b.txt", b"\xef\xbb\xbfText.\r\n")])
    with pytest.raises(InputError, match="There is a source 'a' already"):
        folder.add([file(tmp_path, "A.md", "Other.")])
    with pytest.raises(InputError, match="same text as the source 'x'"):
        folder.add([file(tmp_path, "x.txt", "Twice."), file(tmp_path, "y.txt", "Twice.")])
    [(other, _)] = folder.add([tmp_path / "A.md"], name="a second")
    assert other.file == "a-second.md"
    assert [source.id for source in folder.all()] == ["a", "a-second"]


def test_names_that_are_paths_stay_in_the_folder(folder: SourceFolder, tmp_path: Path) -> None:
    path = file(tmp_path, "a.txt", "Text.")
    [(source, _)] = folder.add([path], name="../../outside")
    assert source.file == "outside.txt"
    assert kept(folder) == ["outside.txt", "sources.json"]


def test_fields_are_checked_and_one_title_is_for_one_file(folder: SourceFolder, tmp_path: Path) -> None:
    one, two = file(tmp_path, "a.txt", "A."), file(tmp_path, "b.txt", "B.")
    with pytest.raises(InputError, match="One title can't be given to 2 files"):
        folder.add([one, two], title="Both")
    for fields in ({"rating": 11}, {"rating": True}, {"tags": 5}, {"language": "English!"}, {"colour": "red"}):
        with pytest.raises(InputError):
            folder.add([one], **fields)
    with pytest.raises(InputError, match="No file was given"):
        folder.add([])
    assert kept(folder) == []


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_disk_that_refuses_leaves_nothing_half_added(
    folder: SourceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    folder.add([file(tmp_path, "there.txt", "There.")])
    before = kept(folder), folder.all()
    real, calls = module.write_atomic, []

    def refusing(path: Path, data: bytes, kind: str) -> None:
        calls.append(path)
        if len(calls) == fails_at:
            raise StorageError("No room.")
        real(path, data, kind)

    monkeypatch.setattr(module, "write_atomic", refusing)
    with pytest.raises(StorageError):
        folder.add([file(tmp_path, "a.txt", "A."), file(tmp_path, "b.txt", "B.")])
    assert len(calls) == fails_at
    assert (kept(folder), folder.all()) == before


def test_a_killed_add_is_done_again(folder: SourceFolder, tmp_path: Path) -> None:
    folder.root.mkdir()
    (folder.root / "a.txt").write_text("A.", "utf-8")  # the text came, the record didn't
    assert folder.all() == ()
    assert folder.unlisted() == ("a.txt",)
    folder.add([file(tmp_path, "a.txt", "A.")])
    assert folder.unlisted() == ()


def test_a_file_put_there_by_hand_is_told_and_not_overwritten(folder: SourceFolder, tmp_path: Path) -> None:
    folder.root.mkdir()
    mine = folder.root / "My Notes.txt"
    mine.write_text("Mine.", "utf-8")
    (folder.root / "b.txt").write_text("By hand.", "utf-8")
    with pytest.raises(InputError, match=r"sources/b\.txt is there already and was never added"):
        folder.add([file(tmp_path, "b.txt", "Other.")])
    [(source, _)] = folder.add([mine])
    assert source.file == "my-notes.txt"
    assert kept(folder) == ["b.txt", "my-notes.txt", "sources.json"]


def test_two_who_add_at_once_both_succeed(folder: SourceFolder, tmp_path: Path) -> None:
    files = [file(tmp_path, f"f{n}.txt", f"Text {n}.") for n in range(6)]
    threads = [threading.Thread(target=SourceFolder(folder.project).add, args=([path],)) for path in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(source.id for source in folder.all()) == [f"f{n}" for n in range(6)]


# ── looking and removing ──────────────────────────────────────────────────────────────────────────────────────


def test_a_hand_edit_is_the_source_and_is_told(folder: SourceFolder, tmp_path: Path) -> None:
    folder.add([file(tmp_path, name, f"Text of {name}.") for name in ("a.txt", "b.txt", "c.txt", "d.txt", "e.txt")])
    (folder.root / "b.txt").write_bytes("Другой текст, набранный рукой.".encode("cp1251"))
    (folder.root / "c.txt").unlink()
    (folder.root / "d.txt").write_bytes(b"\0")
    (folder.root / "e.txt").unlink()
    (folder.root / "e.txt").symlink_to(file(tmp_path, "secret.txt", "Secret."))
    rows = folder.listed()
    assert [row.state for row in rows] == ["as added", "changed", "missing", "unreadable", "unreadable"]
    assert folder.text("b") == "Другой текст, набранный рукой."
    assert (rows[1].words, rows[0].problem) == (4, "")
    for name in "cde":
        with pytest.raises(BookError):
            folder.text(name)
    with pytest.raises(InputError, match="same text as the source 'b'"):
        folder.add([file(tmp_path, "same.txt", "Другой текст, набранный рукой.")])


def test_removing_takes_the_files_all_or_none(folder: SourceFolder, tmp_path: Path) -> None:
    folder.add([file(tmp_path, name, f"Text of {name}.") for name in ("a.txt", "b.md", "c.txt")])
    with pytest.raises(UnknownName, match="no source 'x'"):
        folder.remove(["a", "x"])
    assert len(folder.all()) == 3
    assert [gone.id for gone in folder.remove(["a", "b.md", "b"])] == ["a", "b"]
    assert kept(folder) == ["c.txt", "sources.json"]
    (folder.root / "c.txt").unlink()
    folder.remove(["c"])
    assert folder.all() == ()


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", "{}", '{"sources": [3]}', '{"version": 9, "sources": []}', "[" * 100_000),
        *(json.dumps({"sources": [{"file": name}]}) for name in ("../../x.txt", "/x.txt", ".hidden.txt", "a.exe")),
        json.dumps({"sources": [{"file": "a.txt"}, {"file": "A.txt", "id": "b"}]}),
        json.dumps({"sources": [{"file": "a.txt", "rating": "x"}]}),
        json.dumps({"sources": [{"file": "a.txt", "id": ""}]}),
    ],
)  # fmt: skip
def test_a_record_edited_beyond_use_is_told_and_left_alone(folder: SourceFolder, tmp_path: Path, content: str) -> None:
    folder.root.mkdir()
    (folder.root / "sources.json").write_text(content, "utf-8")
    with pytest.raises(BookDamaged, match=r"sources/sources\.json can't be used"):
        folder.all()
    with pytest.raises(BookDamaged):
        folder.add([file(tmp_path, "a.txt", "A.")])
    assert (folder.root / "sources.json").read_text("utf-8") == content


def test_a_record_edited_by_hand_is_taken(folder: SourceFolder, tmp_path: Path) -> None:
    folder.add([file(tmp_path, "a.txt", "A.")])
    path = folder.root / "sources.json"
    content = json.loads(path.read_text("utf-8"))
    content["sources"][0] |= {"tags": ["one"], "rating": 3, "extra": {"year": 5, "odd": [1]}}
    content["sources"].append({"file": "b.md"})
    path.write_text(json.dumps(content), "utf-8")
    a, b = folder.all()
    assert (a.tags, a.rating, dict(a.extra)) == (("one",), 3, {"year": 5})
    assert (b.id, b.title, b.sha256) == ("b", "b", "")
    assert load_sources(dump_sources([a, b]).decode()) == (a, b)


def test_a_source_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_source(file(tmp_path, "a.txt", RUSSIAN.encode("cp1251"))) == (RUSSIAN, "cp1251")
    assert Source(id="a", file="a.txt", title="A").as_dict()["tags"] == []
