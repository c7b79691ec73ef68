"""A scene of a story: it opens on a place, talks, turns, and ends on an act."""

from __future__ import annotations

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.deck import grammar_for
from ghostkit.providers.rehearsal.manner import Manner
from ghostkit.providers.rehearsal.page import Page
from ghostkit.providers.rehearsal.scene import Scene, missing_from
from ghostkit.providers.rehearsal.sentences import with_end


def write_scene(scene: Scene, manner: Manner, seed: str) -> str:
    """Prose of `scene.words` words in the manner of a style."""
    page = _page(scene, manner, seed)
    said = _Weaver(scene, manner, page, seed)
    target = scene.words
    _open(page, scene, manner)
    said.some(1)
    page.close()
    ending = max(12, min(70, target // 6))
    round_ = 0
    while page.room(target) > ending + max(24, said.words_left):
        if scene.second is not None and manner.talks(round_):
            _talk(page, said, target - ending)
        else:
            _tell(page, manner, said, target - ending, round_)
        round_ += 1
        if round_ > 400:
            break
    while said.left:
        said.some(2)
        page.close()
    _end(page, scene, target)
    return page.text


def _page(scene: Scene, manner: Manner, seed: str) -> Page:
    from ghostkit.providers.rehearsal.outline import wording_for

    language = "ru" if scene.brief.language == "ru" else "en"
    spare = Chance("spare", seed, scene.index).shuffled(wording_for(language).PLAIN_NOUNS)
    things = (*scene.things, *spare)
    return Page(
        grammar_for(_module(language), f"{seed}\x1f{manner.name}", manner.length),
        slots={"o": f"the {things[0]}" if language == "en" else things[0],
               "o2": f"the {things[1]}" if language == "en" else things[1],
               "place": scene.place or ("the place" if language == "en" else "здесь")},
        lead=scene.lead,
        second=scene.second,
        index=scene.index,
        words=scene.words,
        language=language,
        first_person=scene.first_person,
    )  # fmt: skip


def _module(language: str):  # type: ignore[no-untyped-def]
    from ghostkit.providers.rehearsal import grammar_en, grammar_ru

    return grammar_ru if language == "ru" else grammar_en


class _Weaver:
    """Brings in what has to be said, a sentence or two at a time, in ways that differ."""

    def __init__(self, scene: Scene, manner: Manner, page: Page, seed: str) -> None:
        self.left = list(scene.statements)
        self._scene, self._page = scene, page

    @property
    def words_left(self) -> int:
        return sum(len(sentence.split()) + 4 for sentence in self.left)

    def some(self, count: int) -> None:
        for _ in range(min(count, len(self.left))):
            self._page.say(with_end(self.left.pop(0)))


def _open(page: Page, scene: Scene, manner: Manner) -> None:
    page.add("open")
    if scene.words >= 120:
        page.add("look")
        page.add("do")


def _talk(page: Page, said: _Weaver, limit: int) -> None:
    page.block("talk")
    if page.room(limit) > 60:
        page.block("talk")


def _tell(page: Page, manner: Manner, said: _Weaver, limit: int, round_: int) -> None:
    for kind in ("do", "look", "do"):
        room = page.room(limit)
        if room < 12 or not page.add(kind, at_most=room):
            break
    said.some(1)
    page.close()


def _end(page: Page, scene: Scene, target: int) -> None:
    missing = missing_from(page.text, scene.asked)
    if missing:
        page.say(f"{', '.join(missing)}.")
    closing = page.fill("end")
    page.close()
    while page.room(target) - len(closing.split()) > 9:
        room = page.room(target) - len(closing.split()) + 4
        if not page.add("do", at_most=room):
            break
    page.say(closing)
