"""Weaves into a scene what its outline says must be in it."""

from __future__ import annotations

import re

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.page import Page
from ghostkit.providers.rehearsal.scene import Scene
from ghostkit.providers.rehearsal.sentences import upper_first, with_end, without_end
from ghostkit.providers.rehearsal.tense import to_past

_SHOW = re.compile(r"^(Chapter [\w-]+) ((?:must|should|has to) .+)$", re.I)
_READER = re.compile(
    r"^The reader (?:learns|finds out|sees|discovers) (.+?)(?:,? in (?:chapter [\w-]+|the \w+"
    r" chapter))?(,? from .+)?$",
    re.I,
)
_DIES = re.compile(r"\b(?:dies|is killed|drowns)\b|\b(?:умирает|погибает|гибнет)\b", re.I)
_IN_CHAPTER = re.compile(r",? in (?:chapter [\w-]+|the (?:first|last|final|\w+th) chapter)\b", re.I)


class Weaver:
    """Brings in what has to be said, a sentence or two at a time, in ways that differ."""

    def __init__(self, scene: Scene, page: Page, chance: Chance) -> None:
        self._scene, self._page, self._chance = scene, page, chance
        self._planned = {with_end(sentence) for sentence in scene.planned}
        told = [with_end(sentence) for sentence in scene.statements]
        # Whoever dies here goes on talking until the end of the scene.
        self.last = [sentence for sentence in told if _DIES.search(sentence)]
        self.left = [sentence for sentence in told if sentence not in self.last]
        # Where what has to be said already fills the section, it is said without a frame.
        self._tight = sum(len(sentence.split()) for sentence in told) > scene.words // 2

    @property
    def words_left(self) -> int:
        """About how many words what is left will take."""
        return sum(len(sentence.split()) + (0 if self._tight else 6) for sentence in (*self.left, *self.last))

    @property
    def is_tight(self) -> bool:
        return self._tight

    def weave(self, count: int) -> None:
        """Say the next `count` of what is left."""
        for _ in range(min(count, len(self.left))):
            self._say(self.left.pop(0))

    def finish(self) -> None:
        """Say all that is left, and last what nobody comes back from."""
        self.left, self.last = self.left + self.last, []
        while self.left:
            self.weave(2)
            self._page.close()

    def _say(self, sentence: str) -> None:
        told = self._told(sentence)
        kind = self._kind(sentence)
        if kind == "plain" or self._tight:
            self._page.say(told)
        else:
            x = told if kind == "event" else upper_first(_as_said(sentence))
            self._page.frame(kind, x=x, bare=without_end(x))

    def _told(self, sentence: str) -> str:
        acts = any(person.names_occur_in(sentence) for person in self._scene.brief.people)
        if self._scene.brief.language == "ru" or not acts:
            return _as_told(sentence)
        return to_past(_as_told(sentence))

    def _kind(self, sentence: str) -> str:
        scene = self._scene
        acts = any(person.names_occur_in(sentence) for person in scene.brief.people)
        if sentence in self._planned and not acts:
            return "plain"
        if scene.brief.language == "ru":
            return self._russian_kind(acts)
        if scene.first_person and acts:
            return "known"
        if acts:
            return self._chance.pick(("plain", "plain", "event")) if len(sentence.split()) < 30 else "plain"
        if scene.second is None or len(sentence.split()) > 24:
            return "known"
        return self._chance.pick(("spoken", "spoken", "known"))

    def _russian_kind(self, acts: bool) -> str:
        if self._scene.first_person and acts:
            return "noted"
        if acts:
            return self._chance.pick(("plain", "plain", "event"))
        return self._chance.pick(("spoken", "known") if self._scene.second is not None else ("known",))


def _as_said(sentence: str) -> str:
    return _SHOW.sub(lambda found: f"{found[1]} of any account {found[2]}", sentence)


def _as_told(sentence: str) -> str:
    """Directions to the author, said as part of the story."""
    if _SHOW.match(sentence):
        return _as_said(sentence)
    learned = _READER.match(without_end(sentence))
    if learned:
        what = learned[1] if re.match(r"(?:what|who|where|why|how|that)\b", learned[1]) else f"this: {learned[1]}"
        return f"What came out at last was {what}{learned[2] or ''}."
    return _IN_CHAPTER.sub("", sentence)
