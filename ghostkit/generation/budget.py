"""A budget reserves the most a call can cost before it leaves, and stops cleanly when that is too much."""

from __future__ import annotations

from ghostkit.errors import BudgetExceeded


class Budget:
    """USD for one run; `limit_usd` None means no limit. In-doubt calls count at their ceiling."""

    def __init__(self, limit_usd: float | None = None) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = 0.0
        self._reserved = 0.0

    def reserve(self, ceiling_usd: float) -> None:
        """Set the ceiling aside or raise `BudgetExceeded`; nothing has been sent then."""
        if self.limit_usd is not None and self.spent_usd + self._reserved + ceiling_usd > self.limit_usd + 1e-12:
            left = max(self.limit_usd - self.spent_usd - self._reserved, 0.0)
            raise BudgetExceeded(
                f"The next call could cost ${ceiling_usd:.4f}, and ${left:.4f} of the ${self.limit_usd:.2f} budget "
                "is left.",
                fix="What is written stays; go on with a larger --budget.",
            )
        self._reserved += ceiling_usd

    def settle(self, ceiling_usd: float, cost_usd: float) -> None:
        """Turn a reservation into what the call cost."""
        self._reserved -= ceiling_usd
        self.spent_usd += cost_usd
