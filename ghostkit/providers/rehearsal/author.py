"""From a request to its answer: what kind of task it is, and who writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ghostkit.providers.contract import Request
from ghostkit.providers.rehearsal.chance import seed_of
from ghostkit.providers.rehearsal.facts import Brief, read_brief
from ghostkit.providers.rehearsal.invented import with_cast
from ghostkit.providers.rehearsal.locked import passages_of, with_passages
from ghostkit.providers.rehearsal.reading import Prompt, people_in, read_prompt, split_brief_and_points

if TYPE_CHECKING:
    from ghostkit.providers.rehearsal.manner import Manner
    from ghostkit.providers.rehearsal.scene import Scene


def write(request: Request) -> str:
    """The answer to `request`, whole; after an assistant's message, what is still missing of it."""
    prompt = read_prompt(request)
    kind = prompt.kind if prompt.kind in _WRITERS else "text"
    text = _WRITERS[kind](prompt, request)
    begun = prompt.continued.rstrip()
    return text[len(begun) :] if begun and text.startswith(begun) else text


def brief_of(prompt: Prompt) -> Brief:
    """The book's brief, with people and places invented where it has none."""
    book = prompt.block("book")
    title = book.attributes.get("title", "")
    brief = read_brief(book.text, title, prompt.language, prompt.model, prompt.style)
    if is_nonfiction(prompt):
        from ghostkit.providers.rehearsal.teaching_outline import BESIDE_GOALS

        every = brief.every or BESIDE_GOALS["ru" if brief.language == "ru" else "en"]
        brief = replace(brief, is_fiction=False, every=every)
    return with_cast(brief)


def is_nonfiction(prompt: Prompt) -> bool:
    """Does the prompt say so: by its task, or by a chapter that has goals?"""
    return prompt.task.attributes.get("genre") == "non-fiction" or "\n- Goal: " in f"\n{prompt.block('chapter').raw}"


def _outline(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.outline import write_outline

    chapters = prompt.task.number("chapters", prompt.block("book").number("chapters", 5))
    brief = brief_of(prompt)
    outline = write_outline(brief, chapters, prompt.variation)
    if is_nonfiction(prompt):
        from ghostkit.providers.rehearsal.teaching_outline import with_parts_and_goals

        outline = with_parts_and_goals(brief, outline)
    return _json(outline)


def _glossary(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.glossary import write_glossary

    most = prompt.task.number("terms", 40)
    return _json(write_glossary(prompt.block("book").text, most))


def _characters(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.cast import write_characters

    return _json(write_characters(brief_of(prompt), prompt.variation))


def _character(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.profiles import write_character

    people = people_in(prompt.block("people"))
    fields = prompt.task.attributes.get("fields", "")
    return _json(write_character(brief_of(prompt), _profile(prompt), people, fields, prompt.variation))


def _development(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.profiles import write_development

    told = f"{prompt.block('story_so_far').text}\n\n{prompt.block('manuscript').text}"
    number = prompt.task.number("number", 1)
    return _json(write_development(brief_of(prompt), _profile(prompt), told, number, prompt.variation))


def _profile(prompt: Prompt) -> Mapping[str, Any]:
    try:
        found = json.loads(prompt.block("profile").text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _chapter_outline(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.outline import write_chapter_outline
    from ghostkit.providers.rehearsal.scene import known_people

    brief, chapter = brief_of(prompt), prompt.block("chapter")
    text, points = split_brief_and_points(chapter.text)
    book = prompt.block("book")
    outline = write_chapter_outline(
        brief,
        number=prompt.task.number("number", chapter.number("number", 1)),
        of=chapter.number("of", book.number("chapters", 1)),
        sections=prompt.task.number("sections", book.number("sections", 3)),
        title=chapter.attributes.get("title", ""),
        chapter_brief=text,
        points=points,
        people=known_people(prompt, brief),
        seed=prompt.variation,
    )
    return _json(outline)


def _section(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.manner import manner_of
    from ghostkit.providers.rehearsal.scene import read_scene

    brief = brief_of(prompt)
    # The seed is the book's, not the section's: its sections share the decks and so don't repeat each other.
    seed = f"{seed_of(brief.title, brief.text):x}\x1f{prompt.variation}\x1f{prompt.model}"
    return with_passages(_prose(read_scene(prompt, brief), manner_of(prompt.style), seed), passages_of(request))


def _prose(scene: Scene, manner: Manner, seed: str) -> str:
    if scene.brief.is_fiction:
        from ghostkit.providers.rehearsal.prose import write_scene

        return write_scene(scene, manner, seed)
    from ghostkit.providers.rehearsal.lesson import write_lesson

    return write_lesson(scene, manner, seed)


def _summary(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.summaries import summarise

    return summarise(prompt.block("material").text, prompt.task.number("words", 120))


def _title(prompt: Prompt, request: Request) -> str:
    from ghostkit.providers.rehearsal.outline import title_of

    return title_of(brief_of(prompt))


def _text(prompt: Prompt, request: Request) -> str:
    """Prose on a prompt that is no task: its own sentences come up in it, with its names and things."""
    from ghostkit.providers.rehearsal.manner import manner_of
    from ghostkit.providers.rehearsal.scene import free_scene

    brief = with_cast(read_brief(prompt.free, "", prompt.language, prompt.model))
    words = max(1, min(_FREE_WORDS, int(request.max_tokens / 1.6)))
    return _prose(free_scene(brief, words), manner_of(prompt.style), f"{prompt.free}\x1f{prompt.variation}")


def _json(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=1)


_FREE_WORDS: Final = 250
_WRITERS: Final[dict[str, Callable[[Prompt, Request], str]]] = {
    "outline": _outline,
    "glossary": _glossary,
    "characters": _characters,
    "character": _character,
    "character_development": _development,
    "chapter_outline": _chapter_outline,
    "section": _section,
    "chapter_summary": _summary,
    "summary": _summary,
    "span_summary": _summary,
    "title": _title,
    "text": _text,
}
