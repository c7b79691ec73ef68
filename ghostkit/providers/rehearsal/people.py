"""People a brief speaks of: their names, ages, roles and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ghostkit.providers.rehearsal.reading import bullets
from ghostkit.providers.rehearsal.sentences import PLAIN_STARTS, plain, split_sentences

_TITLES: Final = frozenset(
    str.split(
        """inspector doctor dr captain professor sister brother father mother lord lady sir judge sergeant
    lieutenant colonel major general king queen prince princess mr mrs ms miss madame uncle aunt old
    young detective officer reverend nurse chief commander доктор капитан профессор товарищ
    инспектор майор"""
    )
)
_FEMALE: Final = frozenset(
    str.split(
        """ines agnes iris ingrid ruth alice margaret helen ellen susan karen ann anne jane joan mary
    rosemary dorothy edith judith elizabeth beth kate lily emily lucy nancy amy may june carol
    astrid ingrid sigrid maud ida esther rachel miriam naomi deborah sharon yasmin любовь"""
    )
)
_MALE: Final = frozenset(
    str.split("""joshua luca andrea nikita ezra noah илья никита кузьма лука фома савва миша саша петя""")
)
_FEMALE_WORDS = re.compile(
    r"\b(?:she|her|hers|woman|girl|widow|wife|daughter|sister|mother|queen|aunt|niece|grandmother|lady)\b"
    r"|\b(?:она|её|дочь|сестра|мать|жена|вдова|девушка|женщина|девочка|бабушка|тётя)\b",
    re.I,
)
_MALE_WORDS = re.compile(
    r"\b(?:he|his|him|man|boy|widower|husband|son|brother|father|king|uncle|nephew|grandfather|lord)\b"
    r"|\b(?:он|его|сын|брат|отец|муж|вдовец|парень|мужчина|мальчик|дед|дядя)\b",
    re.I,
)
_BOLD_HEAD = re.compile(r"^\*\*(.+?)\*\*\s*(.*)$", re.DOTALL)
_PLAIN_HEAD = re.compile(r"^([A-ZА-ЯЁ][^,:(—–.]{1,60}?)\s*([,:(—–].*)$", re.DOTALL)
_AGE = re.compile(r"(?<!\d)(\d{1,3})(?!\d)(?:\s*(?:лет|года|год|years? old))?")
_NAME_WORD: Final = r"[A-ZА-ЯЁ][a-zа-яёà-ÿ]+(?:-[A-ZА-ЯЁ][a-zа-яё]+)?"
_FULL_NAME = re.compile(rf"(?<![.!?…]\s)(?<!^)(?<![*\w])({_NAME_WORD}(?:\s+{_NAME_WORD}){{1,2}})(?![*\w])", re.M)
_SINGLE_NAME = re.compile(rf"(?<![\w*])({_NAME_WORD})(?![\w*])")
_NO_ROLE = re.compile(r"^(?:\d|born|died|thought|dead|believed|aged|родил|умер|погиб|считается|its|their)", re.I)
_STARTS_AND_ACTS = re.compile(
    r"(?:^|[.!?…]\s+)([A-Z][a-z]{2,}[a-rt-z])(?:\s+(?:is|was|has|must|wants|[a-z]{2,}s))\s", re.M
)
_PLACE_BEFORE = re.compile(
    r"(?:\b(?:at|in|to|from|near|of|on|into|reach(?:es)?|в|во|на|из|до|у|под|остров|город)\s+(?:the\s+)?)$", re.I
)
_NOT_PEOPLE: Final = re.compile(
    r"\b(?:Road|Gate|Well|Mile|Stone|Port|Street|City|River|Sea|Island|Mountain|Ledger|Company|House|Harbour|Bay"
    r"|Lake|Station|University|Hotel|Office|Board|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January"
    r"|February|March|April|May|June|July|August|September|October|November|December|Chapter|Part)\b"
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """`short` is what the narration calls them; `gender` is "f" or "m"; `about` is what the brief says of them."""

    name: str
    short: str
    gender: str
    age: int | None = None
    role: str = ""
    about: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def surname(self) -> str:
        return self.name.split()[-1]

    def names_occur_in(self, text: str) -> bool:
        """Whether `text` speaks of this person by any of their names but a shared surname."""
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in self.calls)

    @property
    def calls(self) -> tuple[str, ...]:
        first = [part for part in self.name.split() if part.lower() not in _TITLES][:1]
        return tuple(dict.fromkeys((self.name, self.short, *first, *self.aliases)))


def people_from_list(text: str, whole: str, language: str) -> tuple[Person, ...]:
    """People of a list: "- **Name**, age, …" or "- Name: …"; several in one line share what is said."""
    people: list[Person] = []
    for item in bullets(text):
        found = _BOLD_HEAD.match(item) or _PLAIN_HEAD.match(item)
        head, rest = (found[1], found[2]) if found else (item, "")
        names = _several(plain(head).strip(" ,.:"))
        for name in names:
            people.append(_person(name, names, plain(rest), whole, language))
    return tuple({person.name: person for person in people}.values())


def people_from_text(parts: Mapping[str, str], language: str) -> tuple[Person, ...]:
    """People of running text: bold names, names of two words, and single names that come more than once."""
    text = "\n".join(value for name, value in parts.items() if name not in ("parts", "form", "tone", "every"))
    bold = [name for name in re.findall(r"\*\*([^*\n]{2,40})\*\*", text) if _looks_like_name(name)]
    unmarked = re.sub(r"\*[^*\n]+\*", " ", text)
    full = [name for name in _FULL_NAME.findall(unmarked) if _looks_like_name(name)]
    full = [name for name in full if not _only_after_preposition(name, unmarked)]
    found = list(dict.fromkeys(bold + full))
    taken = {word for name in found for word in name.split()}
    single = [
        name
        for name in dict.fromkeys(_SINGLE_NAME.findall(plain(unmarked)))
        if name not in taken and _is_single_name(name, unmarked)
    ]
    if not found and list(parts) == ["intro"]:
        starts = (name for name in _STARTS_AND_ACTS.findall(plain(unmarked)) if name.lower() not in PLAIN_STARTS)
        single = list(dict.fromkeys([*(name for name in starts if not _common(name, unmarked)), *single]))
    return tuple(_person(name, [name], _said_of(name, unmarked), text, language) for name in found + single)


def _common(word: str, text: str) -> bool:
    """Whether a word that starts a sentence is written small elsewhere, or can't be a name at all."""
    return re.search(rf"\b{word.lower()}\b", text) is not None or _NOT_PEOPLE.search(word) is not None


