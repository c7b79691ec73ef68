"""Things that stories are made of, by theme; a brief that mentions one has it in its scenes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_THINGS_EN: Final = str.split(
    """letter seal level stick mule dipper well gate road toll marks debt salt sea water lamp ledger
    key rope door coat knife map coin clock bread ladder window box bell glass boat stone thread
    bridge watch paper kettle basket blanket candle chain barrel bucket bottle button cart compass
    crate cup drum envelope fence flag flute gun hammer handkerchief hat hook horse ink jar journal
    lantern lock mirror nail needle net notebook oar oven packet pen photograph pipe pistol plate
    pouch purse ring sack scale scarf shovel spoon stair stamp stove sword table telescope ticket
    tin torch tower trunk umbrella violin wagon wall wheel whistle wire causeway wall canal spade
    ink radio engine sail anchor chart diary garden orchard mill forge lighthouse portrait medal
    rifle saddle drawer cellar attic telephone typewriter camera suitcase passport recipe manuscript
    statue crown shield banner"""
)
_PLURALS: Final = {
    "letters": "letter", "wells": "well", "mules": "mule", "gates": "gate", "roads": "road", "keys": "key",
    "debts": "debt", "doors": "door", "boats": "boat", "maps": "map", "coins": "coin", "stairs": "stair",
    "books": "ledger", "lamps": "lamp", "stones": "stone", "bells": "bell", "sealed": "seal", "walls": "wall",
}  # fmt: skip
_THINGS_RU: Final = {
    "журнал": "журнал", "журнале": "журнал", "журнала": "журнал", "маяк": "маяк", "маяка": "маяк", "рация": "рация",
    "стекло": "стекло", "стеклом": "стекло", "катер": "катер", "керосина": "керосин", "керосин": "керосин",
    "лодкой": "лодка", "лодка": "лодка", "тетрадь": "тетрадь", "берега": "берег", "берег": "берег", "свет": "свет",
    "очки": "очки", "очков": "очки", "ступени": "лестница", "сахар": "сахар", "море": "море", "письмо": "письмо",
    "письма": "письмо", "ключ": "ключ", "дверь": "дверь", "карта": "карта", "поезд": "поезд", "дорога": "дорога",
    "дом": "дом", "сад": "сад", "окно": "окно", "часы": "часы", "погоду": "погода", "ветер": "ветер",
}  # fmt: skip


# Things too large to carry, for sentences in which the scene's thing changes hands.
_FIXED: Final = frozenset(
    str.split(
        """well gate road toll marks debt salt sea water stair wall tower fence horse mule cart wagon causeway
        canal door
        window bridge table stove oven garden orchard mill forge lighthouse cellar attic engine horse ladder barrel boat
        bell mirror trunk wheel"""
    )
    + str.split("маяк катер керосин лодка берег свет лестница сахар море поезд дорога дом сад окно погода ветер дверь")
)


def portable(nouns: Iterable[str]) -> list[str]:
    """Of `nouns` those that fit under an arm."""
    return [noun for noun in nouns if noun not in _FIXED]


@lru_cache(maxsize=2)
def known_nouns(language: str) -> Mapping[str, str]:
    """Word as written to the thing it names."""
    return _THINGS_RU if language == "ru" else {**{noun: noun for noun in _THINGS_EN}, **_PLURALS}
