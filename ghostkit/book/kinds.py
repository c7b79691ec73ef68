"""What people can be to each other, and what sorts of things a story bible holds."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class RelationshipKind(StrEnum):
    """To be read as: A is B's mentor."""

    PARENT = "parent"
    CHILD = "child"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    SIBLING = "sibling"
    TWIN = "twin"
    SPOUSE = "spouse"
    LOVE = "love"
    FAMILY = "family"
    GUARDIAN = "guardian"
    WARD = "ward"
    FRIEND = "friend"
    ALLY = "ally"
    RIVAL = "rival"
    ENEMY = "enemy"
    COLLEAGUE = "colleague"
    ACQUAINTANCE = "acquaintance"
    MENTOR = "mentor"
    STUDENT = "student"
    EMPLOYER = "employer"
    EMPLOYEE = "employee"
    DEBTOR = "debtor"
    CREDITOR = "creditor"


class BibleKind(StrEnum):
    PLACE = "place"
    DATE = "date"
    THING = "thing"
    GROUP = "group"
    RULE = "rule"
    EVENT = "event"
    TERM = "term"


_PAIRS: Final = (
    (RelationshipKind.PARENT, RelationshipKind.CHILD),
    (RelationshipKind.GRANDPARENT, RelationshipKind.GRANDCHILD),
    (RelationshipKind.GUARDIAN, RelationshipKind.WARD),
    (RelationshipKind.MENTOR, RelationshipKind.STUDENT),
    (RelationshipKind.EMPLOYER, RelationshipKind.EMPLOYEE),
    (RelationshipKind.DEBTOR, RelationshipKind.CREDITOR),
)
INVERSES: Final[Mapping[RelationshipKind, RelationshipKind]] = {
    **{kind: kind for kind in RelationshipKind},
    **dict(_PAIRS),
    **{other: one for one, other in _PAIRS},
}
"""What B is to A, when A is B's … ; a kind that is not in a pair is mutual."""

ANCESTORS: Final = frozenset({RelationshipKind.PARENT, RelationshipKind.GRANDPARENT})
"""Nobody can be this to one of those who are this to them."""

_WORDS: Final[Mapping[RelationshipKind, str]] = {
    RelationshipKind.PARENT: "father mother stepfather stepmother отец мать родитель",
    RelationshipKind.CHILD: "son daughter stepson stepdaughter сын дочь ребёнок ребенок",
    RelationshipKind.GRANDPARENT: "grandfather grandmother дед дедушка бабушка",
    RelationshipKind.GRANDCHILD: "grandson granddaughter внук внучка",
    RelationshipKind.SIBLING: "brother sister half-brother half-sister брат сестра",
    RelationshipKind.TWIN: "близнец",
    RelationshipKind.SPOUSE: "husband wife муж жена супруг супруга",
    RelationshipKind.LOVE: "lover beloved partner любимый любимая возлюбленный возлюбленная",
    RelationshipKind.FAMILY: "relative kin cousin uncle aunt nephew niece дядя тётя тетя племянник племянница "
    "родственник родственница родня",
    RelationshipKind.GUARDIAN: "опекун",
    RelationshipKind.WARD: "подопечный подопечная",
    RelationshipKind.FRIEND: "друг подруга",
    RelationshipKind.ALLY: "comrade союзник союзница товарищ",
    RelationshipKind.RIVAL: "соперник соперница",
    RelationshipKind.ENEMY: "foe nemesis враг",
    RelationshipKind.COLLEAGUE: "coworker коллега",
    RelationshipKind.ACQUAINTANCE: "knows neighbour neighbor знакомый знакомая сосед соседка",
    RelationshipKind.MENTOR: "teacher master наставник наставница учитель учительница",
    RelationshipKind.STUDENT: "pupil apprentice protégé protégée ученик ученица",
    RelationshipKind.EMPLOYER: "boss начальник начальница",
    RelationshipKind.EMPLOYEE: "assistant servant подчинённый подчинённая помощник помощница",
    RelationshipKind.DEBTOR: "должник должница",
    RelationshipKind.CREDITOR: "кредитор",
}
_MEANINGS: Final[Mapping[str, RelationshipKind]] = {
    **{word: kind for kind, words in _WORDS.items() for word in words.split()},
    **{str(kind): kind for kind in RelationshipKind},
}


def meaning(kind: str) -> RelationshipKind | None:
    """What a kind as somebody wrote it stands for: "mother" is a parent. None for free text of their own."""
    return _MEANINGS.get(" ".join(kind.casefold().split()))


def inverse(kind: str) -> RelationshipKind | None:
    """What B is to A, when A is B's `kind`; None where nobody can know."""
    found = meaning(kind)
    return INVERSES[found] if found is not None else None


def near_miss(kind: str) -> str | None:
    """The known kind that an unknown one was probably meant to be."""
    if not kind.strip() or meaning(kind) is not None:
        return None
    near = difflib.get_close_matches(kind.casefold().strip(), [*_MEANINGS], n=1, cutoff=0.75)
    return near[0] if near else None


def name_key(name: str) -> str:
    """By what two names are the same: case, and spaces and hyphens of any sort and number, don't count."""
    words = re.sub(r"[\s_\u2010-\u2015-]+", " ", unicodedata.normalize("NFC", name)).split()
    return unicodedata.normalize("NFC", "-".join(words).casefold())