def person_named(name: str, description: str, language: str) -> Person:
    """A person of the `<people>` block."""
    return _person(name, [name], description, description, language)


def _several(head: str) -> list[str]:
    """ "Names of one line: "The twins, Pell and Arden Quick" are Pell Quick and Arden Quick."""
    names = re.split(r"\s+(?:and|и|&)\s+", head.split(", ", 1)[-1] if re.search(r"\s(?:and|и|&)\s", head) else head)
    if len(names) == 1:
        return [re.sub(r"\s*[,(].*$", "", head).strip()]
    family = names[-1].split()[1:]
    return [name if len(name.split()) > 1 else " ".join([name, *family]) for name in names]


def _person(name: str, together: list[str], rest: str, whole: str, language: str) -> Person:
    aliases = _aliases(rest)
    said = rest.lstrip(" ,:—–")
    said = re.sub(r"^\((?!born)[^)]*\),?\s*", "", said) if aliases else said
    about = tuple(_own(sentence, name, together) for sentence in split_sentences(said))
    about = tuple(sentence for sentence in about if sentence)
    age = _AGE.search(about[0]) if about else None
    years = int(age[1]) if age and 0 < int(age[1]) < 130 else None
    return Person(
        name=name,
        short=_short(name, aliases, years, language),
        gender=_gender(name, " ".join(about), whole),
        age=years,
        role=_role(about),
        about=about,
        aliases=aliases,
    )


def _own(sentence: str, name: str, together: list[str]) -> str:
    """Of what is said of several people, this one's share: "Pell talks, Arden draws" is halved."""
    others = [other.split()[0] for other in together if other != name]
    if not any(re.search(rf"\b{re.escape(other)}\b", sentence) for other in others):
        return sentence
    own = [part.strip(" .") for part in sentence.split(",") if re.search(rf"\b{re.escape(name.split()[0])}\b", part)]
    return f"{', '.join(own)}." if own else ""


