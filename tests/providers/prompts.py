"""Prompts laid out as docs/prompt-layout.md says, and whole books driven through a provider with them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostkit.providers.contract import Message, Request

BRIEFS = Path(__file__).resolve().parents[3] / "shared" / "data" / "briefs"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def block(tag: str, text: str = "", /, **attributes: object) -> str:
    head = "".join(f' {key}="{escaped(str(value))}"' for key, value in attributes.items())
    return f"<{tag}{head}>\n{escaped(text)}\n</{tag}>"


def listed(points: list[str]) -> str:
    return "\n".join(f"- {point}" for point in points)


@dataclass(kw_only=True)
class BookInPrompts:
    """A book as its prompts see it; `write()` drives every task and keeps the answers."""

    title: str
    brief: str
    language: str = "en"
    chapters: int = 8
    sections: int = 4
    words: int = 600
    style: str = "plain"
    model: str = ""
    max_tokens: int = 16_000
    outline: dict[str, Any] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    plans: list[list[dict[str, Any]]] = field(default_factory=list)

    def request(self, *parts: str, slot: str = "", **parameters: object) -> Request:
        style = block("style", "Write plainly.", name=self.style, language=self.language)
        return Request(
            model=self.model,
            messages=(
                Message(role="system", parts=("You are writing a book with its author.", style)),
                Message(role="user", parts=tuple(parts)),
            ),
            max_tokens=self.max_tokens,
            parameters=parameters,
            slot=slot,
        )

    def book(self) -> str:
        return block(
            "book", self.brief, title=self.title, language=self.language,
            chapters=self.chapters, sections=self.sections, words=self.words,
        )  # fmt: skip

    def plan(self) -> str:
        lines = [f"{n}. {c['title']}: {c['brief']}" for n, c in enumerate(self.outline["chapters"], start=1)]
        return block("plan", "\n".join([self.outline["summary"], *lines]))

    def outline_request(self) -> Request:
        task = block(
            "task", "Plan the book.", kind="outline", chapters=self.chapters, sections=self.sections,
            words=self.words, language=self.language,
        )  # fmt: skip
        return self.request(self.book(), task, slot="book:outline")

    def characters_request(self) -> Request:
        task = block("task", "Describe the people.", kind="characters", language=self.language)
        plan = [self.plan()] if self.outline else []
        return self.request(self.book(), *plan, task, slot="book:characters")

    def chapter(self, number: int) -> str:
        planned = self.outline["chapters"][number - 1]
        text = "\n".join([planned["brief"], listed(planned["points"])])
        return block("chapter", text, number=number, title=planned["title"], of=self.chapters)

    def everybody(self) -> str:
        return block("people", json.dumps(self.people, ensure_ascii=False))

    def chapter_outline_request(self, number: int) -> Request:
        task = block(
            "task", "Divide the chapter.", kind="chapter_outline", number=number, sections=self.sections,
            words=self.words, language=self.language,
        )  # fmt: skip
        return self.request(
            self.book(), self.plan(), self.everybody(), self.chapter(number), task, slot=f"chapter:{number}:outline"
        )

    def section_request(self, chapter: int, section: int, previous: str = "", **parameters: object) -> Request:
        plan = self.plans[chapter - 1]
        here = plan[section - 1]
        lines = [f"{chapter}.{n} {s['title']}: {s['brief']}" for n, s in enumerate(plan, start=1)]
        head = (
            f'<task kind="section" number="{chapter}.{section}" title="{escaped(here["title"])}"'
            f' words="{self.words}" language="{self.language}">'
        )
        task = (
            f"{head}\n<brief>\n{escaped(here['brief'])}\n</brief>\n<points>\n{escaped(listed(here['points']))}\n"
            f"</points>\nWrite this section in about {self.words} words.\n</task>"
        )
        return self.request(
            self.book(), self.plan(), self.everybody(), block("story_so_far"), self.chapter(chapter),
            block("chapter_plan", "\n".join(lines)), block("manuscript", previous), task,
            slot=f"section:{chapter}.{section}", **parameters,
        )  # fmt: skip

    def prepare(self, write: Any) -> None:
        """Outline, people and chapter outlines; `write` turns a request into text."""
        self.outline = json.loads(write(self.outline_request()))
        self.people = json.loads(write(self.characters_request()))["characters"]
        self.plans = [
            json.loads(write(self.chapter_outline_request(number)))["sections"]
            for number in range(1, self.chapters + 1)
        ]

    def every_section(self, write: Any) -> dict[tuple[int, int], str]:
        """The prose of every section, by chapter and section."""
        texts: dict[tuple[int, int], str] = {}
        for chapter in range(1, self.chapters + 1):
            previous = ""
            for section in range(1, self.sections + 1):
                previous = write(self.section_request(chapter, section, previous[-400:]))
                texts[chapter, section] = previous
        return texts


def summary_request(book: BookInPrompts, kind: str, material: str, words: int, number: int = 1) -> Request:
    """A `chapter_summary`, `span_summary` or `summary` task."""
    task = block("task", "Summarise.", kind=kind, number=number, words=words, language=book.language)
    return book.request(block("material", material), task, slot=f"{kind}:{number}")
