r"""`glossary.md`: the terms of a book that teaches, one paragraph a term, in a form that a person can edit.

    # Glossary

    **chart datum**: The level from which a table counts heights.

Terms stand in the order of their letters; a definition may go on over several lines and paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ghostkit.book.files import normalise_newlines
from ghostkit.book.model import Term
from ghostkit.book.rendering.prose import tidy_title
from ghostkit.errors import BookDamaged

_ENTRY: Final = re.compile(r"^(?:[-*+][ \t]+)?\*\*((?:\\\*|[^*])+?):?\*\*[ \t]*[:.—–-]?[ \t]*(.*)$")
_HEADING: Final = re.compile(r"^#{1,6}(?:[ \t]|$)")


def render_glossary(terms: Iterable[Term]) -> str:
    """The text of `glossary.md`."""
    entries = [f"**{_escaped(tidy_title(t.term))}**: {tidy_title(t.definition)}" for t in terms]
    return "\n\n".join(["# Glossary", *entries]) + "\n"


def parse_glossary(text: str, where: str = "glossary.md") -> tuple[Term, ...]:
    """The terms in the text of a `glossary.md`, in its order.

    Raises:
        BookDamaged: a line that belongs to no term, or a term without a definition; the message names the line.
    """
    found: list[tuple[int, str, list[str]]] = []
    for number, raw in enumerate(normalise_newlines(text).split("\n"), 1):
        line = raw.strip(" \t\ufeff")
        entry = _ENTRY.match(line)
        if entry:
            found.append((number, tidy_title(entry[1].replace("\\*", "*")), [entry[2]]))
        elif line and not _HEADING.match(line):
            if not found:
                raise _damaged(where, number, "it belongs to no term", "Write a term as '**term**: what it means'.")
            found[-1][2].append(line)
    terms = []
    for number, term, lines in found:
        definition = tidy_title(" ".join(lines))
        if not definition or not term:
            raise _damaged(where, number, f"the term {term!r} has no definition", "Say what it means, or take it out.")
        terms.append(Term(term=term, definition=definition))
    return tuple(terms)


def _escaped(term: str) -> str:
    return term.replace("*", "\\*")


def _damaged(where: str, line: int, what: str, fix: str) -> BookDamaged:
    return BookDamaged(f"{where} can't be read: line {line}: {what}.", fix=fix, path=where, line=line)
