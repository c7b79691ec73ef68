"""How a style changes the writing: which sentences it prefers, how much is talk, what mood comes in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ghostkit.providers.rehearsal.chance import seed_of


@dataclass(frozen=True, kw_only=True)
class Manner:
    """`length` is "any", or prefers "short" or "long" patterns; `talk` is the share of rounds that are talk.

    `mood` names a deck of sentences that only such styles use. `name` seeds the decks, so that two styles never deal
    the same hand.
    """

    name: str
    length: str = "any"
    talk: float = 0.5
    mood: str = ""

    def talks(self, round_: int) -> bool:
        """Whether round number `round_` of a scene is talk; spread evenly, never all on one side."""
        return int((round_ + 1) * self.talk) > int(round_ * self.talk)


_PLAIN: Final = Manner(name="plain")
_KNOWN: Final = {
    "plain": _PLAIN,
    "terse": Manner(name="terse", length="short", talk=0.5, mood="bare"),
    "minimal": Manner(name="minimal", length="short", talk=0.4, mood="bare"),
    "lyrical": Manner(name="lyrical", length="long", talk=0.34, mood="ornate"),
    "literary": Manner(name="literary", length="long", talk=0.4, mood="ornate"),
    "gothic": Manner(name="gothic", length="long", talk=0.34, mood="dark"),
    "noir": Manner(name="noir", length="short", talk=0.5, mood="dark"),
    "epic": Manner(name="epic", length="long", talk=0.34, mood="ornate"),
    "wry": Manner(name="wry", talk=0.6, mood="warm"),
    "intimate": Manner(name="intimate", length="long", talk=0.3, mood="warm"),
    "young-readers": Manner(name="young-readers", length="short", talk=0.6, mood="warm"),
    "warm": Manner(name="warm", talk=0.5, mood="warm"),
    "humorous": Manner(name="humorous", talk=0.6, mood="warm"),
    "academic": Manner(name="academic", length="long", talk=0.25, mood="exact"),
    "journalistic": Manner(name="journalistic", talk=0.4, mood="exact"),
    "textbook": Manner(name="textbook", talk=0.34, mood="exact"),
    "how-to": Manner(name="how-to", length="short", talk=0.3, mood="exact"),
    "reportage": Manner(name="reportage", talk=0.4, mood="exact"),
    "essay": Manner(name="essay", length="long", talk=0.3, mood="ornate"),
    "scholarly": Manner(name="scholarly", length="long", talk=0.25, mood="exact"),
    "report": Manner(name="report", length="short", talk=0.25, mood="exact"),
    "technical": Manner(name="technical", length="short", talk=0.25, mood="exact"),
}
_MOODS: Final = ("", "bare", "ornate", "dark", "warm", "exact")
_LENGTHS: Final = ("any", "short", "long")


def manner_of(style: str) -> Manner:
    """The manner of a style; one it doesn't know gets a variation that follows from its name."""
    known = _KNOWN.get(style)
    if known is not None:
        return known
    seed = seed_of("manner", style)
    return replace(
        _PLAIN,
        name=style,
        length=_LENGTHS[seed % len(_LENGTHS)],
        talk=0.3 + (seed >> 8) % 4 / 10,
        mood=_MOODS[(seed >> 16) % len(_MOODS)],
    )
