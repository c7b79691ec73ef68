"""Outlines of books that explain something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ghostkit.providers.rehearsal.allotment import Share
from ghostkit.providers.rehearsal.facts import Brief
from ghostkit.providers.rehearsal.sentences import plain, split_sentences, upper_first, with_end

_ELEMENTS = {
    "en": ("learning goals", "a story of a failure", "the mechanism", "a worked example", "a hands-on part",
           "a checklist", "a glossary of its new terms", "two exercises"),
    "ru": ("цели главы", "история одной ошибки", "как это устроено", "разобранный пример", "практика",
           "контрольный список", "словарик новых слов", "два упражнения"),
}  # fmt: skip

BESIDE_GOALS = {
    language: tuple(element for element in elements if not re.search(r"goals|glossary|цели|словарик", element))
    for language, elements in _ELEMENTS.items()
}
"""What a chapter still needs in a book that has its goals and its glossary elsewhere."""
_FORM = re.compile(
    r"\b(?:guide|book|course|manual|report|words|who|for)\b|руководств|учебник|книга|слов|\bкто\b|\bтех\b", re.I
)
_NAMED_PART = re.compile(
    r"\bPart (?:\d+|[IVX]+|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive)[,:.] (?P<title>[^,;:.()]+?)[,:]?"
    r" (?:is |are |covers |has )?\(?chapters? (?P<first>\d+)(?:\s*(?:to|and|–|-)\s*(?P<last>\d+))?"
)
_GOALS_HEADING = re.compile(r"learning goals|goals|can do afterwards|цели", re.I)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$")
_MEETS = (
    "meets {t} on an ordinary day", "has lost a morning to {t} before", "keeps a note on {t}",
    "asks first what {t} costs",
    "tries {t} on a copy", "wants {t} on one page", "explains {t} to a newcomer", "puts {t} in the calendar",
    "counts before and after {t}", "draws {t} on an envelope", "times {t} twice", "has a question about {t}",
)  # fmt: skip


def teaching_summary(brief: Brief, shares: Sequence[Share]) -> str:
    about = " ".join(with_end(sentence) for sentence in brief.intro[:4] or brief.premise[:4])
    titles = "; ".join(_title(brief, share, len(shares)) for share in shares)
    facts = " ".join(with_end(point.text) for point in brief.facts)
    if brief.language == "ru":
        return f"{about} По главам: {titles}. {facts}".strip()
    readers = f"For: {' '.join(brief.readers)}" if brief.readers else ""
    return " ".join(part for part in (about, readers, f"Chapter by chapter: {titles}.", facts) if part)


def teaching_chapter(brief: Brief, share: Share, of: int) -> dict[str, Any]:
    """One chapter of the outline: its topics and facts are its points."""
    topics = list(share.named.topics) if share.named else _topics(brief, share, of)
    title = _title(brief, share, of)
    names = [person.name for person in share.people]
    if brief.language == "ru":
        text = f"О чём глава: {', '.join(topics)}." if topics else f"Глава о том, что такое {title.lower()}."
        text += f" В примере: {', '.join(names)}." if names else ""
    else:
        text = f"You learn {_listed(topics)}." if topics else f"You learn what {title.lower()} asks of you."
        text += (
            f" {names[0]} {_MEETS[(share.number - 1) % len(_MEETS)].format(t=(topics or [title])[0])}." if names else ""
        )
    return {"title": title, "brief": text, "points": [*topics, *share.points]}


def with_parts_and_goals(brief: Brief, outline: dict[str, Any]) -> dict[str, Any]:
    """An outline's answer with the part each chapter belongs to, and what its reader can do afterwards."""
    chapters = outline["chapters"]
    parts, own = _parts(brief, len(chapters)), _dealt_goals(brief, chapters)
    planned = []
    for place, chapter in enumerate(chapters):
        part = {"part": parts[place]} if parts[place] else {}
        points = [point for point in chapter["points"] if not _NAMED_PART.search(point)]
        goals = own[place] or _goals(brief, chapter)
        planned.append({"title": chapter["title"], **part, "brief": chapter["brief"], "goals": goals, "points": points})
    return {**outline, "chapters": planned}


