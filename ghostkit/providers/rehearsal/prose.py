"""A scene of a story: it opens on a place, talks, turns, and ends on an act."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from ghostkit.providers.rehearsal.chance import Chance
from ghostkit.providers.rehearsal.deck import grammar_for
from ghostkit.providers.rehearsal.manner import Manner
from ghostkit.providers.rehearsal.page import Page
from ghostkit.providers.rehearsal.scene import Scene, missing_from
from ghostkit.providers.rehearsal.weaver import Weaver

_TALK_WORDS = 45
_TELL_WORDS = 75
_CLOSING_WORDS = 15


def write_scene(scene: Scene, manner: Manner, seed: str) -> str:
    """Prose of `scene.words` words in the manner of a style."""
    chance = Chance("scene", seed, manner.name, scene.index, scene.title, scene.asked)
    page = _page(scene, manner, seed)
    weaver = Weaver(scene, page, chance)
    target = scene.words
    ending = max(12, min(80, target // 5))
    _open(page, scene, weaver)
    _middle(page, scene, manner, weaver, target - ending, chance)
    in_company = scene.second is not None and not weaver.last
    weaver.finish()
    _end(page, scene, target, in_company)
    return page.text


def _page(scene: Scene, manner: Manner, seed: str) -> Page:
    from ghostkit.providers.rehearsal.outline import wording_for

    language = "ru" if scene.brief.language == "ru" else "en"
    spare = Chance("spare", seed, scene.index).shuffled(wording_for(language).PLAIN_NOUNS)
    things = [thing if language == "ru" else f"the {thing}" for thing in (*scene.things, *spare)]
    somewhere = scene.place or ("дом" if language == "ru" else "the house")
    return Page(
        grammar_for(_grammar(language), f"{seed}\x1f{manner.name}", manner.length),
        slots={"o": things[0], "o2": things[1], "place": somewhere},
        lead=scene.lead,
        second=scene.second,
        index=scene.index,
        words=scene.words,
        language=language,
        first_person=scene.first_person,
    )


def _grammar(language: str) -> ModuleType:
    from importlib import import_module

    # Only the grammar that is asked for is read in.
    return import_module(f"ghostkit.providers.rehearsal.grammar_{language}")


def _open(page: Page, scene: Scene, weaver: Weaver) -> None:
    """Where and when; in a short piece at once what it is about."""
    room = max(20, scene.words // 3)
    if weaver.is_tight:
        weaver.weave(len(weaver.left))
        page.close()
        return
    page.add("open")
    for kind in ("look", "do"):
        if page.count < room and scene.words >= 80:
            page.add(kind, at_most=room)
    if weaver.left:
        weaver.weave(1)
    page.close()


def _middle(page: Page, scene: Scene, manner: Manner, weaver: Weaver, limit: int, chance: Chance) -> None:
    """Telling and talking in turn, with what has to be said spread over all of it."""
    kinds = _plan_of_telling(scene, manner, chance)
    for round_ in range(400):
        room = limit - page.count - weaver.words_left
        if room < 28:
            return
        rounds = max(1, (limit - page.count) // (_TALK_WORDS + _TELL_WORDS))
        due = -(-len(weaver.left) // rounds)
        if scene.second is not None and manner.talks(round_) and room > _TALK_WORDS:
            page.block("talk")
            if chance.below(3) == 0 and limit - page.count - weaver.words_left > 2 * _TALK_WORDS:
                page.block("talk")
        else:
            _tell(page, kinds(round_), weaver, due, limit, manner)


def _plan_of_telling(scene: Scene, manner: Manner, chance: Chance) -> Callable[[int], tuple[str, ...]]:
    """Which kinds of sentence make up the paragraphs, in an order of the scene's own."""
    together = (
        ("do", "notice", "do", "think"),
        ("look", "do", "notice"),
        ("move", "look", "do", "do"),
        ("notice", "do", "look"),
        ("do", "think", "notice", "do"),
        ("look", "notice", "do", "do"),
    )
    alone = (
        ("do", "look", "do", "think"),
        ("look", "do", "alone"),
        ("do", "do", "alone", "look"),
        ("alone", "do", "look", "do"),
        ("think", "do", "do"),
    )
    order = chance.shuffled(together if scene.second is not None else alone)

    def kinds(round_: int) -> tuple[str, ...]:
        plan = order[round_ % len(order)]
        return (*plan, manner.mood) if manner.mood and round_ % 2 == 0 else plan

    return kinds


def _tell(page: Page, kinds: tuple[str, ...], weaver: Weaver, due: int, limit: int, manner: Manner) -> None:
    at = len(kinds) // 2
    for number, kind in enumerate(kinds):
        if number == at:
            weaver.weave(due)
        room = limit - page.count - weaver.words_left
        if room < 8 or not page.add(kind, at_most=room):
            break
    else:
        page.close()
        return
    weaver.weave(due if at >= len(kinds) else 0)
    page.close()


def _end(page: Page, scene: Scene, target: int, in_company: bool) -> None:
    """The turn, what is still missing, and an act; cut to measure."""
    _supply_missing(page, scene)
    left = target - page.count - _CLOSING_WORDS
    if left > 18:
        page.add("turn", at_most=left)
    kinds = ("do", "notice", "look") if in_company else ("do", "look", "alone")
    for number in range(12):
        left = target - page.count - _CLOSING_WORDS
        if left < max(4, target // 40):
            break
        page.add(kinds[number % 3], at_most=left + target // 50)
        if number == 1:
            page.close()
    if target - page.count > _CLOSING_WORDS - target // 10 or not page.count:
        page.add("end")


def _supply_missing(page: Page, scene: Scene) -> None:
    """Names and numbers of the section's brief that no sentence has brought in so far."""
    missing = missing_from(page.text, scene.asked)
    if missing:
        names = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
        if scene.brief.language == "ru":
            names = ", ".join(missing)
        page.add("naming", names=names)
        page.close()
