"""The author's brief: read it whatever it comes as, and find what it says about the book's shape."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from ghostkit.book.files import normalise_newlines
from ghostkit.errors import BriefError

MAX_BYTES: Final = 1_000_000
_HEAD: Final = 700
_EXPLAINS: Final = re.compile(
    r"\b(?:guide|textbook|handbook|manual|report|course|primer|tutorial|practical (?:book|booklet)|booklet"
    r"|non-?fiction|essays?|cookbook|monograph|learning goals?|how to|introduction to)\b"
    r"|учебник|руководств|справочник|отч[её]т\w{0,2}\b|пособи[ея]|\bкурс\b|самоучител|научпоп|нон-?фикшн",
    re.I,
)
_TELLS: Final = re.compile(
    r"\b(?:novel|novella|story|tale|(?<!non)(?<!non-)fiction|saga|thriller|mystery|romance|fantasy|protagonist)\b"
    r"|роман|повест|рассказ|сказк|детектив|фэнтези",
    re.I,
)
_BYTE_ORDER_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_brief(source: str | Path | bytes) -> str:
    r"""The brief as text: from a string, the bytes of standard input, or a file's path.

    Takes UTF-8, and UTF-16 with its mark; line ends become `\n`; control characters and the blanks around it go.

    Raises:
        BriefError: empty, over 1 MB, not text, or a file that can't be read.
    """
    if isinstance(source, str):
        data, text = source.encode("utf-8", "replace"), source
        _check_size(len(data))
    else:
        data = _read(source) if isinstance(source, Path) else source
        _check_size(len(data))
        text = _decode(data)
    if "\0" in text:
        raise _not_text("it holds NUL bytes")
    cleaned = "".join(c for c in normalise_newlines(text) if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    if not cleaned.strip():
        raise BriefError("The brief is empty.", fix="Say in a sentence or more what the book is to be.")
    return cleaned.strip("\n").rstrip()


def title_from_brief(text: str) -> str | None:
    """The brief's first heading of level one, if it has any."""
    heading = re.search(r"^#[ \t]+([^\s#].*?)(?:[ \t]+#+)?[ \t]*$", text, re.MULTILINE)
    return heading[1] if heading else None


def language_of(text: str) -> str:
    """`ru` where most letters are Cyrillic, else `en`: a look at the script and no more."""
    letters = [character for character in text if character.isalpha()]
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in letters)
    return "ru" if 2 * cyrillic > len(letters) else "en"


def kind_of(text: str) -> str:
    """`non-fiction` where the head of the brief plainly speaks of a book that explains or reports, else empty."""
    head = text[:_HEAD]
    explains, tells = len(_EXPLAINS.findall(head)), len(_TELLS.findall(head))
    return "non-fiction" if explains > tells else ""


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            _check_size(path.stat().st_size)
            return file.read(MAX_BYTES + 1)  # a pipe says no size beforehand
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BriefError(f"The brief {path} can't be read: {reason}.", fix="Give a text file.") from error


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise BriefError(
            f"The brief is too long: {size / 1e6:.1f} MB, and at most {MAX_BYTES / 1e6:.0f} MB fits.",
            fix="Give the idea, the people and the plan; leave whole texts out.",
            size=size,
            limit=MAX_BYTES,
        )


def _decode(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data and encoding == "utf-8":
            raise _not_text("it holds NUL bytes") from error
        raise _not_text(f"byte {error.start} is not {encoding.upper().removesuffix('-SIG')}") from error


def _not_text(why: str) -> BriefError:
    return BriefError(f"The brief is not plain text: {why}.", fix="Save it as UTF-8 text or Markdown and try again.")
