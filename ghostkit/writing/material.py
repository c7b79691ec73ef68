"""What a text is made from: template variables by name, and the hash of each thing it depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ghostkit.book.model import Book, Chapter, Section, Style
from ghostkit.book.styles import style_guide
from ghostkit.errors import UnknownName
from ghostkit.generation import PromptService, language_name
from ghostkit.generation.prompts import Escaped, escape, part_hash, part_text
from ghostkit.ledger import Revision
from ghostkit.rag.context.allocator import Shares, allocate
from ghostkit.writing import plan
from ghostkit.writing.fitting import InFull, Passage, Priority, Reading, Summarised, estimate_tokens, fit
from ghostkit.writing.lore import bible_json, people_json
from ghostkit.writing.plan import Node
from ghostkit.writing.retrieval.condensing import condensed
from ghostkit.writing.window import Span, window_before

CHAPTER_SUMMARY_WORDS = 120
SPAN_SUMMARY_WORDS = 200
GLOSSARY_TERMS = 60
TOKENS_A_WORD = 3
"""Room for an answer: generous, because Cyrillic and CJK take more tokens a word than English."""
SUMMARY_PROMPT_TOKENS = 1000
"""What a summary's prompt says besides its style and its material, at most."""
UNBOUNDED = 1_000_000_000
RETRIEVED = "retrieved"
NOTHING: Mapping[str, str] = MappingProxyType({})

DEFAULT_RATIOS: Mapping[str, float] = MappingProxyType({"core": 0.4, "retrieved": 0.3, "summaries": 0.3})

