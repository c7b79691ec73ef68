"""Hypothesis strategies for books and their parts, with the texts that break careless formats."""

from __future__ import annotations

from datetime import UTC

from hypothesis import strategies as st

from ghostkit.book.kinds import name_key
from ghostkit.book.model import (
    BibleEntry,
    Book,
    BookSettings,
    Chapter,
    Character,
    CharacterRole,
    Relationship,
    Section,
    Stage,
)

_PIECES = [
    *("# ", "## ", "### ", "#### ", "##", "- ", "* ", "+ ", "-", "\\", "\\# ", "\\\\- ", "1. ", "1.1 ", "2.3. "),
    *("<!-- c-1 -->", "<!-- s-2 -->", "<!--", "-->", "```", "~~~", "``` #", "---", "***", "> ", "    "),
    *("\n", "\n\n", "\n\n\n", "\r\n", "\r", " ", "\t", "\u00a0", "\u2028", "\x85", "\x0b", "\f", "\ufeff"),
    *("Mira", "Anna", "Ёлка", "水", "🐘", "é", "a", "1", "#", "–", "“", "&amp;", "<b>"),
]


def texts(pieces: int = 12) -> st.SearchStrategy[str]:
    """Text out of the marks that Markdown gives a meaning, and any other."""
    marked = st.lists(st.sampled_from(_PIECES), max_size=pieces).map("".join)
    return st.one_of(marked, st.text(max_size=30))


LINES = texts(5)
POINTS = st.lists(LINES, max_size=3).map(tuple)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(lambda key: f"x_{key}")
EXTRA = st.dictionaries(
    KEYS,
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), texts(3), st.lists(st.integers(), max_size=2)),
    max_size=2,
)


def plain(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 file can hold."""
    return text.encode("utf-8", "ignore").decode()


@st.composite
def chapters(draw: st.DrawFn, number: int = 1, *, most: int = 3, body: st.SearchStrategy[str] | None = None) -> Chapter:
    sections = tuple(
        Section(
            id=f"s-{number}{place}",
            number=place,
            title=draw(LINES),
            brief=draw(texts()),
            points=draw(POINTS),
            content=draw(body if body is not None else texts()),
            locked=draw(st.booleans()),
            extra=draw(EXTRA),
        )
        for place in range(1, draw(st.integers(0, most)) + 1)
    )
    return Chapter(
        id=f"c-{number}",
        number=number,
        title=draw(LINES),
        part=draw(st.one_of(st.just(""), st.sampled_from(["One", "Two"]), LINES)),
        brief=draw(texts()),
        goals=draw(POINTS),
        points=draw(POINTS),
        sections=sections,
        summary=draw(texts()),
        serial=draw(st.integers(len(sections), 9)),
        extra=draw(EXTRA),
    )


@st.composite
def books(draw: st.DrawFn) -> Book:
    many = draw(st.integers(0, 3))
    moment = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
    return Book(
        id="b-1",
        title=draw(LINES),
        original_title=draw(LINES),
        language=draw(st.sampled_from(["en", "ru", "ar"])),
        instructions=draw(texts()),
        style=draw(LINES),
        settings=BookSettings(
            chapters=draw(st.integers(1, 500)),
            sections=draw(st.integers(1, 50)),
            words=draw(st.integers(50, 20_000)),
            kind=draw(st.sampled_from(["", "fiction", "non-fiction"])),
            model=draw(LINES),
            continuity_lag=draw(st.integers(1, 50)),
            temperature=draw(st.floats(0, 2)),
            extra=draw(EXTRA),
        ),
        outline_summary=draw(texts()),
        chapters=tuple(draw(chapters(number)) for number in range(1, many + 1)),
        metadata=draw(EXTRA),
        created_at=draw(moment),
        updated_at=draw(moment),
        serial=draw(st.integers(many, 9)),
        extra=draw(EXTRA),
    )


def stages(*, people: bool) -> st.SearchStrategy[tuple[Stage, ...]]:
    """Changes of somebody, or of something, each from another chapter on."""
    made = st.builds(
        Stage,
        since_chapter=st.integers(0, 9),
        description=LINES,
        traits=POINTS if people else st.just(()),
        arc=LINES if people else st.just(""),
        extra=EXTRA,
    )
    return st.lists(made, max_size=3, unique_by=lambda stage: stage.since_chapter).map(tuple)


@st.composite
def bibles(draw: st.DrawFn) -> tuple[BibleEntry, ...]:
    names = draw(st.lists(LINES.map(lambda line: f"N{line}"), unique_by=name_key, max_size=4))
    return tuple(
        BibleEntry(
            name=name,
            kind=draw(st.sampled_from(["place", "date", "rule", "weather"])),
            description=draw(texts()),
            aliases=draw(st.sampled_from([(), (f"alias {place}",)])),
            since_chapter=draw(st.integers(0, 9)),
            stages=draw(stages(people=False)),
            extra=draw(EXTRA),
        )
        for place, name in enumerate(names)
    )


@st.composite
def people(draw: st.DrawFn) -> tuple[Character, ...]:
    names = draw(st.lists(LINES.map(lambda line: f"N{line}"), unique_by=name_key, max_size=4))
    return tuple(
        Character(
            name=name,
            description=draw(texts()),
            role=draw(st.sampled_from(CharacterRole)),
            traits=draw(POINTS),
            backstory=draw(texts()),
            arc=draw(texts()),
            relationships=draw(
                st.lists(
                    st.builds(
                        Relationship,
                        to=st.sampled_from([other for other in names if other != name] or [name]),
                        kind=st.sampled_from(["friend", "owes money to", "дядя", ""]),
                        description=LINES,
                        since_chapter=st.integers(0, 500),
                        extra=EXTRA,
                    ),
                    max_size=2 if len(names) > 1 else 0,
                ).map(tuple)
            ),
            aliases=draw(st.sampled_from([(), (f"alias {place}", f"{place}nd")])),
            voice=draw(LINES),
            since_chapter=draw(st.integers(0, 9)),
            stages=draw(stages(people=True)),
            extra=draw(EXTRA),
        )
        for place, name in enumerate(names)
    )
