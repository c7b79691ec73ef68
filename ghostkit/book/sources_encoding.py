"""Bytes of unknown make to text: byte-order marks, UTF-8, and the old encodings of one byte a letter."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

from ghostkit.errors import InputError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_KINDS: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (DOCX, ODT and EPUB are such)"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)
_CYRILLIC: Final = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
_SAMPLE: Final = 200_000
_RUN: Final = re.compile(rb"[\x80-\xff]+")
_FREQUENT: Final = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєў")
_TYPOGRAPHIC: Final = frozenset("‘’‚“”„«»‹›–—…•·°§©®™€£¢¥±×÷¼½¾¹²³ªº¿¡†‡‰ˆ˜´¨¸¯¬¶µ\u00a0\u00ad")
MOST_CONTROLS: Final = 0.001


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """(the text, the encoding's name); line ends are LF, and control characters other than tabs are gone.

    `encoding` is a person's word for it. Nothing is replaced: bytes that aren't text are refused.

    Raises:
        InputError: no text, or none that can be told; the message goes on from "FILE ".
    """
    kind = next((what for mark, what in _KINDS if data.startswith(mark)), None)
    if kind is not None:
        raise InputError(f"is {kind}, not plain text.", fix="Save its text as .txt or .md in UTF-8.")
    text, name = _as_said(data, encoding) if encoding else _found(data)
    if "\0" in text:
        raise InputError("holds NUL bytes, so it is not plain text.", fix="Save it as UTF-8 text.")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return _without_controls(text), name


def _as_said(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        name = codecs.lookup(encoding).name
        text = data.decode(name)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise InputError(
                f"is not {encoding}: byte {error.start} is 0x{data[error.start]:02x}.",
                fix="Leave --encoding out, or give another.",
            ) from None
        raise InputError(f"can't be read: there is no encoding {encoding!r}.", fix="Give one such as cp1251.") from None
    return text, name


def _found(data: bytes) -> tuple[str, str]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                return data.removeprefix(mark).decode(name), name
            except UnicodeDecodeError:
                raise InputError(
                    f"begins like {name.upper()} and is not.", fix="Save it as UTF-8 text, or give --encoding."
                ) from None
    if b"\0" in data:
        raise InputError("holds NUL bytes, so it is not plain text.", fix="Save it as UTF-8 text.")
    try:
        return data.decode("utf-8"), "ascii" if data.isascii() else "utf-8"
    except UnicodeDecodeError:
        return _one_byte(data)


def _one_byte(data: bytes) -> tuple[str, str]:
    """Text that is not UTF-8. High bytes stand in runs where the script isn't Latin, and alone where it is."""
    runs = [len(run) for run in _RUN.findall(data[:_SAMPLE])]
    words = sum(run for run in runs if run >= 3) >= 0.5 * sum(runs)
    name = _cyrillic(data) if words else _western(data)
    if name is None:
        name = _guessed(data)
    if name is None:
        raise InputError(
            "is not text in an encoding that can be told.", fix="Save it as UTF-8, or say what it is with --encoding."
        )
    return data.decode(name), name


def _cyrillic(data: bytes) -> str | None:
    """The encoding in which the most letters are small Cyrillic ones, the frequent ones above all."""
    scores = {}
    for name in _CYRILLIC:
        try:
            letters = [c for c in data.decode(name)[:_SAMPLE] if ord(c) > 127]
        except UnicodeDecodeError:
            continue
        scores[name] = _likeness(letters)
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] > 0.6 else None


def _likeness(letters: list[str]) -> float:
    """1 where all are letters as common as in Russian prose, and few capitals."""
    weight = {letter: 1.2 - 0.02 * rank for rank, letter in enumerate("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф")}
    small = sum(weight.get(c, 0.6 if c in _FREQUENT else 0.0) for c in letters)
    capitals = sum(0.5 for c in letters if "А" <= c <= "Я" or c == "Ё")
    neutral = sum(0.8 for c in letters if c in _TYPOGRAPHIC or c == "ё")
    return (small + min(capitals, 0.15 * len(letters)) + neutral) / max(1, len(letters))


def _western(data: bytes) -> str | None:
    """cp1252, of which Latin-1 is a part, where all of its high characters are of western Europe."""
    try:
        high = [c for c in data.decode("cp1252") if ord(c) > 127]
    except UnicodeDecodeError:
        return None
    fine = sum(c in _TYPOGRAPHIC or (c.isalpha() and c not in "ÐÞðþƒŠšŽž") for c in high)
    return "cp1252" if fine >= 0.98 * len(high) else None


def _guessed(data: bytes) -> str | None:
    """What charset-normalizer says; None where it is unsure, too."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(data[:_SAMPLE]).best()
    if best is None or best.chaos > 0.1:
        return None
    try:
        data.decode(best.encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return best.encoding.replace("_", "-")


def _without_controls(text: str) -> str:
    """A form feed is a line's end; more than a few other control characters say that it is no text."""
    text = text.replace("\f", "\n").replace("\v", "\n").removesuffix("\x1a")
    if text.isprintable():
        return text
    bad = {c for c in set(text) if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")}
    if not bad:
        return text
    count = sum(text.count(c) for c in bad)
    if count > max(2, MOST_CONTROLS * len(text)):
        raise InputError(f"holds {count:,} control characters, so it is not plain text.", fix="Save it as UTF-8 text.")
    return text.translate({ord(c): None for c in bad})
