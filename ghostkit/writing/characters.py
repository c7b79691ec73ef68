"""The people of a book: completed from a few words, developed over the chapters, known as of each of them.

What a model gives is a step with a receipt, under an id that follows from what it was asked: the same wish is never
paid for twice, whatever happened in between.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ghostkit.book.kinds import inverse, meaning, name_key
from ghostkit.book.model import Book, Character, Relationship, Stage, Style
from ghostkit.book.people import relationship_faults, who_is_called
from ghostkit.book.rendering import profile_fields, relationship_fields
from ghostkit.errors import IncompleteEnding, InputError, UnknownName
from ghostkit.generation import GenerationService, StepSpec, language_name
from ghostkit.generation.prompts import part_hash
from ghostkit.ledger import Revision, Slot, Who, in_thread
from ghostkit.providers import Ending
from ghostkit.writing import profiles
from ghostkit.writing.lore import bible_json, developed, entries_as_of, people_as_of, people_json
from ghostkit.writing.lore_acts import LoreActs, check_people
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.material import plan_text, style_variables
from ghostkit.writing.parsing import DevelopmentAnswer, parse_answer
from ghostkit.writing.plan import SECTION, summary_kind
from ghostkit.writing.window import Span, cover

CHARACTER: Final = "character"
DEVELOPMENT: Final = "character_development"
MAX_TOKENS: Final = 1500


class CharacterService:
    """Everything about the characters of one book. What asks a model needs the lease, as a run does."""

    def __init__(
        self, manuscript: Manuscript, service: GenerationService, *, model: str, style: Style, who: Who | None = None
    ) -> None:
        self.manuscript = manuscript
        self.service = service
        self.model = model
        self.style = style
        self.who = who or service.who

    # ── creating ──────────────────────────────────────────────────────────────────────────────────────────

    async def create_character(self, profile: Mapping[str, Any] | Character) -> Character:
        """Add somebody to the book from a partial profile, down to a name or not even that; a model fills the gaps.

        What was given stays as it is, to the letter. Somebody who is there already gets what they still lack; with
        nothing lacking, no model is asked.

        Raises:
            InputError: a profile that can't be, or that says otherwise than the book.
            IncompleteEnding: the answer did not come out whole; asking again goes on.
        """
        given, fields = profiles.given_profile(profile)
        book = self.manuscript.book
        person, fields = given, fields
        there = find_person(book, given.name) if given.name and _is_there(book, given.name) else None
        if there is not None:
            person, fields = profiles.completed_from(there, given, fields)
        missing = profiles.gaps(fields)
        check_people(book, _with(book.characters, replace(person, name=person.name or "?")))
        if missing:
            text = await self._ask(self._creation(book, person, fields, missing))
            # Somebody may have been added meanwhile, so what is there counts as it is then.
            person = profiles.filled(person, missing, text, self.manuscript.book.characters, fields)
        await self._keep(lambda people: _added(people, person), bool(missing))
        return find_person(self.manuscript.book, person.name)

    def _creation(self, book: Book, person: Character, fields: frozenset[str], missing: Sequence[str]) -> StepSpec:
        asked = [*missing, *(["relationships"] if "relationships" not in fields and book.characters else [])]
        profile = {key: value for key, value in _profile(person).items() if value not in ("", [])}
        if "role" in missing:
            profile.pop("role", None)
        others = replace(book, characters=tuple(p for p in book.characters if p.name != person.name))
        chapter = max(person.since_chapter, len(book.chapters) or 1)
        variables = {
            **self._common(others, chapter),
            "profile": _json(profile),
            "fields": ", ".join(asked),
        }
        cast = [other for other in book.characters if other.name != person.name]
        return self._spec(
            Slot(object_id=_id(book, CHARACTER, _json(profile), *missing), kind=CHARACTER),
            variables,
            ("brief", "style_guide", "plan", "people", "bible", "profile"),
            lambda text: profiles.check_filled(text, missing, cast),
        )

    # ── developing ────────────────────────────────────────────────────────────────────────────────────────

    async def develop_character(
        self, character: Character | str, context: str | int = "", *, chapter: int | None = None, again: bool = False
    ) -> Character:
        """Say how what was written has changed somebody by the beginning of `chapter`; what they were before is kept.

        `context` is what else is to be considered, in words, or the chapter. Without a chapter it is the next one to
        be written. Developed for that chapter already, they are as they are and no model is asked, unless `again`.

        Raises:
            InputError: nothing is written before that chapter.
        """
        words = "" if isinstance(context, int) else context
        chapter = context if isinstance(context, int) else chapter
        book = self.manuscript.book
        person = find_person(book, character if isinstance(character, str) else character.name)
        number = self._chapter_to_develop_for(book, person, chapter)
        if any(stage.since_chapter == number for stage in person.stages) and not again:
            return person
        slot = Slot(object_id=_id(book, DEVELOPMENT, name_key(person.name), book.chapters[number - 1].id, words),
                    kind=DEVELOPMENT)  # fmt: skip
        if again and await in_thread(self.manuscript.ledger.finished_text, slot) is not None:
            await in_thread(self.manuscript.ledger.supersede, slot)
        before = _before(person, number)
        text = await self._ask(self._development(book, before, number, words, slot))
        answer = parse_answer(DevelopmentAnswer, text, "character development")
        stage = _stage(before, answer, number)
        if stage is not None:
            await self._keep(lambda people: _with_stage(people, person.name, stage), True)
        return find_person(self.manuscript.book, person.name)

    def _chapter_to_develop_for(self, book: Book, person: Character, chapter: int | None) -> int:
        if not book.chapters:
            raise InputError("The book has no chapters yet.", fix="Make the outline first: `ghostkit outline`.")
        if chapter is None:
            open_ones = (c.number for c in book.chapters if not all(s.content for s in c.sections) or not c.sections)
            chapter = next(open_ones, len(book.chapters))
        if not 1 <= chapter <= len(book.chapters):
            raise UnknownName(f"There is no chapter {chapter}.", fix=f"Chapters run from 1 to {len(book.chapters)}.")
        if not any(section.content for earlier in book.chapters[: chapter - 1] for section in earlier.sections):
            raise InputError(
                f"Nothing is written before chapter {chapter} that could have changed {person.name}.",
                fix="Write first, or say what has changed: `ghostkit people PATH edit`.",
            )
        if chapter < person.since_chapter:
            raise InputError(
                f"{person.name} only becomes known in chapter {person.since_chapter}.", fix="Give a later chapter."
            )
        return chapter

    def _development(self, book: Book, person: Character, number: int, context: str, slot: Slot) -> StepSpec:
        read = list(self._story_before(book, number))
        full = [head for section in book.chapters[number - 2].sections if (head := self._head(section.id, SECTION))]
        variables = {
            **self._common(book, number),
            "profile": _json(_profile(person)),
            "context": context,
            "story": [head.text.strip() for head in read],
            "manuscript": [head.text.strip() for head in full],
            "number": number,
        }
        heads = {f"{head.kind}:{head.object_id}": head.text_hash for head in (*read, *full)}
        names = ("brief", "style_guide", "plan", "people", "bible", "profile", "context")
        return self._spec(slot, variables, names, profiles.check_development, heads)

    def _story_before(self, book: Book, number: int) -> Iterator[Revision]:
        """The chapters up to the one before the last, each by the coarsest summary there is, else in full."""
        for span in cover(number - 2):
            yield from self._told(book, span)

    def _told(self, book: Book, span: Span) -> Iterator[Revision]:
        chapter = book.chapters[span.last - 1]
        head = self._head(chapter.id, summary_kind(span.chapters))
        if head is not None:
            yield head
        elif span.chapters > 1:
            for part in span.parts():
                yield from self._told(book, part)
        else:
            yield from (head for s in chapter.sections if (head := self._head(s.id, SECTION)) is not None)

    def _head(self, object_id: str, kind: str) -> Revision | None:
        return self.manuscript.head(object_id, kind)

    # ── knowing ───────────────────────────────────────────────────────────────────────────────────────────

    def get_character_context(self, character: Character | str, chapter: int) -> str:
        """What is known of somebody as of a chapter, as lines of text; empty if that is nothing yet."""
        return character_context(
            self.manuscript.book, character if isinstance(character, str) else character.name, chapter
        )

    async def update_relationships(self, characters: Iterable[Character]) -> None:
        """Make relationships mutual and keep them: who is Mira's mentor has Mira as their student.

        `characters` are the people as they should be; those of the book that are not among them stay as they are.
        Kinds that are nobody's known inverse stay one-sided. Doing it again changes nothing.
        """
        given = {name_key(person.name): person for person in characters}

        def change(people: tuple[Character, ...]) -> tuple[Character, ...]:
            known = {name_key(person.name) for person in people}
            new = [person for key, person in given.items() if key not in known]
            return mutual((*(_related(person, given.get(name_key(person.name))) for person in people), *new))

        await self._keep(change, False)

    # ── what they share ───────────────────────────────────────────────────────────────────────────────────

    def _common(self, book: Book, chapter: int) -> dict[str, object]:
        settings = book.settings
        return {
            "title": book.title,
            "language": book.language,
            "language_name": language_name(book.language),
            **style_variables(self.style),
            "brief": book.instructions,
            "chapters": len(book.chapters) or settings.chapters,
            "sections": settings.sections,
            "words": settings.words,
            "plan": plan_text(book),
            "people": people_json(book, chapter),
            "bible": bible_json(book, chapter),
        }

    def _spec(
        self,
        slot: Slot,
        variables: Mapping[str, object],
        names: Sequence[str],
        check: Callable[[str], None],
        heads: Mapping[str, str] | None = None,
    ) -> StepSpec:
        prompts = self.service.prompts
        texts = {name: value for name in names if isinstance(value := variables[name], str) and value.strip()}
        inputs = {name.removesuffix("_guide"): part_hash(value) for name, value in texts.items()}
        return StepSpec(
            slot=slot,
            model=self.model,
            prompt=prompts.render(slot.kind, **variables),
            max_tokens=MAX_TOKENS,
            inputs={**inputs, "template": prompts.template(slot.kind).digest, **(heads or {})},
            parameters={"temperature": self.manuscript.book.settings.temperature},
            check=check,
        )

    async def _ask(self, spec: StepSpec) -> str:
        result = await self.service.run_step(spec)
        if result.ending is Ending.COMPLETE:
            return result.text
        if result.error is not None:
            raise result.error
        raise IncompleteEnding(
            f"The {spec.slot.kind.replace('_', ' ')} ended as {result.ending}.",
            fix="Ask again; what came is kept.",
            ending=str(result.ending),
        )

    async def _keep(self, change: Callable[[tuple[Character, ...]], Iterable[Character]], generated: bool) -> None:
        acts = await in_thread(LoreActs, self.manuscript, self.who)
        try:
            await in_thread(lambda: acts.change_people(change, generated=generated))
        finally:
            for event in acts.happened:
                await self.service.emit(event)


# ── pure parts ────────────────────────────────────────────────────────────────────────────────────────────────


def find_person(book: Book, name: str) -> Character:
    """The person of that name or alias, in whatever case; raises `UnknownName`, saying who there is."""
    found = who_is_called(book.characters).get(name_key(name))
    for person in book.characters:
        if person.name == found:
            return person
    there = ", ".join(person.name for person in book.characters)
    raise UnknownName(
        f"There is nobody called {name!r}.", fix=f"There is: {there}." if there else "The book has no people yet."
    )


def character_context(book: Book, name: str, chapter: int) -> str:
    """What is known of somebody as of a chapter, a line a fact; empty if they are not known yet."""
    person = find_person(book, name)
    if person.name not in {known.name for known in people_as_of(book, chapter)}:
        return ""
    key = f"person:{name_key(person.name)}"
    entry = next(entry for entry in entries_as_of(book, chapter) if entry.key == key)
    lines = [f"{person.name}, as of chapter {chapter}"]
    for field, value in entry.facts.items():
        if field != "name" and value:
            lines.append(f"{field}: {', '.join(value) if isinstance(value, list) else value}")
    return "\n".join(lines)


def mutual(people: Sequence[Character]) -> tuple[Character, ...]:
    """The people with the other side of each relationship whose kind has one; what is there already stays."""
    called = who_is_called(people)
    bonds = {person.name: list(person.relationships) for person in people}
    for person in people:
        for bond in person.relationships:
            back, other = inverse(bond.kind), called.get(name_key(bond.to))
            if back is None or other is None or other == person.name:
                continue
            if not any(called.get(name_key(b.to)) == person.name and meaning(b.kind) is back for b in bonds[other]):
                told = Relationship(
                    to=person.name, kind=str(back), description=bond.description, since_chapter=bond.since_chapter
                )
                bonds[other].append(told)
    return tuple(replace(person, relationships=tuple(bonds[person.name])) for person in people)


def _related(person: Character, wanted: Character | None) -> Character:
    """The person with the relationships they should have."""
    return person if wanted is None else replace(person, relationships=wanted.relationships)


def _is_there(book: Book, name: str) -> bool:
    return name_key(name) in who_is_called(book.characters)


def _with(people: Sequence[Character], person: Character) -> tuple[Character, ...]:
    """The people with this one, in their place if they have one."""
    key = name_key(person.name)
    if any(name_key(other.name) == key for other in people):
        return tuple(person if name_key(other.name) == key else other for other in people)
    return (*people, person)


def _added(people: Sequence[Character], person: Character) -> tuple[Character, ...]:
    """The people with this one; who is there by now only gets what they have nothing of."""
    person = _without_impossible(people, person)
    there = next((other for other in people if name_key(other.name) == name_key(person.name)), None)
    if there is None:
        return (*people, person)
    empty = [name for name in Character.__dataclass_fields__ if not getattr(there, name)]
    bonds = (*there.relationships, *(bond for bond in person.relationships if bond not in there.relationships))
    facts = {**person.extra, **there.extra}
    new = {**{name: getattr(person, name) for name in empty}, "relationships": bonds, "extra": facts}
    return _with(people, replace(there, **new))


def _without_impossible(people: Sequence[Character], person: Character) -> Character:
    """The person without relationships that a model gave them and that can't be."""
    before = next((other.relationships for other in people if other.name == person.name), ())
    cast = _with(people, person)
    bonds = [(other.name, bond) for other in people if other.name != person.name for bond in other.relationships]
    kept: list[Relationship] = []
    for bond in person.relationships:
        if bond in before or not any(relationship_faults(cast, [*bonds, (person.name, bond)])):
            kept.append(bond)
            bonds.append((person.name, bond))
    return replace(person, relationships=tuple(kept))


