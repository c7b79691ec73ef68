"""Locked passages: words of a section that must stay as they are, whoever writes the rest. Pure functions.

Blanks and line breaks count as equal, so a passage that is wrapped differently is still there; nothing else does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from ghostkit.book.model import Section
from ghostkit.errors import InputError
from ghostkit.generation.prompts import Escaped, escape

_SHOWN: Final = 60
"""Characters of a passage that a message quotes."""
_NEAR: Final = 0.6
"""The least likeness at which words are worth offering as what was meant."""


def missing_spans(text: str, spans: Iterable[str]) -> tuple[str, ...]:
    """Those of `spans` that `text` does not hold word for word."""
    flat = _flat(text)
    return tuple(span for span in spans if _flat(span) not in flat)


def present_spans(section: Section) -> tuple[str, ...]:
    """The section's locked passages, as far as it still says them."""
    lost = missing_spans(section.content, section.locked_spans)
    return tuple(span for span in section.locked_spans if span not in lost)


def check_locked(section: Section, text: str) -> None:
    """Raise `InputError` if `text`, as the section's new text, would lack one of its locked passages.

    A passage that the section itself has lost is locked no more.
    """
    missing = missing_spans(text, present_spans(section))
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise InputError(
            f"The text for {section.title!r} lacks the locked passage {quoted(missing[0])}{more}.",
            fix="Put its words back, or unlock the passage first.",
        )


def locked_block(spans: Sequence[str]) -> Escaped:
    """What a prompt says of locked passages: a `<locked>` block, or nothing where there is none."""
    if not spans:
        return Escaped("")
    passages = "\n".join(f"<passage>{escape(span)}</passage>" for span in spans)
    return Escaped(f"<locked>\nThese passages must stand in the text word for word.\n{passages}\n</locked>")


def span_in(text: str, words: str) -> str:
    """The passage of `text` that says `words`, as it stands there.

    Raises:
        InputError: it isn't there; the message offers the nearest words that are.
    """
    wanted = words.split()
    if not wanted:
        raise InputError("A passage without words can't be locked.", fix="Give the exact words of the section.")
    found = re.search(r"\s+".join(map(re.escape, wanted)), text)
    if found:
        return found[0]
    near = nearest(text, words)
    raise InputError(
        f"The section does not say {quoted(words)}.",
        fix=f"Did you mean {quoted(near)}?" if near else "Give words exactly as they stand in the section.",
    )


def nearest(text: str, words: str) -> str:
    """The stretch of `text` most like `words`, of about as many words; empty if nothing is like it at all."""
    said, wanted = text.split(), words.split()
    if not said or not wanted:
        return ""
    matcher = difflib.SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(_folded(wanted))
    best, place = 0.0, 0
    for start in _worth_trying(said, wanted):
        matcher.set_seq1(_folded(said[start : start + len(wanted)]))
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, place = ratio, start
    return " ".join(said[place : place + len(wanted)]) if best >= _NEAR else ""


def quoted(words: str) -> str:
    """A passage in quotation marks, on one line and not too long."""
    line = _flat(words)
    return f"“{line if len(line) <= _SHOWN else line[: _SHOWN - 1].rstrip() + '…'}”"


def _worth_trying(said: Sequence[str], wanted: Sequence[str]) -> Iterable[int]:
    """Places where a stretch may begin: all of a short text, else those near a word that is wanted."""
    last = max(len(said) - len(wanted), 0)
    if len(said) <= 400:
        return range(last + 1)
    places = {word.casefold(): n for n, word in reversed(list(enumerate(wanted)))}
    starts = (n - places[w.casefold()] for n, w in enumerate(said) if w.casefold() in places)
    return sorted({min(max(start, 0), last) for start in starts})[:2000]


def _folded(words: Sequence[str]) -> str:
    return " ".join(words).casefold()


def _flat(text: str) -> str:
    return " ".join(text.split())
