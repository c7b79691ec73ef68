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
_CYRILLIC: Final = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
_JAPANESE: Final = ("euc-jp", "shift_jis")
_SAMPLE: Final = 200_000
_RUN: Final = re.compile(rb"[\x80-\xff]+")
_LETTERS: Final = dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў", (
    10.9, 8.5, 8, 7.4, 6.7, 6.3, 5.5, 4.7, 4.5, 4.4, 3.5, 3.2, 3, 2.8, 2.6, 2, 1.9, 1.7, 1.7, 1.6, 1.6, 1.4, 1.2,
    1, 0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.04, 0.3, 1.5, 0.5, 0.5, 0.04, 0.1), strict=True))  # fmt: skip
"""Per cent of the letters of Russian prose, and roughly of those that its neighbours have besides."""
_LEAST_LIKENESS: Final = 3.9
"""Russian, Ukrainian and Bulgarian prose has about 5.5 to 6; another script taken for Cyrillic, 3 or less."""
_WITHIN_WORDS: Final = frozenset("‘’–—·\u00ad\u00a0…")
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
    name = (_japanese(data) or _cyrillic(data)) if words else _western(data)
    if name is None:
        name = _guessed(data)
    if name is None:
        raise InputError(
            "is not text in an encoding that can be told.", fix="Save it as UTF-8, or say what it is with --encoding."
        )
    return data.decode(name), name


def _cyrillic(data: bytes) -> str | None:
    """The encoding in which the letters are as frequent as in Cyrillic prose, and capitals stand where they may."""
    scores = {}
    for name in _CYRILLIC:
        text = _decoded(data, name)
        if text is not None:
            scores[name] = _likeness(text[:_SAMPLE])
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] >= _LEAST_LIKENESS else None


def _likeness(text: str) -> float:
    """The mean frequency of its high characters in prose, in per cent; what is no letter, or a capital after a small
    one, counts as -5."""
    total, count, before = 0.0, 0, " "
    for character in text:
        if character > "\x7f" and character not in "«»—–…№“”„’\u00a0":
            small = character.lower()
            odd = character != small and before.isalpha() and before == before.lower()
            total += -5 if odd else _LETTERS.get(small, -5)
            count += 1
        before = character
    return total / max(1, count)


def _japanese(data: bytes) -> str | None:
    """One in which a fifth of the high characters or more are hiragana."""
    for name in _JAPANESE:
        high = [c for c in (_decoded(data, name) or "")[:_SAMPLE] if c > "\x7f"]
        if high and sum("\u3041" <= c <= "\u3096" for c in high) >= 0.2 * len(high):
            return name
    return None


def _western(data: bytes) -> str | None:
    """cp1252, of which Latin-1 is a part, where no sign stands between two letters as if it were one."""
    text = _decoded(data, "cp1252")
    if text is None:
        return None
    high = [at for at, character in enumerate(text) if character > "\x7f"]
    odd = sum(
        not text[at].isalpha() and text[at] not in _WITHIN_WORDS
        and text[at - 1 : at].isalpha() and text[at + 1 : at + 2].isalpha()
        for at in high
    )  # fmt: skip
    return "cp1252" if odd <= 0.02 * len(high) else None


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _guessed(data: bytes) -> str | None:
    """What charset-normalizer says; None where it is unsure, too."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(data[:_SAMPLE]).best()
    if best is None or best.chaos > 0.1:
        return None
    return best.encoding.replace("_", "-") if _decoded(data, best.encoding) is not None else None


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
