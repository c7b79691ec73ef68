"""A brief is read whatever it comes as, and refused with a reason where it is none."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ghostkit.book.brief import language_of, read_brief, title_from_brief
from ghostkit.errors import BriefError

TEXT = "# Маяк\n\nA keeper, alone."


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        f"\n\n{TEXT}  \n\n".encode(),
        TEXT.replace("keeper", "kee\x07\x1b\x9bper").encode(),
    ],
)
def test_every_way_of_saving_a_text_gives_the_same_brief(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "brief.md").write_bytes(data)
    assert read_brief(data) == read_brief(tmp_path / "brief.md") == TEXT


def test_a_string_is_the_brief_itself() -> None:
    assert read_brief("\ufeffA courier\r\ncrosses\ta \ud800sea.\n") == "A courier\ncrosses\ta sea."


@pytest.mark.parametrize("source", ["", " \n\t", b"", b"\xef\xbb\xbf", "\x07\x1b"])
def test_an_empty_brief_is_refused(source: str | bytes) -> None:
    with pytest.raises(BriefError, match="empty"):
        read_brief(source)


def test_a_brief_over_the_limit_is_refused_with_its_size(tmp_path: Path) -> None:
    big = b"x" * 5_000_000
    (tmp_path / "big.md").write_bytes(big)
    for source in (big, big.decode(), tmp_path / "big.md"):
        with pytest.raises(BriefError, match=r"5\.0 MB, and at most 1 MB"):
            read_brief(source)
    assert len(read_brief(b"x" * 1_000_000)) == 1_000_000
    with pytest.raises(BriefError):
        read_brief(b"x" * 1_000_001)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "NUL"),
        (b"text\0text", "NUL"),
        ("Маяк".encode("cp1251"), "byte 0 is not UTF-8"),
        (b"\xff\xfe\x00", "UTF-16"),
    ],
)
def test_what_is_not_text_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(BriefError, match=f"not plain text: .*{why}") as caught:
        read_brief(data)
    assert "UTF-8" in caught.value.fix


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.md", tmp_path, Path("a\0b")):
        with pytest.raises(BriefError, match="can't be read"):
            read_brief(path)


def test_a_pipe_may_be_a_brief_but_not_an_endless_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def pour(data: bytes) -> None:
        with suppress(BrokenPipeError):  # the reader has seen enough
            pipe.write_bytes(data)

    for data in (b"A courier.", b"x" * 3_000_000):
        writer = threading.Thread(target=pour, args=(data,))
        writer.start()
        if len(data) < 100:
            assert read_brief(pipe) == "A courier."
        else:
            with pytest.raises(BriefError, match="too long"):
                read_brief(pipe)
        writer.join(10)
        assert not writer.is_alive()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The Salt Road\n\nA novel.", "The Salt Road"),
        ("A novel.\n\n#  The Salt Road #\n# Another", "The Salt Road"),
        ("## Premise\n\nNone.", None),
        ("#hashtag", None),
        ("#\n\n#   \nNone.", None),
        ("# Красный маяк", "Красный маяк"),
        ("# C#", "C#"),
    ],
)
def test_the_first_great_heading_is_the_title(text: str, title: str | None) -> None:
    assert title_from_brief(text) == title


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Повесть на 30 000 слов.", "ru"),
        ("A novel about Аня.", "en"),
        ("", "en"),
        ("123", "en"),
        ("水の都", "en"),
        ("Роман «Salt»", "ru"),
    ],
)
def test_the_language_follows_the_script(text: str, language: str) -> None:
    assert language_of(text) == language
