"""Who gets how much of a window: core, retrieved and summaries, by ratio, and what one leaves goes to the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from ghostkit.rag.config import RAGConfig

IN_ORDER: Final = ("core", "retrieved", "summaries")
"""Who is served first with what others leave."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Tokens of each part."""

    core: int = 0
    """Plan, people, the brief, and the chapters just before in full."""
    retrieved: int = 0
    summaries: int = 0

    @property
    def total(self) -> int:
        return self.core + self.retrieved + self.summaries

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def ratios_of(config: RAGConfig) -> dict[str, float]:
    """The shares that `config` gives, by part."""
    return {
        "core": config.core_context_ratio,
        "retrieved": config.rag_context_ratio,
        "summaries": config.summary_context_ratio,
    }


def allocate(budget: int, needs: Shares, ratios: Mapping[str, float]) -> Shares:
    """How many tokens each part may have of `budget` (the window less the room for the answer).

    Each gets what it needs up to its ratio; what is left over then goes to those that need more, core first. So no
    part is cut while another leaves room, and together they never have more than the budget.
    """
    wanted = needs.as_dict()
    given = {name: min(wanted[name], int(max(budget, 0) * ratios[name])) for name in IN_ORDER}
    left = max(budget, 0) - sum(given.values())
    for name in IN_ORDER:
        more = min(left, wanted[name] - given[name])
        given[name] += more
        left -= more
    return Shares(**given)
