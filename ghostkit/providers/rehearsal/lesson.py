"""A section of a book that explains: a topic, the parts the brief asks for, and something to do at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Final

from ghostkit.providers.rehearsal.deck import grammar_for
from ghostkit.providers.rehearsal.manner import Manner
from ghostkit.providers.rehearsal.page import Page
from ghostkit.providers.rehearsal.scene import Scene, missing_from
from ghostkit.providers.rehearsal.sentences import upper_first, with_end

_ELEMENTS: Final = (
    ("goals", r"goal|цел[иь]"),
    ("story", r"story|failure|истори|ошибк"),
    ("mechanism", r"mechanism|how it works|устроен|механизм"),
    ("drawing", r"drawing|diagram|picture|рисун|схем"),
    ("example", r"example|case|пример|случай"),
    ("steps", r"hands-on|practice|try|run|практик|шаг"),
    ("checks", r"checklist|check list|контрольн|список|проверк"),
    ("terms", r"glossary|terms|словар|термин"),
    ("exercises", r"exercise|question|упражнен|вопрос"),
)
_PART_WORDS: Final = {
    "story": 120,
    "steps": 90,
    "checks": 90,
    "goals": 90,
    "exercises": 80,
    "mechanism": 75,
    "drawing": 75,
    "example": 70,
}
_CLAUSE = re.compile(r"^(?:and |or )?(?=(?:why|how|what|when|where|whether|who)\b)", re.I)
_SUBJECT = re.compile(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)")


def write_lesson(scene: Scene, manner: Manner, seed: str) -> str:
    """Prose of `scene.words` words that explains the section's topics."""
    lesson = _Lesson(scene, manner, seed)
    return lesson.write()