FindHead = Callable[[str, str], Revision | None]
"""(object id, kind) → the text that is the book's."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """`template` and its `variables`; `inputs` maps what the text depends on to SHA-256 (hex).

    `texts` holds those inputs that no head of the ledger is: the plan, the people, the brief. `notes` say what of the
    book had to be left out or shortened.
    """

    template: str
    variables: Mapping[str, object]
    inputs: Mapping[str, str]
    max_tokens: int
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    retrieved: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """The passages that were found for it, by name."""
    shares: Shares | None = None
    """What each part of a section's prompt takes, in estimated tokens."""
    budget_tokens: int = 0
    """Of which: the window less the room for the answer."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Answers what any text of one book is made from, as book and heads stand now.

    `window_size` is how many chapters before it a section reads in full, at least; prompt and answer together may
    have `window_tokens`, of which `reserved_tokens` are kept for the answer.
    """

    book: Callable[[], Book]
    place: Callable[[str], tuple[Chapter, Section]]
    head: FindHead
    style: Style
    prompts: PromptService
    window_size: int = 3
    window_tokens: int = UNBOUNDED
    reserved_tokens: int = 0
    summaries: bool = True
    """False where a section reads the window of chapters before it and nothing that sums up the others."""
    ratios: Mapping[str, float] = field(default_factory=lambda: DEFAULT_RATIOS)
    """The parts' shares of the window where it is too small for all of them."""
    _seen: list[object] = field(default_factory=list, compare=False, repr=False)
    _told: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def material(self, node: Node, retrieved: Mapping[str, str] = NOTHING) -> Material:
        """`retrieved` are passages by name that a `ContextSource` adds to a section.

        Raises `UnknownName` for what is no longer in the book.
        """
        if node.kind == plan.SECTION:
            return self._section(node, retrieved)
        make: Callable[[Node], Material] = getattr(self, f"_{node.kind}")
        return make(node)

    # ── plan ──────────────────────────────────────────────────────────────────────────────────────────────

    def _outline(self, node: Node) -> Material:
        book = self.book()
        tokens = 1000 + book.settings.chapters * 500
        variables = {**self._common(book), "kind": book.settings.kind}
        return self._made("outline", variables, ("brief", "style", "language"), tokens)

    def _characters(self, node: Node) -> Material:
        book = self.book()
        variables = {**self._common(book), "plan": plan_text(book)}
        return self._made("characters", variables, ("brief", "style", "language", "plan"), 8000)

    def _chapter_outline(self, node: Node) -> Material:
        book = self.book()
        chapter = chapter_of(book, node.object_id)
        variables = {**self._common(book), **self._known(book, chapter), **_chapter(chapter)}
        names = ("brief", "style", "language", "plan", "people", "bible", "chapter")
        return self._made("chapter_outline", variables, names, 800 + book.settings.sections * 600)

    # ── prose ─────────────────────────────────────────────────────────────────────────────────────────────

    def plain(self, node: Node) -> Material:
        """As `material`, but without the texts of the book that it reads: what is plan, people and wishes."""
        plain: Callable[[Node], Material] = getattr(self, f"_plain_{node.kind}", self.material)
        return plain(node)

    def _plain_section(self, node: Node) -> Material:
        book = self.book()
        chapter, section = self.place(node.object_id)
        variables: dict[str, object] = {
            **self._common(book),
            **self._known(book, chapter),
            **_chapter(chapter),
            "chapter_plan": still_to_come(chapter, section),
            "section_number": f"{chapter.number}.{section.number}",
            "section_title": section.title,
            "section_material": _section_material(section),
        }
        names = ("brief", "style", "language", "plan", "people", "bible", "chapter", "chapter_plan", "section")
        return self._made("section", variables, names, book.settings.words * TOKENS_A_WORD + 400)

    def _section(self, node: Node, retrieved: Mapping[str, str] = NOTHING) -> Material:
        book = self.book()
        chapter, section = self.place(node.object_id)
        made = self._plain_section(node)
        there = self.reading(book, chapter, section)
        needs = replace(_needs(made, there), retrieved=sum(map(estimate_tokens, retrieved.values())))
        budget = self._budget(made)
        essential = _essential(made)
        given = allocate(budget, needs, self.ratios)
        room = budget - essential - needs.retrieved
        read = fit(there, room, f"Section {chapter.number}.{section.number}", given.summaries)
        told = [passage.text for summary in read.story for passage in summary.passages]
        variables = {
            **made.variables,
            "story": told,
            "manuscript": list(_laid_out(read)),
            "retrieved": list(retrieved.values()),
        }
        inputs = {**made.inputs, **{passage.name: passage.hash for passage in read.passages()}}
        inputs |= {f"{RETRIEVED}:{name}": part_hash(text) for name, text in retrieved.items()}
        if there.chapters:  # also where there was no room to read it: it is what the section follows
            inputs["previous"] = there.chapters[-1].passages[-1].hash
        return replace(
            made,
            variables=variables,
            inputs=inputs,
            notes=read.notes,
            retrieved=retrieved,
            shares=replace(_needs(made, read), retrieved=needs.retrieved),
            budget_tokens=budget,
        )

    def room_for_retrieved(self, node: Node) -> int:
        """How many tokens passages may take: their share of the window, and what the other parts leave of theirs."""
        chapter, section = self.place(node.object_id)
        made = self._plain_section(node)
        budget = self._budget(made)
        needs = replace(_needs(made, self.reading(self.book(), chapter, section)), retrieved=max(budget, 0))
        return allocate(budget, needs, self.ratios).retrieved

    def _budget(self, made: Material) -> int:
        """The window less what is kept for the answer."""
        return self.window_tokens - max(made.max_tokens, min(self.reserved_tokens, self.window_tokens // 2))

    def reading(self, book: Book, chapter: Chapter, section: Section) -> Reading:
        """What `section` reads of the book before it, as far as it is there."""
        window = window_before(chapter.number, size=self.window_size, lag=book.settings.continuity_lag)
        spans = window.summed_up if self.summaries else ()
        story = tuple(told for span in spans for told in self._summed_up(book, span))
        full = [self._in_full(book.chapters[number - 1], chapter) for number in window.in_full]
        own = tuple(self._passages(chapter, before=section.number))
        chapters = [one for one in full if one.passages]
        if own:
            heading = _heading(chapter)
            chapters.append(
                InFull(number=chapter.number, heading=heading, passages=own, summary=None, priority=Priority.ESSENTIAL)
            )
        return Reading(story=story, chapters=tuple(chapters))

    def _summed_up(self, book: Book, span: Span) -> Iterator[Summarised]:
        """A span by its summary; by those of its parts where it has none yet; not at all where nothing is written."""
        last = book.chapters[span.last - 1]
        kind = plan.summary_kind(span.chapters)
        head = self.head(last.id, kind)
        if head is not None:
            label = f"chapter {span.last}" if span.chapters == 1 else f"chapters {span.first}–{span.last}"
            priority = Priority.MEDIUM if span.chapters == 1 else Priority.LOW
            yield Summarised(label=label, passages=(_passage(head),), priority=priority)
            return
        for part in span.parts():
            yield from self._summed_up(book, part)

    def _in_full(self, chapter: Chapter, reader: Chapter | None) -> InFull:
        summary = self.head(chapter.id, plan.CHAPTER_SUMMARY)
        return InFull(
            number=chapter.number,
            heading=_heading(chapter),
            passages=tuple(self._passages(chapter)),
            summary=_passage(summary) if summary else None,
            priority=Priority.HIGH if reader and chapter.number == reader.number - 1 else Priority.MEDIUM,
        )

    def _passages(self, chapter: Chapter, before: int | None = None) -> Iterator[Passage]:
        for section in chapter.sections:
            head = self.head(section.id, plan.SECTION) if before is None or section.number < before else None
            if head is not None:
                yield _passage(head)

    def _chapter_summary(self, node: Node) -> Material:
        chapter = chapter_of(self.book(), node.object_id)
        return self._summary(chapter, list(self._passages(chapter)), "chapter_summary", CHAPTER_SUMMARY_WORDS)

    def _span8_summary(self, node: Node) -> Material:
        return self._span_summary(node, 8)

    def _span64_summary(self, node: Node) -> Material:
        return self._span_summary(node, 64)

    def _span_summary(self, node: Node, size: int) -> Material:
        book = self.book()
        chapter = chapter_of(book, node.object_id)
        span = Span(first=max(chapter.number - size + 1, 1), last=chapter.number)
        passages = [p for part in span.parts() for told in self._summed_up(book, part) for p in told.passages]
        return self._summary(chapter, passages, "span_summary", SPAN_SUMMARY_WORDS)

    def _summary(self, chapter: Chapter, passages: list[Passage], template: str, words: int) -> Material:
        variables = {
            **_identity(self.book()),
            **style_variables(self.style),
            "number": chapter.number,
            "chapter_title": chapter.title,
            "material": [passage.text for passage in passages],
            "limit": words,
        }
        made = self._made(template, variables, ("language",), words * TOKENS_A_WORD + 200)
        room = self.window_tokens - made.max_tokens - estimate_tokens(str(self.style)) - SUMMARY_PROMPT_TOKENS
        texts = [passage.text for passage in passages]
        if sum(map(estimate_tokens, texts)) > room:
            made = replace(made, variables={**made.variables, "material": condensed(texts, room)})
        return replace(made, inputs={**made.inputs, **{passage.name: passage.hash for passage in passages}})

    def _plain_glossary(self, node: Node) -> Material:
        book = self.book()
        variables = {**self._common(book), "plan": plan_text(book), "limit": GLOSSARY_TERMS}
        return self._made("glossary", variables, ("brief", "style", "language", "plan"), GLOSSARY_TERMS * 120)

    def _glossary(self, node: Node) -> Material:
        """Reads the whole book, as far as it fits; what doesn't is read as summaries."""
        made = self._plain_glossary(node)
        essential = sum(estimate_tokens(_text(value)) for value in made.variables.values())
        chapters = (self._in_full(chapter, None) for chapter in self.book().chapters)
        reading = Reading(chapters=tuple(chapter for chapter in chapters if chapter.passages))
        read = fit(reading, self.window_tokens - made.max_tokens - essential, "The glossary")
        variables = {**made.variables, "material": [passage.text for passage in read.passages()]}
        inputs = {**made.inputs, **{passage.name: passage.hash for passage in read.passages()}}
        return replace(made, variables=variables, inputs=inputs, notes=read.notes)

    # ── what they share ───────────────────────────────────────────────────────────────────────────────────

    def _common(self, book: Book) -> dict[str, object]:
        settings = book.settings
        return {
            **_identity(book),
            **style_variables(self.style),
            "brief": book.instructions,
            "chapters": len(book.chapters) or settings.chapters,
            "sections": settings.sections,
            "words": settings.words,
        }

    def _known(self, book: Book, chapter: Chapter) -> dict[str, object]:
        """The plan, and the people, places and things as of this chapter: the same for all of its sections."""
        seen = (chapter, book.characters, book.bible, book.outline_summary, *book.chapters)
        if len(self._seen) != len(seen) or any(a is not b for a, b in zip(self._seen, seen, strict=True)):
            self._seen[:] = seen
            self._told.update(
                plan=plan_text(book),
                people=people_json(book, chapter.number),
                bible=bible_json(book, chapter.number),
            )
        return dict(self._told)

    def _made(
        self, template: str, variables: Mapping[str, object], names: tuple[str, ...], max_tokens: int
    ) -> Material:
        """`names` are the inputs: variables by name, or by the name of what they belong to."""
        parts = {"style": "style_guide", "chapter": "chapter_material", "section": "section_material"}
        values = {name: variables[parts.get(name, name)] for name in names}
        texts = {name: part_text(value) for name, value in values.items() if isinstance(value, str) and value.strip()}
        inputs = {name: part_hash(value) for name, value in values.items() if name in texts and isinstance(value, str)}
        inputs["template"] = self.prompts.template(template).digest
        return Material(template=template, variables=variables, inputs=inputs, max_tokens=max_tokens, texts=texts)


def _essential(made: Material) -> int:
    """Tokens of what every section's prompt must have: plan, people, the brief, the task."""
    return sum(estimate_tokens(_text(value)) for value in made.variables.values())


def _needs(made: Material, reading: Reading) -> Shares:
    """What core and summaries take, of a prompt that reads `reading`."""
    story = sum(told.tokens for told in reading.story)
    return Shares(core=_essential(made) + reading.tokens - story, summaries=story)


def title_variables(book: Book) -> dict[str, object]:
    """For the `title` template."""
    settings = book.settings
    return {
        **_identity(book),
        "brief": book.instructions,
        "chapters": len(book.chapters) or settings.chapters,
        "sections": settings.sections,
        "words": settings.words,
    }


def plan_text(book: Book) -> str:
    """The book in plan: its summary, then one line a chapter, and one above each part's first."""
    lines, part = [book.outline_summary], ""
    for chapter in book.chapters:
        if chapter.part != part:
            part = chapter.part
            lines += [f"Part: {part}"] if part else []
        lines.append(f"{chapter.number}. {chapter.title}: {chapter.brief}")
    return "\n".join(lines).strip()


def still_to_come(chapter: Chapter, section: Section) -> str:
    """One line for each section of the chapter after this one; those before it are read as they are."""
    later = (s for s in chapter.sections if s.number > section.number)
    return "\n".join(f"{chapter.number}.{s.number} {s.title}: {s.brief}" for s in later)


def style_variables(style: Style) -> dict[str, object]:
    return {"style_name": style.name, "style_guide": style_guide(style)}


def chapter_of(book: Book, chapter_id: str) -> Chapter:
    for chapter in book.chapters:
        if chapter.id == chapter_id:
            return chapter
    raise UnknownName(f"The book has no chapter {chapter_id}.", fix="It was removed from book.json.")


def _heading(chapter: Chapter) -> str:
    return f"## {chapter.number}. {chapter.title}"


def _laid_out(read: Reading) -> Iterator[str]:
    """The chapters read in full, each under its heading: a part of the prompt for every section."""
    for chapter in read.chapters:
        yield chapter.heading
        yield from (passage.text for passage in chapter.passages)


def _passage(head: Revision) -> Passage:
    return Passage(name=f"{head.kind}:{head.object_id}", text=head.text.strip(), hash=head.text_hash)


def _section_material(section: Section) -> str:
    points = "\n".join(f"- {point}" for point in section.points)
    return Escaped(f"<brief>\n{escape(section.brief)}\n</brief>\n<points>\n{escape(points)}\n</points>")


def _chapter(chapter: Chapter) -> dict[str, object]:
    return {
        "number": chapter.number,
        "chapter_title": chapter.title,
        "chapter_material": "\n".join([chapter.brief, *_goals(chapter), *(f"- {p}" for p in chapter.points)]).strip(),
    }


def _goals(chapter: Chapter) -> list[str]:
    """What its reader can do afterwards, as lines that can be told from points."""
    return [f"- Goal: {goal}" for goal in chapter.goals]


def _identity(book: Book) -> dict[str, object]:
    return {"title": book.title, "language": book.language, "language_name": language_name(book.language)}


def _text(value: object) -> str:
    return "\n\n".join(value) if isinstance(value, list) else str(value)
