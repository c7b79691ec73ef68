"""Budgets set aside the most a call can cost before it leaves, and stop cleanly when that is too much."""

from __future__ import annotations

from contextlib import suppress

from ghostkit.errors import BudgetExceeded, StorageError
from ghostkit.generation.options import GenerationOptions
from ghostkit.generation.spending import DaySpending, dollars, state_folder
from ghostkit.ledger import in_thread


class Budget:
    """USD for one run, and beside it what `GenerationOptions` allow a call and a day.

    `limit_usd` None means no limit on the run. In-doubt calls count at their ceiling.
    """

    def __init__(self, limit_usd: float | None = None) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = 0.0
        self._reserved = 0.0

    def reserve(self, ceiling_usd: float) -> None:
        """Set the ceiling aside of the run's budget or raise `BudgetExceeded`; nothing has been sent then."""
        if self.limit_usd is not None and self.spent_usd + self._reserved + ceiling_usd > self.limit_usd + 1e-12:
            left = max(self.limit_usd - self.spent_usd - self._reserved, 0.0)
            raise BudgetExceeded(
                f"The next call could cost ${ceiling_usd:.4f}, and ${left:.4f} of the {dollars(self.limit_usd)} budget "
                "is left.",
                fix="What is written stays; go on with a larger --budget.",
            )
        self._reserved += ceiling_usd

    def settle(self, ceiling_usd: float, cost_usd: float) -> None:
        """Turn a reservation into what the call cost."""
        self._reserved -= ceiling_usd
        self.spent_usd += cost_usd

    async def left_usd(self, options: GenerationOptions) -> float | None:
        """The least that any budget has left; None without any."""
        limits = [options.budget_per_call_usd]
        if self.limit_usd is not None:
            limits.append(self.limit_usd - self.spent_usd - self._reserved)
        if options.budget_per_day_usd is not None:
            spent = await in_thread(DaySpending(state_folder(options.state_dir)).spent_usd)
            limits.append(options.budget_per_day_usd - spent)
        return min((max(limit, 0.0) for limit in limits if limit is not None), default=None)

    async def hold(self, attempt_id: str, model: str, ceiling_usd: float | None, options: GenerationOptions) -> Hold:
        """Set the ceiling aside of every budget there is, or of none and raise `BudgetExceeded`.

        `ceiling_usd` None, an unknown price, is refused where there is any budget to keep.
        """
        day_limit = options.budget_per_day_usd
        if ceiling_usd is None:
            if (self.limit_usd, options.budget_per_call_usd, day_limit) != (None, None, None):
                raise _unknown_price(model)
            ceiling_usd = 0.0
        _check_call(ceiling_usd, options.budget_per_call_usd)
        self.reserve(ceiling_usd)
        if day_limit is None:
            return Hold(self, ceiling_usd, attempt_id, None)
        day = DaySpending(state_folder(options.state_dir))
        try:
            await in_thread(day.reserve, attempt_id, ceiling_usd, day_limit)
        except BaseException:
            self.settle(ceiling_usd, 0.0)
            raise
        return Hold(self, ceiling_usd, attempt_id, day)


class Hold:
    """What is set aside for one call until `settle` says what it cost."""

    def __init__(self, budget: Budget, ceiling_usd: float, attempt_id: str, day: DaySpending | None) -> None:
        self.ceiling_usd = ceiling_usd
        self._budget = budget
        self._attempt_id = attempt_id
        self._day = day
        self._settled = False

    async def settle(self, cost_usd: float) -> None:
        """Give back what the call did not cost. A second call does nothing; shield it where it may be cancelled."""
        if self._settled:
            return
        self._settled = True
        self._budget.settle(self.ceiling_usd, cost_usd)
        if self._day is not None:
            # A reservation that can't be settled goes on counting in full: too much, never too little.
            with suppress(StorageError):
                await in_thread(self._day.settle, self._attempt_id, cost_usd)


def _check_call(ceiling_usd: float, limit_usd: float | None) -> None:
    if limit_usd is not None and ceiling_usd > limit_usd + 1e-12:
        raise BudgetExceeded(
            f"The next call could cost ${ceiling_usd:.4f}, more than the {dollars(limit_usd)} that one call may cost.",
            fix="Nothing was sent: ask for fewer words, choose a cheaper model, or raise GHOSTKIT_BUDGET_PER_CALL_USD.",
        )


def _unknown_price(model: str) -> BudgetExceeded:
    return BudgetExceeded(
        f"What a call to {model} costs is not known, so no budget can be kept.",
        fix=f'Nothing was sent: say its price in USD per million tokens in and out, GHOSTKIT_PRICES="{model}=0.5,1.5", '
        "or go on without a budget.",
    )
