"""How a style changes the writing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Manner:
    """`length` prefers short or long patterns; `talk` is the share of rounds that are talk; `mood` a deck."""

    name: str
    length: str = "any"
    talk: float = 0.5
    mood: str = ""

    def talks(self, round_: int) -> bool:
        """Whether round number `round_` of a scene is talk; spread evenly, never all on one side."""
        return int((round_ + 1) * self.talk) > int(round_ * self.talk)


def manner_of(style: str) -> Manner:
    return Manner(name=style)
