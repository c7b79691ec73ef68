"""Where in the book an event belongs: its run, book, chapter and section, as far as they are known."""

from __future__ import annotations

from ghostkit.events.event import EventLike, EventType

_KINDS = {"b-": "book", "c-": "chapter", "s-": "section"}
"""The permanent ids say what they are by their beginning."""


class Places:
    """Learns from the events that pass which chapter a section is in, and tells the place of each.

    Most events carry only what they are about (`{"section": …}` or a slot); the rest follows from
    OUTLINE_ADOPTED, and from events that name a chapter and a section together.
    """

    def __init__(self, *, book: str = "", run: str = "") -> None:
        self._book = book
        self._run = run
        self._chapter_of: dict[str, str] = {}

    def of(self, event: EventLike) -> dict[str, str]:
        """The ids known for `event`, under `run`, `book`, `chapter`, `section`; unknown ones are left out."""
        self.learn(event)
        data = event.data
        place = {kind: str(data[kind]) for kind in ("book", "chapter", "section") if data.get(kind)}
        about = str(data.get("object") or data.get("slot") or "").partition("/")[0]
        kind = "section" if about in self._chapter_of else _KINDS.get(about[:2])
        if kind is not None:
            place.setdefault(kind, about)
        if "section" in place and place["section"] in self._chapter_of:
            place.setdefault("chapter", self._chapter_of[place["section"]])
        known = {"run": event.run_id or self._run, "book": self._book} | place
        return {name: known[name] for name in ("run", "book", "chapter", "section") if known.get(name)}

    def learn(self, event: EventLike) -> None:
        """Take in what `event` says of the book's shape."""
        data = event.data
        if event.type == EventType.RUN_STARTED:
            self._run = event.run_id
        if data.get("book"):
            self._book = str(data["book"])
        if data.get("chapter") and data.get("section"):
            self._chapter_of[str(data["section"])] = str(data["chapter"])
        if event.type == EventType.OUTLINE_ADOPTED:
            parent = str(data.get("object", ""))
            if parent.startswith("b-"):
                self._book = parent
            elif parent and parent != self._book:
                self._chapter_of.update({str(child): parent for child in data.get("children") or ()})
