"""Turn what an outline says in the present tense into what a story tells in the past."""

from __future__ import annotations

import re
from typing import Final

_PAIRS: Final = """
is was;are were;has had;does did;can could;will would;may might;goes went;comes came;gets got;gives gave;takes took
tells told;says said;knows knew;finds found;leaves left;keeps kept;meets met;sees saw;hears heard;holds held;loses lost
pays paid;sells sold;buys bought;brings brought;breaks broke;chooses chose;draws drew;drives drove;eats ate;falls fell
feels felt;fights fought;forgets forgot;forgives forgave;grows grew;hides hid;lays laid;leads led;learns learned
lends lent
lets let;lies lied;makes made;reads read;rides rode;rises rose;runs ran;sends sent;sets set;shows showed;shuts shut
sits sat;sleeps slept;speaks spoke;spends spent;stands stood;steals stole;swears swore;sweeps swept;teaches taught
tears tore;thinks thought;throws threw;understands understood;wakes woke;wears wore;wins won;writes wrote;begins began
becomes became;binds bound;bleeds bled;burns burned;catches caught;cuts cut;costs cost;deals dealt;digs dug;dies died
drinks drank;hits hit;hurts hurt;quits quit;seeks sought;shakes shook;sings sang;sinks sank;stops stopped;swims swam
carries carried;tries tried;cries cried;denies denied;replies replied;buries buried;marries married;hurries hurried
studies studied;admits admitted;mistakes mistook;puts put;shares shared;plans planned;drops dropped;slips slipped
refers referred;agrees agreed;owes owed
"""
_PAST: Final = dict(pair.split() for line in _PAIRS.split("\n") for pair in line.split(";") if pair)
_REGULAR: Final = frozenset(
    str.split(
        """acts asks offers wants mends explains follows names refuses returns checks opens crosses hands waits
        shares disagrees watches helps counts hopes learns turns walks talks looks moves starts arrives delivers reaches
        works seems appears happens confesses admits decides discovers remembers believes arranges stays answers calls
        hates loves lives needs accepts wonders visits escapes threatens promises settles slopes crashes drowns passes
        questions reveals arrests betrays saves kills survives repairs travels climbs plays questions receives realises
        realizes notices uses burns warns gathers"""
    )
)
_AMBIGUOUS: Final = frozenset(
    str.split("names hands shares watches counts turns walks talks looks moves starts works calls needs plays uses lies"
              " visits questions shows cuts sets costs deals digs falls burns leaves slopes answers"
              " hopes promises"
              " repairs passes rises runs drives plans drops slips loves checks wins returns crashes")
)  # fmt: skip
_SUBJECT: Final = frozenset(
    str.split("he she it they who that which and but never then also still nobody somebody whoever or only always")
)
_OBJECT: Final = frozenset(str.split("that how what the a an him her it them his their at to off up down"))
_DETERMINER: Final = frozenset(
    str.split("the a an his her their its my our some many few two three four of no any these those all")
)
_TOKEN = re.compile(r"[A-Za-z]+(?:[’'][a-z]+)?|[^A-Za-z]+")


def to_past(sentence: str) -> str:
    """The sentence told: verbs it is sure of in the past, the rest as it was; quoted words are left alone."""
    if "“" in sentence or '"' in sentence:
        return sentence
    tokens = _TOKEN.findall(sentence)
    before = "."
    for at, token in enumerate(tokens):
        if not token[0].isalpha():
            continue
        if token in ("do", "does") and _next_word(tokens, at) == "not":
            tokens[at] = "did"
        else:
            tokens[at] = _past(token, before, _next_word(tokens, at))
        before = token
    return "".join(tokens)


def _past(word: str, before: str, after: str) -> str:
    if not word.islower():
        return word
    acts = before in _SUBJECT or before[:1].isupper() or (after in _OBJECT and before not in _DETERMINER)
    if word in _AMBIGUOUS and not acts:
        return word
    if word in _PAST:
        return _PAST[word]
    if word not in _REGULAR:
        return word
    stem = word[:-1] if not re.search(r"(?:ch|sh|ss|x|zz)es$", word) else word[:-2]
    return stem + ("d" if stem.endswith("e") else "ed")


def _next_word(tokens: list[str], at: int) -> str:
    return next((token for token in tokens[at + 1 :] if token[0].isalpha()), "")
