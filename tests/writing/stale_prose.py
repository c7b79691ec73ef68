"""Prose, people and edits for made-up books: few names and numbers, so that facts meet again everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

NAMES = ("Mira", "Jon", "Ada", "Will", "O'Neil", "Anne-Marie", "Captain Rusk", "Мира", "Иван", "Rose")
PLACES = ("Port Lorn", "The Bell", "Ash", "Harbour Street", "the old mill", "Север")
UNITS = ("miles", "days", "ships", "years", "doors", "лет")
NUMBERS = (
    "2", "3", "7", "12", "34", "36", "1,200", "3.5", "two", "seven", "twelve", "thirty-four", "thirty-six", "ninety",
    "a hundred and five", "two thousand", "one", "двадцать", "тридцать четыре",
)  # fmt: skip
PLAIN = ("the road", "a rope", "his hand", "salt and rain", "the letter", "no one", "all of it", "the will to go on")
SENTENCES = (
    "{name} rode {number} {unit} to {place}.",
    "At {place} they found {plain}, and {name} said nothing.",
    "“Wait,” said {name}, and I'd have waited {number} {unit}.",
    "{name}'s coat hung by {plain} for {number} {unit}.",
    "Nobody in {place} remembered {plain}, nor {name}.",
    "It was {number} o'clock; {plain} lay under {plain}.",
    "She thought of {plain}, then of {plain}, then slept.",
    "Он видел, как {name} шла {number} {unit} мимо.",
    "Then {name} and {name} counted {number} {unit}, twenty, thirty.",
    "{plain} was grey.",
)
EYES, TRAITS = ("green", "grey", "blue, like Ada's"), ("brave", "stubborn", "afraid of water", "quick")


def sentence(random: Random) -> str:
    text = random.choice(SENTENCES)
    pools = {"name": NAMES, "place": PLACES, "unit": UNITS, "number": NUMBERS, "plain": PLAIN}
    made = re.sub(r"\{(\w+)\}", lambda found: random.choice(pools[found[1]]), text)
    return made[0].upper() + made[1:]


def prose(random: Random, least: int = 3, most: int = 10) -> str:
    """A few sentences in paragraphs."""
    count = random.choice((least, most, most, most * 6 if random.random() < 0.1 else most))
    found = [sentence(random) for _ in range(random.randint(least, count))]
    return "".join(one + random.choice((" ", " ", "\n\n")) for one in found).strip()


def line(random: Random) -> str:
    return sentence(random)


def edited(random: Random, text: str) -> str:
    """The text after a small act of a person: a comma, a number, a name, a word, a sentence."""
    return random.choice(EDITS)(random, text)


def _comma(random: Random, text: str) -> str:
    if "," in text and random.random() < 0.5:
        return text.replace(",", "", 1)
    blanks = [n for n, sign in enumerate(text) if sign == " " and text[n - 1].isalpha()]
    at = random.choice(blanks) if blanks else len(text)
    return f"{text[:at]},{text[at:]}"


def _swapped(pool: Sequence[str]) -> Any:
    def swap(random: Random, text: str) -> str:
        there = [one for one in pool if one in text]
        if not there:
            return text
        return text.replace(random.choice(there), random.choice(pool), random.choice((1, -1)))

    return swap


def _word(random: Random, text: str) -> str:
    return text.replace(random.choice(("the ", "of ", "was ", "and ")), random.choice(("some ", "that ", "")), 1)


def _sentence(random: Random, text: str) -> str:
    parts = re.split(r"(?<=[.!?]) ", text)
    at = random.randrange(len(parts))
    act = random.choice(("in", "out", "instead"))
    if act == "in":
        parts.insert(at, sentence(random))
    elif act == "out" and len(parts) > 1:
        del parts[at]
    else:
        parts[at] = sentence(random)
    return " ".join(parts)


def _new(random: Random, text: str) -> str:
    return prose(random)


EDITS = (
    _comma, _comma, _swapped(NUMBERS), _swapped(NUMBERS), _swapped(NAMES), _swapped(PLACES), _word, _sentence,
    _sentence, _new,
)  # fmt: skip


# ── people and things ─────────────────────────────────────────────────────────────────────────────────────────


def person(random: Random, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "role": random.choice(("protagonist", "supporting", "minor", "narrator")),
        "description": prose(random, 1, 2),
        "aliases": [f"{name[0]}.", f"Old {name}"][: random.randint(0, 1)],
        "traits": random.sample(TRAITS, random.randint(0, 2)),
        "since_chapter": random.choice((1, 1, 1, 2)),
        "age": random.choice(NUMBERS),
        "eyes": random.choice(EYES),
        "home": random.choice((*PLACES, f"{PLACES[0]}, by the sea")),
        "daughters": random.choice(("2", "3", "two")),
    }
    if random.random() < 0.3:
        found["stages"] = [{"since_chapter": random.choice((2, 3)), "description": line(random), "age": "36"}]
    return found


def thing(random: Random, name: str) -> dict[str, Any]:
    return {
        "name": name, "kind": random.choice(("place", "thing")), "description": prose(random, 1, 2),
        "doors": random.choice(NUMBERS), "since_chapter": random.choice((1, 1, 2)),
    }  # fmt: skip


def cast(random: Random) -> dict[str, Any]:
    people = [person(random, name) for name in random.sample(NAMES, random.randint(2, 4))]
    return {"characters": people, "relationships": _bonds(random, people)}


def _bonds(random: Random, people: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = [random.sample([one["name"] for one in people], 2) for _ in range(random.randint(0, 3))]
    kinds = ("friend", "rival", f"owes {random.choice(NUMBERS)} {UNITS[0]}")
    return [{"from": one, "to": other, "kind": random.choice(kinds)} for one, other in pairs]


def bible(random: Random) -> dict[str, Any]:
    return {"entries": [thing(random, name) for name in random.sample(PLACES, random.randint(1, 3))]}


def edited_lore(random: Random, document: dict[str, Any]) -> dict[str, Any]:
    """A person's edit of somebody or something: a fact, a stage, a relationship; somebody new or gone."""
    listed = document.get("characters") or document.get("entries") or []
    act = random.random()
    pool = NAMES if "characters" in document else PLACES
    free = [name for name in pool if name not in [one["name"] for one in listed]]
    if act < 0.1 and free:
        make = person if "characters" in document else thing
        listed.append(make(random, random.choice(free)))
    elif act < 0.2 and len(listed) > 1:
        gone = listed.pop(random.randrange(len(listed)))["name"]
        document["relationships"] = [b for b in document.get("relationships", []) if gone not in (b["from"], b["to"])]
    elif act < 0.3 and document.get("characters") and len(listed) > 1:
        document["relationships"] = _bonds(random, listed)
    elif listed:
        one = random.choice(listed)
        field = random.choice([name for name in one if name not in ("name", "stages", "aliases")])
        fresh = (person if "characters" in document else thing)(random, one["name"])
        if field == "description" or random.random() < 0.3:
            one["description"] = edited(random, one.get("description") or line(random))
        elif field in fresh:
            one[field] = fresh[field]
    return document