def _dealt_goals(brief: Brief, chapters: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The brief's own goals, each with the chapter that shares most words with it, else the one it comes to."""
    dealt: list[list[str]] = [[] for _ in chapters]
    goals = _own_goals(brief)
    about = [_words(" ".join([chapter["title"], *chapter["points"]])) for chapter in chapters]
    for at, goal in enumerate(goals):
        shared = [len(_words(goal) & words) for words in about]
        due = at * len(chapters) // len(goals)
        dealt[shared.index(max(shared)) if max(shared, default=0) > 1 else due].append(goal)
    return dealt


def _words(text: str) -> set[str]:
    return {word.lower().removesuffix("s") for word in re.findall(r"\w{4,}", text)}


def _parts(brief: Brief, chapters: int) -> list[str]:
    """The title of each chapter's part: as the brief says, else three of them in a longer book, else none."""
    titles = [""] * chapters
    named = list(_NAMED_PART.finditer(" ".join(brief.text.split())))
    for found in named:
        first = int(found["first"])
        for number in range(first, int(found["last"] or first) + 1):
            if number <= chapters:
                titles[number - 1] = found["title"].strip(' *_“”"')
    if named or chapters < 6:
        return titles
    stages = ("Основы", "Практика", "Дальше") if brief.language == "ru" else ("Foundations", "Practice", "Further on")
    return [stages[place * len(stages) // chapters] for place in range(chapters)]


def _own_goals(brief: Brief) -> list[str]:
    """What the brief itself lists under a heading that speaks of goals."""
    goals: list[str] = []
    listed = False
    for line in brief.text.splitlines():
        if line.startswith("#"):
            listed = _GOALS_HEADING.search(line) is not None
        elif listed and (item := _ITEM.match(line)):
            goals.append(plain(item[1]).strip())
        elif listed and goals and line.strip():
            goals[-1] += f" {plain(line).strip()}"
    return goals


def _goals(brief: Brief, chapter: dict[str, Any]) -> list[str]:
    topics = [point for point in chapter["points"] if len(point.split()) <= 9] or [chapter["title"]]
    patterns = (
        ("объяснить, что такое {t}", "показать {t} на своём примере", "сказать, где кончается {t}")
        if brief.language == "ru"
        else ("explain {t} to somebody who has never met it", "work through {t} on a case of your own",
              "say where {t} stops being true")
    )  # fmt: skip
    count = max(2, min(3, len(topics)))
    return [upper_first(patterns[at].format(t=topics[at % len(topics)].rstrip("."))) + "." for at in range(count)]


def teaching_sections(
    brief: Brief, number: int, sections: int, title: str, chapter_brief: str, points: Sequence[str]
) -> list[dict[str, Any]]:
    """Sections that share the chapter's topics, facts and fixed elements between them."""
    from ghostkit.providers.rehearsal.outline import statements_in, topics_in

    language = "ru" if brief.language == "ru" else "en"
    topics, statements = topics_in(points), statements_in(points)
    elements = _spread(list(brief.every or _ELEMENTS[language]), sections)
    spread_topics, spread_facts = _spread(topics, sections), _spread(statements, sections)
    told = _spread(list(split_sentences(chapter_brief)), sections)
    planned = []
    for at in range(sections):
        own = spread_topics[at] or ([topics[at % len(topics)]] if topics else [title])
        parts = [element.lower() if not element.isupper() else element for element in elements[at]]
        heads = "; ".join(parts)
        text = " ".join([*told[at], with_end(upper_first(f"{own[0]}: {heads}" if heads else own[0]))])
        planned.append(
            {
                "title": upper_first(_section_title(own[0], parts, language)),
                "brief": text,
                "points": [*spread_topics[at], *spread_facts[at]],
            }
        )
    return planned


def _section_title(topic: str, parts: Sequence[str], language: str) -> str:
    if not parts:
        return topic
    element = re.split(r"\s(?:told|described|with|of its)\b", parts[0])[0]
    return f"{topic}: {element}"


def _title(brief: Brief, share: Share, of: int) -> str:
    if share.named:
        return share.named.title
    topics = _topics(brief, share, of)
    return upper_first(topics[0]) if topics else f"{brief.title}, {share.number}"


def _topics(brief: Brief, share: Share, of: int) -> list[str]:
    """Topics of a brief that lists no chapters: the phrases of its sentences, in order."""
    phrases: list[str] = []
    for sentence in (*brief.premise, *brief.intro):
        for phrase in sentence.rstrip(".!?").replace(";", ",").split(","):
            named = phrase.strip()
            if 1 <= len(named.split()) <= 9 and named not in phrases and not _FORM.search(named):
                phrases.append(named)
    stages = (
        ("первые шаги", "основы", "разобранный пример", "измерения", "ошибки", "порядок работы", "границы", "дальше")
        if brief.language == "ru"
        else ("first steps", "the ground rules", "a worked case", "measuring it", "what goes wrong", "a routine",
              "the limits", "where to go next")
    )  # fmt: skip
    at = share.number - 1
    stage = stages[at * len(stages) // max(of, len(stages))] if of > len(stages) else stages[at]
    own = phrases[at % len(phrases)] if phrases else ""
    cycle = f" {at // len(stages) + 1}" if of > len(stages) else ""
    return [topic for topic in (f"{stage}{cycle}", own) if topic]


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _spread(items: Sequence[str], hands: int) -> list[list[str]]:
    dealt: list[list[str]] = [[] for _ in range(hands)]
    for at, item in enumerate(items):
        dealt[at * hands // max(len(items), hands)].append(item)
    return dealt
