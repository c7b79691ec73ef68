"""A page being written: paragraphs, who was named last, how many words there are, what must still be said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ghostkit.providers.rehearsal.deck import Grammar, Pattern
from ghostkit.providers.rehearsal.people import Person
from ghostkit.providers.rehearsal.sentences import upper_first

_VOWEL = re.compile(r"\b([Aa]) (?=[aeio]|u(?!ni|se|su|ti)|hour|honest)", re.I)
_INNER_START = re.compile(r"([.!?…]\s+)([a-zа-яё])")
_OPENING = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_TRIES: Final = 5

_PRONOUNS: Final = {
    ("en", "f"): {"he": "she", "him": "her", "his": "her", "himself": "herself", "was": "was", "own": "her own"},
    ("en", "m"): {"he": "he", "him": "him", "his": "his", "himself": "himself", "was": "was", "own": "his own"},
    ("en", "i"): {"he": "I", "him": "me", "his": "my", "himself": "myself", "was": "was", "own": "my own"},
    ("ru", "f"): {"he": "она", "а": "а", "ся": "ась", "ёл": "ла", "ел": "ла", "ла": "ла", "ему": "ей", "него": "неё"},
    ("ru", "m"): {"he": "он", "а": "", "ся": "ся", "ёл": "ёл", "ел": "ел", "ла": "", "ему": "ему", "него": "него"},
}


_HEAVY: Final = frozenset({"do", "look", "notice", "talk", "claim", "mechanism"})
_LIGHT: Final = {
    "open": 2, "end": 1, "turn": 3, "close": 2, "goals": 1, "steps": 1, "checks": 1, "terms": 1, "exercises": 1,
    "story": 1, "story_end": 1, "drawing": 1, "naming": 2, "goal": 3, "exercise": 2, "term": 4, "step": 6, "check": 6,
    "drawn": 2, "story_middle": 5,
}  # fmt: skip


class Page:
    """Collects paragraphs. `slots` are the scene's own words; `lead` and `second` are named by {P} and {Q}."""

    def __init__(
        self,
        grammar: Grammar,
        *,
        slots: Mapping[str, str],
        lead: Person | None,
        second: Person | None,
        index: int,
        words: int,
        language: str = "en",
        first_person: bool = False,
    ) -> None:
        self.paragraphs: list[str] = []
        self.count = 0
        self._grammar = grammar
        self._slots = dict(slots)
        self._lead, self._second = lead, second
        self._language, self._first_person = language, first_person
        self._index, self._words = index, words
        self._vocabulary = grammar.words_for(index)
        self._met: set[str] = set()
        self._used: set[str] = set()
        self._dealt: dict[str, int] = {}
        self._named: set[str] = set()
        self._opening = ""
        self._sentences: list[str] = []
        self._lead_told = False
        self._set_pronouns()

    def _set_pronouns(self) -> None:
        if self._lead is not None:
            gender = "i" if self._first_person and self._language == "en" else self._lead.gender
            self._slots |= _PRONOUNS.get((self._language, gender), {})
            if self._first_person and self._language == "ru":
                self._slots |= {"he": "я", "ему": "мне", "него": "меня"}
        if self._second is not None:
            theirs = _PRONOUNS.get((self._language, self._second.gender), {})
            self._slots |= {f"q{name}": word for name, word in theirs.items()}

    def room(self, target: int) -> int:
        """Words left up to `target`, counting what stands in the open paragraph."""
        return target - self.count

    def add(self, kind: str, *, at_most: int = 10_000, **more: str) -> bool:
        """Deal a sentence of `kind` onto the open paragraph; False if none of a few tries has room."""
        for _ in range(_TRIES):
            pattern, filled = self._deal(kind)
            text, opening = self._said(pattern, filled, more)
            size = _size(text)
            if opening != self._opening and size <= at_most:
                self._take(text, opening, pattern)
                return True
        if at_most < 10_000:
            return False
        self._take(text, opening, pattern)
        return True

    def say(self, sentence: str) -> None:
        """Put a finished sentence onto the open paragraph."""
        self._lead_told = False
        self._opening = _first_word(sentence)
        self._note_names(sentence)
        self._sentences.append(sentence)
        self.count += _size(sentence)

    def frame(self, kind: str, *, x: str, bare: str) -> None:
        """Say a sentence of the outline in one of the ways of `kind`; talk becomes a paragraph of its own."""
        pattern, filled = self._deal(kind)
        text, opening = self._said(pattern, filled, {"x": x, "bare": bare})
        if kind == "spoken":
            self.line(text)
            return
        for _ in range(_TRIES):
            if opening != self._opening:
                break
            pattern, filled = self._deal(kind)
            text, opening = self._said(pattern, filled, {"x": x, "bare": bare})
        self._used.add(pattern.source)
        self.say(text)

    def block(self, kind: str, **more: str) -> None:
        """Deal lines of talk, each a paragraph of its own."""
        self.close()
        pattern, filled = self._deal(kind)
        text, _opening = self._said(pattern, filled, more)
        self._used.add(pattern.source)
        self._note_names(text)
        for line in text.split("\n"):
            self.line(line)

    def line(self, text: str) -> None:
        """One paragraph by itself."""
        self.close()
        self._note_names(text)
        self.paragraphs.append(upper_first(text.strip()))
        self.count += _size(text)
        self._opening = ""

    def close(self) -> None:
        """End the open paragraph."""
        if self._sentences:
            self.paragraphs.append(" ".join(self._sentences))
            self._sentences = []
        self._opening, self._lead_told = "", False

    @property
    def text(self) -> str:
        self.close()
        return "\n\n".join(self.paragraphs)

    def fill(self, kind: str, **more: str) -> str:
        """A dealt pattern as text, not put anywhere yet."""
        pattern, filled = self._deal(kind)
        self._used.add(pattern.source)
        return self._said(pattern, filled, more)[0]

    def _deal(self, kind: str) -> tuple[Pattern, dict[int, str]]:
        deck = self._grammar.deck(kind)
        for _ in range(6):
            number = self._dealt.get(kind, 0)
            self._dealt[kind] = number + 1
            # Every section of a book has its own stretch of each deck, long enough for what it may need.
            pattern, filled = deck.deal(self._index * self._share(kind) + number, self._vocabulary)
            if pattern.source not in self._used:
                break
        met: set[str] = set()
        for at, name, key, _form, capital in pattern.own:
            if key == "who":
                filled[at] = self._bystander(filled[at], capital, name in met)
                met.add(name)
        return pattern, filled

    def _share(self, kind: str) -> int:
        """How many deals of `kind` a section may want."""
        if kind in _HEAVY:
            return 8 + self._words // 25
        return _LIGHT.get(kind) or 4 + self._words // 50

    def _bystander(self, who: str, capital: bool, met: bool) -> str:
        """Somebody nobody knows is "a boy with a bucket" first and "the boy with a bucket" from then on."""
        if self._language != "en":
            return who
        low = who[0].lower() + who[1:]
        article = "the" if met or low in self._met else "a"
        return f"{article.capitalize() if capital else article} {low}"

    def _said(self, pattern: Pattern, filled: dict[int, str], more: Mapping[str, str]) -> tuple[str, str]:
        said = [pattern.texts[0]]
        for at, slot in enumerate(pattern.slots):
            word = filled.get(at)
            if word is None:
                word = self._scene_word(slot, is_opening=at == 0 and not pattern.texts[0], more=more)
            said.append(word)
            said.append(pattern.texts[at + 1])
        text = tidy("".join(said), self._language)
        return text, _first_word(text)

    def _scene_word(self, slot: str, *, is_opening: bool, more: Mapping[str, str]) -> str:
        if slot == "P":
            return self._lead_name(is_opening)
        if slot in ("Q", "R"):
            return self._name(self._second, slot)
        low = slot[0].lower() + slot[1:]
        if slot in self._slots and slot not in more:
            return self._slots[slot]
        word = more.get(slot) or more.get(low) or self._slots.get(low, "")
        return upper_first(word) if slot != low else word

    def _lead_name(self, is_opening: bool) -> str:
        if self._first_person:
            return self._slots["he"]
        pronoun = upper_first(self._slots.get("he", ""))
        if is_opening and self._lead_told and pronoun and self._opening != pronoun:
            return pronoun
        return self._name(self._lead, "P")

    def _name(self, person: Person | None, slot: str) -> str:
        if person is None:
            return self._slots.get(slot, "")
        return person.short if person.name in self._named else person.name

    def _take(self, text: str, opening: str, pattern: Pattern) -> None:
        same = self._lead is not None and self._second is not None and self._lead.gender == self._second.gender
        self._lead_told = pattern.slots[:1] == ("P",) and not pattern.texts[0] and not ("Q" in pattern.slots and same)
        self._opening = opening
        self._note_names(text)
        self._used.add(pattern.source)
        self._sentences.append(text)
        self.count += _size(text)

    def _note_names(self, text: str) -> None:
        self._met.update(who for who in self._vocabulary.get("who", ()) if who in text)
        for person in (self._lead, self._second):
            if person is not None and person.name in text:
                self._named.add(person.name)


def _size(text: str) -> int:
    """Words; a dash by itself counts half, because readers leave it out and `split` doesn't."""
    return len(text.split()) - (text.count("— ") + 1) // 2


def tidy(text: str, language: str) -> str:
    """Articles before vowels, capitals at the start of sentences."""
    if language == "en":
        text = _VOWEL.sub(r"\1n ", text)
    text = _INNER_START.sub(lambda found: found[1] + found[2].upper(), text)
    return upper_first(text)


def _first_word(text: str) -> str:
    found = _OPENING.search(text)
    return found[0] if found else ""
