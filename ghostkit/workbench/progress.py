"""How far a run is, how fast it goes, and when it will be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Progress:
    """Counts words: `fraction` is of the words wanted, speeds are of this run's own writing.

    `sections_total` is None until the outline is there. Times in seconds.
    """

    words_a_section: int
    sections_total: int | None = None
    sections_done: int = 0
    sections_before: int = 0
    """Sections that had their text when the run began; they cost no time and say nothing of the speed."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    started: float | None = None
    ended: float | None = None
    first_text: float | None = None
    pieces: int = 0
    characters: int = 0
    _words_done: int = 0
    _highest: float = 0.0

    def begin(self) -> None:
        self.started = self.clock()

    def end(self) -> None:
        self.ended = self.clock()

    def add_text(self, section_id: str, piece: str) -> None:
        if self.first_text is None:
            self.first_text = self.clock()
        self.texts.setdefault(section_id, []).append(piece)
        self.pieces += 1
        self.characters += len(piece)

    def section_done(self, section_id: str, words: int) -> None:
        self.sections_done += 1
        self._words_done += words
        self.texts.pop(section_id, None)

    @property
    def words(self) -> int:
        """Written in this run, sections in progress included."""
        return self._words_done + sum(self._words_of(pieces) for pieces in self.texts.values())

    @staticmethod
    def _words_of(pieces: list[str]) -> int:
        return len("".join(pieces).split())

    @property
    def elapsed_s(self) -> float:
        if self.started is None:
            return 0.0
        return max((self.ended if self.ended is not None else self.clock()) - self.started, 0.0)

    @property
    def words_per_s(self) -> float:
        return self.words / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def fraction(self) -> float:
        """From 0 to 1; 1 only when every wanted section is there."""
        if not self.sections_total:
            return 0.0
        whole = self.sections_before + self.sections_done
        open_words = sum(min(self._words_of(p) / self.words_a_section, 0.95) for p in self.texts.values())
        # It never falls: neither when a text begins again nor when the plan grows.
        self._highest = max(self._highest, min((whole + open_words) / self.sections_total, 1.0))
        return self._highest

    @property
    def eta_s(self) -> float | None:
        """Seconds left at this run's speed; None while there is nothing to judge by."""
        if not self.sections_total or self.words_per_s <= 0:
            return None
        left = self.sections_total - self.sections_before - self.sections_done
        words_left = left * self.words_a_section - sum(self._words_of(p) for p in self.texts.values())
        # From the first prose on: the planning before it comes once and says nothing of what is left.
        planning = (self.first_text or 0.0) - (self.started or 0.0) if self.first_text is not None else 0.0
        writing = max(self.elapsed_s - planning, 1e-9)
        return max(words_left, 0) * writing / self.words
