"""Untrusted text made fit for every format: what XML 1.0 forbids goes, titles get one line, anchors get slugs."""

from __future__ import annotations

import re
import unicodedata

# XML 1.0 section 2.2 `Char`, and with it the C1 controls and the noncharacters, which HTML calls parse errors.
_NONCHARACTERS = "".join(f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_BETWEEN_IDEOGRAPHS = re.compile(
    "(?<=[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff])"
    "\n"
    "(?=[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff])"
)


def clean(text: str) -> str:
    """`text` without the characters no well-formed document may hold, and with plain line ends."""
    return _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """`text` cleaned, on one line, without space at its ends: what a title may be."""
    return " ".join(clean(text).split())


def join_lines(text: str) -> str:
    """Line ends inside a paragraph become spaces, or nothing between scripts that write without them."""
    return _BETWEEN_IDEOGRAPHS.sub("", text).replace("\n", " ")


def slug(text: str) -> str:
    """A name for an anchor: the letters and digits of `text` in lower case, joined by hyphens."""
    return "-".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
