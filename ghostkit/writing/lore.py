"""What is known of people, places and things as of a chapter, as prompts carry it."""

from __future__ import annotations

import json

from ghostkit.book.model import Book


def people_json(book: Book, chapter_number: int) -> str:
    """The characters as JSON, in the shape docs/prompt-layout.md gives."""
    people = [
        {
            "name": person.name,
            "role": str(person.role),
            "description": person.description,
            "traits": list(person.traits),
            "backstory": person.backstory,
            "arc": person.arc,
        }
        for person in book.characters
    ]
    return json.dumps(people, ensure_ascii=False)


def bible_json(book: Book, chapter_number: int) -> str:
    """The story bible as JSON; there is none yet."""
    return ""