class _Lesson:
    def __init__(self, scene: Scene, manner: Manner, seed: str) -> None:
        self.scene, self.manner = scene, manner
        russian = scene.brief.language == "ru"
        self.topics = [_named(topic, russian) for topic in scene.topics] or [_named(_topic_of(scene), russian)]
        example = _SUBJECT.search(scene.brief.text)
        self.page = Page(
            grammar_for(_grammar(russian), f"{seed}\x1f{manner.name}", manner.length),
            slots={"t": self.topics[0], "ex": f"the {example[1]}" if example else _default_example(russian)},
            lead=scene.lead,
            second=None,
            index=scene.index,
            words=scene.words,
            language="ru" if russian else "en",
        )
        self.left = [with_end(sentence) for sentence in scene.statements if not _is_plan(sentence)]
        self._turn = 0
        self._parts: dict[str, Callable[[], None]] = {
            "goals": self._goals, "story": self._story, "mechanism": self._mechanism, "drawing": self._drawing,
            "example": self._example, "steps": self._steps, "checks": self._checks, "terms": self._terms,
            "exercises": self._exercises,
        }  # fmt: skip

    def write(self) -> str:
        if sum(len(sentence.split()) for sentence in self.left) > self.scene.words // 2:
            while self.left:
                self.page.say(self.left.pop(0))
        elif self.scene.words < 200:
            self._say("open")
            self._fact()
        else:
            self._say("open", "claim")
            self._fact()
        self.page.close()
        asked = self._asked_for()
        # A naming sentence and a closing one.
        ending = max(32, self.scene.words // 12)
        limit = self.scene.words - ending
        for part in asked:
            if self._room(limit) > _PART_WORDS.get(part, 45):
                self._parts[part]()
        self._fill(limit)
        while self.left:
            self._fact()
        self._close()
        return self.page.text

    def _room(self, limit: int) -> int:
        return limit - self.page.count - sum(len(s.split()) + 6 for s in self.left)

    def _asked_for(self) -> list[str]:
        """The elements the section's brief names, in its order; without any, what a section usually has."""
        low = self.scene.asked.lower()
        found = [(match.start(), name) for name, words in _ELEMENTS if (match := re.search(words, low))]
        return [name for _, name in sorted(found)] or ["mechanism", "example", "steps", "checks"]

    def _fill(self, limit: int) -> None:
        """Explain further until there is no more room, with examples and reasons in turn."""
        rounds = (
            ("claim", "mechanism", "bridge"),
            ("example", "why", "claim"),
            ("mechanism", "claim", "warning"),
            ("why", "example", "mechanism"),
        )
        for turn in range(200):
            if self._room(limit) < 14:
                return
            for kind in rounds[(turn + self.scene.index) % len(rounds)]:
                room = self._room(limit)
                if room >= 10:
                    self.page.add(kind, at_most=room + 6, t=self._topic())
            if turn % 2 == 0:
                self._fact()
            self.page.close()

    def _close(self) -> None:
        missing = missing_from(self.page.text, self.scene.asked)
        if missing:
            self.page.add("naming", names=", ".join(missing))
        for kind in ("why", "claim", "bridge", "why"):
            left = self.scene.words - self.page.count - 16
            if left < 8:
                break
            self.page.add(kind, at_most=left + 4, t=self._topic())
        self.page.add("close", t=self._topic())

    def _topic(self) -> str:
        """The topics in turn."""
        topic = self.topics[self._turn % len(self.topics)]
        self._turn += 1
        return topic

    def _say(self, *kinds: str) -> None:
        for kind in kinds:
            self.page.add(kind, t=self._topic())

    def _fact(self) -> None:
        if not self.left:
            return
        sentence = self.left.pop(0)
        if len(sentence.split()) > 30 or sentence.startswith(("You ", "О чём глава")):
            self.page.say(sentence)
        else:
            self.page.frame("fact", x=sentence, bare=sentence)

    def _list(self, lead: str, item: str, count: int, marker: str) -> None:
        """A lead-in, then a Markdown list."""
        self.page.close()
        self.page.line(self.page.fill(lead, t=self._topic()))
        lines = []
        for number in range(1, count + 1):
            text = self.page.fill(item, t=self._topic())
            lines.append(f"{marker.format(n=number)} {text}")
        self.page.line("\n".join(lines))

    def _goals(self) -> None:
        self._list("goals", "goal", 3, "-")

    def _steps(self) -> None:
        self._list("steps", "step", 4 if self.scene.words < 400 else 6, "{n})")

    def _checks(self) -> None:
        self._list("checks", "check", 4 if self.scene.words < 400 else 6, "- [ ]")

    def _exercises(self) -> None:
        self._list("exercises", "exercise", 2, "{n})")

    def _terms(self) -> None:
        self._list("terms", "term", max(2, min(4, len(self.topics))), "-")

    def _story(self) -> None:
        asked = re.search(r"[^.;:]*(?:story|истори)[^.;:]*\d[^.;:]*", self.scene.asked)
        if asked:
            topic = self._topic()
            about = "и здесь она про" if self.scene.brief.language == "ru" else "and here it is about"
            self.page.say(with_end(f"{upper_first(asked[0].strip())}, {about} {topic}"))
        self._say("story")
        for _ in range(3 if self.scene.words < 400 else 5):
            self._say("story_middle")
        self._say("story_end")
        self.page.close()

    def _mechanism(self) -> None:
        self._say("mechanism", "claim", "mechanism")
        self._fact()
        self.page.close()

    def _drawing(self) -> None:
        self._say("drawing", "drawn", "drawn")
        self.page.close()

    def _example(self) -> None:
        self._say("example", "example", "why")
        self._fact()
        self.page.close()


def _grammar(russian: bool) -> ModuleType:
    from importlib import import_module

    # Only the grammar that is asked for is read in.
    return import_module(f"ghostkit.providers.rehearsal.grammar_teach_{'ru' if russian else 'en'}")


def _default_example(russian: bool) -> str:
    return "нашем примере" if russian else "our running example"


def _named(topic: str, russian: bool) -> str:
    """A topic as a phrase that fits after "about": clauses become "the question of why …"."""
    bare = topic.strip().rstrip(".")
    if russian:
        return f"«{bare}»"
    clause = _CLAUSE.match(bare)
    return f"the question of {bare[clause.end() :]}" if clause else bare


def _topic_of(scene: Scene) -> str:
    topic = re.split(r":\s", scene.title)[0] or scene.brief.title
    small = topic[:1].lower() + topic[1:]
    return small if small in scene.brief.text else topic


def _is_plan(sentence: str) -> bool:
    """Whether a sentence of the section's brief lists its parts ("Fsync: learning goals; a story")."""
    head, colon, rest = sentence.partition(": ")
    return bool(colon) and len(head.split()) < 10 and any(re.search(w, rest.lower()) for _, w in _ELEMENTS)