def _aliases(rest: str) -> tuple[str, ...]:
    found = re.match(r"\s*\(([^)]*)\)", rest)
    if not found:
        return ()
    parts = (part.strip(" «»“”\"'") for part in found[1].split(","))
    return tuple(part for part in parts if re.match(r"^[А-ЯЁA-Z][а-яёa-z]+$", part))


def _short(name: str, aliases: tuple[str, ...], age: int | None, language: str) -> str:
    parts = name.split()
    if len(parts) == 1:
        return name
    if parts[0].lower() in _TITLES:
        return f"{parts[0]} {parts[-1]}"
    if language == "ru":
        if len(parts) == 3 and (age is None or age >= 40):
            return f"{parts[0]} {parts[1]}"
        return aliases[0] if aliases and age is not None and age < 25 else parts[0]
    return parts[0]


def _gender(name: str, about: str, whole: str) -> str:
    parts = [part for part in name.split() if part.lower() not in _TITLES] or [name]
    first = parts[0].lower()
    if any(re.search(r"(?:вна|чна)$", part) for part in parts):
        return "f"
    if any(re.search(r"(?:вич|ич)$", part) for part in parts[1:]):
        return "m"
    beside = re.search(rf"(\w+)\s+{re.escape(parts[0])}\b", whole)
    nearby = f"{about} {beside[1] if beside else ''}"
    if (
        beside
        and first not in _FEMALE | _MALE
        and (_FEMALE_WORDS.fullmatch(beside[1]) or _MALE_WORDS.fullmatch(beside[1]))
    ):
        return "f" if _FEMALE_WORDS.fullmatch(beside[1]) else "m"
    female, male = len(_FEMALE_WORDS.findall(nearby)), len(_MALE_WORDS.findall(nearby))
    if female != male and first not in _FEMALE | _MALE:
        return _by_pronoun(about, female, male)
    if first in _FEMALE or (first not in _MALE and re.search(r"(?:[aая]|ie|ne|elle|ette|eth|lyn)$", first)):
        return "f"
    return "m"


def _by_pronoun(about: str, female: int, male: int) -> str:
    """Pronouns outweigh kin: in "carries her father's level" the father is someone else."""
    she = len(re.findall(r"\b(?:she|her|hers|она|её)\b", about, re.I))
    he = len(re.findall(r"\b(?:he|his|him|он)\b", about, re.I))
    if she != he:
        return "f" if she > he else "m"
    return "f" if female > male else "m"


def _role(about: tuple[str, ...]) -> str:
    """What they are: the first part of what is said that is neither a number nor a date of birth or death."""
    for sentence in about[:2]:
        bare = re.sub(r"\([^)]*\)", "", sentence).split(";")[0]
        for part in (part.strip(" .:") for part in bare.split(",")):
            if part and len(part.split()) <= 8 and not _NO_ROLE.match(part):
                return part
    return ""


def _looks_like_name(name: str) -> bool:
    parts = name.split()
    if _NOT_PEOPLE.search(name) or not parts:
        return False
    return all(part[0].isupper() and part.lower() not in PLAIN_STARTS for part in parts)


def _only_after_preposition(name: str, text: str) -> bool:
    places = [m.start() for m in re.finditer(re.escape(name), text)]
    return all(_PLACE_BEFORE.search(text[max(0, at - 24) : at]) for at in places)


def _is_single_name(name: str, text: str) -> bool:
    if name.lower() in PLAIN_STARTS or _NOT_PEOPLE.search(name):
        return False
    inside = [
        m.start()
        for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)
        if not re.search(r"(?:^|[.!?…:]\s+|\n\s*(?:[-*]\s+)?|#\s*)$", text[max(0, m.start() - 12) : m.start()])
    ]
    before = [text[max(0, at - 24) : at] for at in inside]
    return bool(inside) and not any(
        _PLACE_BEFORE.search(head) or re.search(r"\bthe\s+$", head, re.I) for head in before
    )


def _said_of(name: str, text: str) -> str:
    first = name.split()[0]
    told = [plain(s) for s in split_sentences(re.sub(r"^#.*$", "", text, flags=re.M)) if first in s]
    return " ".join(told[:3])