def _before(person: Character, number: int) -> Character:
    """Somebody as they are before anything that holds from chapter `number` on."""
    earlier = tuple(stage for stage in person.stages if stage.since_chapter < number)
    return developed(replace(person, stages=earlier), number)


def _with_stage(people: Sequence[Character], name: str, stage: Stage) -> tuple[Character, ...]:
    def changed(person: Character) -> Character:
        others = [old for old in person.stages if old.since_chapter != stage.since_chapter]
        return replace(person, stages=tuple(sorted([*others, stage], key=lambda one: one.since_chapter)))

    return tuple(changed(person) if person.name == name else person for person in people)


def _stage(person: Character, answer: DevelopmentAnswer, number: int) -> Stage | None:
    """What the answer changes of the person as they were; None if that is nothing."""
    description = answer.description.strip()
    traits, arc = tuple(answer.traits), answer.arc.strip()
    stage = Stage(
        since_chapter=number,
        description=description if description != person.description else "",
        traits=traits if traits != person.traits else (),
        arc=arc if arc != person.arc else "",
    )
    return stage if stage.description or stage.traits or stage.arc else None


def _profile(person: Character) -> dict[str, Any]:
    bonds = [relationship_fields(person.name, bond) for bond in person.relationships]
    for bond in bonds:
        del bond["from"]
    return {**profile_fields(person), **({"relationships": bonds} if bonds else {})}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _id(book: Book, kind: str, *wish: str) -> str:
    """`p-` and twelve hexadecimal digits of what was asked for."""
    digest = hashlib.sha256(json.dumps([book.id, kind, *wish], ensure_ascii=False).encode()).hexdigest()
    return f"p-{digest[:12]}"
