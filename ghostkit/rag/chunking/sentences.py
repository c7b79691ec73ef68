"""Where sentences end, by rules: for Latin, Cyrillic, Greek, Devanagari, Arabic, Chinese and Japanese texts.

A full stop, a question or an exclamation mark or an ellipsis ends a sentence, with the quotes and brackets that close
after it, where a space follows and then no small letter ("Where?" he said. – Да? – спросил он.). After a full stop, the
word before it is looked up among abbreviations, initials and ordinals. The marks of Chinese and Japanese need no
space; a quotation that closes with one and runs on is one sentence with what follows. In doubt, two sentences are
kept together: that costs less than half a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from ghostkit.rag.chunking.abbreviations import BEFORE_NAME, BEFORE_NUMBER, NEVER_LAST, NUMBERED, STARTERS

_MARKS: Final = ".!?…‽؟۔।॥։።။"
_WIDE: Final = "。！？｡"
_CLOSERS: Final = "\"'»”’“)\\]_*›"
_WIDE_CLOSERS: Final = "」』）”’】》〉\"'"
_WIDE_OPENERS: Final = "「『（“‘【《〈—"
_OPENERS: Final = "\"'“‘«„‚‹(\\[_*¿¡"
_LED_IN = re.compile(rf"[^{_WIDE}{_WIDE_OPENERS}：，\s]{{1,10}}：")
_LONGEST_QUOTATION: Final = 400
_WORD_BEFORE: Final = 16
_NEXT_WORD = re.compile(rf"[{_OPENERS}\s—–-]*+([^\W\d_]++(?:'[^\W\d_]++)?+)(?!\.)")
_PLAIN_WORD: Final = 6


@cache
def _ends(any_case: bool) -> re.Pattern[str]:
    """Ends of sentences; group 1 is the blank after one. `any_case`: a small letter may follow.

    Each mark is looked at once: a run of marks is left at its first, so the time is linear in any text.
    """
    small = _small_letters()
    goes_on = r"[.…,;:]" if any_case else rf"[.…,;:]|[—–\-{_OPENERS}\s]*+[{small}]"
    # « Vraiment ? » has a space before what closes; [12] is a note.
    notes = r"(?:[ \u00a0\u202f]»)?+(?:\[\d{1,3}\])*+"
    return re.compile(
        rf"[{_MARKS}](?<![{_MARKS}][{_MARKS}])[{_MARKS}]*+[{_CLOSERS}]*+{notes}(?=(\s++)(?!{goes_on}))"
        rf"|[{_WIDE}](?<![{_WIDE}][{_WIDE}])[{_WIDE}]*+[{_WIDE_CLOSERS}]*+"
        r"(?=(\s*+))"
    )


def _small_letters() -> str:
    """As ranges of a character class; the alphabets beyond U+FFFF are left out."""
    codes = [code for code in [*range(0x2D30), *range(0xA640, 0xAC00)] if chr(code).islower()]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" if high > low else chr(low) for low, high in ranges)


def sentences(text: str, start: int, end: int, language: str = "") -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence of `text[start:end]`, in order, without the blanks around it.

    The range is one paragraph; it begins and ends with what is no blank.
    """
    at = start
    # A text that has no capital letters at all (a web corpus) begins its sentences with small ones.
    pattern = _ends(text[start:end].islower())
    for found in pattern.finditer(text, start, end):
        mark = found.start()
        if text[mark] == "." and found.end() - mark == 1 and not _is_last(text, at, mark, found.end(1), language):
            continue
        stop = found.end()
        if stop >= end:
            break
        if text[mark] in _WIDE and text[stop - 1] not in _WIDE and not _closes(text, at, stop):
            continue
        yield at, stop
        at = max(found.end(1), found.end(2))
    if at < end:
        yield at, end


def _is_last(text: str, start: int, stop: int, after: int, language: str) -> bool:
    """Does the full stop at `stop` end the sentence that began at `start`? What follows is at `after`."""
    words = text[max(start, stop - _WORD_BEFORE) : stop].split()
    if not words:
        return True
    word = words[-1].lstrip("\"'“‘«„(—–[_*")
    if len(word) > _PLAIN_WORD or not word:
        return True
    small = word.lower()
    if small.isdigit():
        if words[-1] == text[start:stop]:
            return False
        ordinal = len(small) < 3 and language in NUMBERED
        return not ordinal or text[after] in _OPENERS or _begins_sentence(text, after)
    if small in NEVER_LAST:
        return False
    if small in BEFORE_NUMBER and text[after : after + 1].isdigit():
        return False
    if _closes_a_list(words, small):
        return True
    return _begins_sentence(text, after) if _is_short_form(word) or small in BEFORE_NAME else True


def _closes(text: str, start: int, stop: int) -> bool:
    """Does a Chinese or Japanese quotation that closes before `stop` end the sentence that began at `start`?

    It does where it was led in (他说：“…”) or the next one is, and where no letter follows; else what follows says who
    spoke (“…？”他问。 「…。」と言った。).
    """
    after = text[stop]
    if after.isspace() or after in _WIDE_OPENERS:
        return True
    if "\u3041" <= after <= "\u3096":
        return False
    opening = max(text.rfind(mark, max(start, stop - _LONGEST_QUOTATION), stop) for mark in "“「『")
    return (opening > start and text[opening - 1] in "：:，,") or _LED_IN.match(text, stop) is not None


def _is_short_form(word: str) -> bool:
    """An initial (A, А), or letters with full stops between them (U.S, т.е, Ph.D)."""
    if "." in word:
        return all(len(part) < 3 for part in word.split("."))
    return len(word) == 1 and word.isalpha()


def _closes_a_list(words: list[str], small: str) -> bool:
    """`и т. д.` and `и т. п.` may end a sentence, as `т. е.` may not."""
    return small in ("т.д", "т.п") or (small in ("д", "п") and len(words) > 1 and words[-2].lower().endswith("т."))


def _begins_sentence(text: str, at: int) -> bool:
    found = _NEXT_WORD.match(text, at)
    return found is not None and found[1] in STARTERS
