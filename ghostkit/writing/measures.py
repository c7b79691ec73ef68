"""Scores of a section that can be computed as it is written, and where others join them.

Each is a function of what the section was made from and of its text; the score goes into the ledger with the section
(`section_completed` carries `measures`), so that a run can be judged afterwards and runs can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from ghostkit.events import Event, EventType
from ghostkit.writing.facts import facts_of
from ghostkit.writing.material import Material

Measure = Callable[[Material, str], float]
"""(what the text was made from, the text) → a score from 0 to 1, better when higher."""
_TOLD = ("brief", "plan", "people", "bible", "chapter_material", "chapter_plan", "section_material", "section_title")
_READ = ("story", "manuscript", "retrieved")


def known_names(made: Material, text: str) -> float:
    """Share of the names in a text that something it was made from names already; 1 for a text without names.

    A continuity score: names that come from nowhere are what a reader stumbles over first.
    """
    names = facts_of(text).names
    if not names:
        return 1.0
    known = {word for told in _strings(made, _TOLD) for word in facts_of(told).words}
    known |= {name.casefold() for read in _strings(made, _READ) for name in facts_of(read).names}
    return round(sum(name.casefold() in known for name in names) / len(names), 4)


MEASURES: Mapping[str, Measure] = MappingProxyType({"known_names": known_names})
"""What is measured unless a book's services say otherwise."""


def measured(event: Event, made: Material, text: str, measures: Mapping[str, Measure]) -> Event:
    """The event of a completed section with its scores; any other as it is."""
    if event.type is not EventType.SECTION_COMPLETED:
        return event
    scores = {name: measure(made, text) for name, measure in measures.items()}
    return replace(event, data={**event.data, "measures": scores})


def _strings(made: Material, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = made.variables.get(name, "")
        yield from value if isinstance(value, list) else (str(value),)
