"""What an adapter can't send at all was never sent: it costs nothing, and nobody is told that it left."""

from __future__ import annotations

import pytest

from ghostkit.errors import InputError, LedgerError
from ghostkit.events import EventType
from ghostkit.ledger import Attempt

from .lab import SLOT, lab

pytestmark = pytest.mark.anyio


def only(attempts: list[Attempt]) -> Attempt:
    (attempt,) = attempts
    return attempt


async def test_what_an_adapter_can_not_put_into_a_request_costs_nothing() -> None:
    with lab(InputError("This vendor takes no 'stop'."), usd=1000.0, budget=10.0) as it:
        with pytest.raises(InputError):
            await it.service.run_step(it.spec())
        attempt = only(it.ledger.attempts(SLOT))
        assert (str(attempt.state), attempt.cost_usd, attempt.input_tokens) == ("error", 0.0, 0)
        assert it.service.budget.spent_usd == 0.0
        told = next(event for event in it.seen if event.type is EventType.GENERATION_FAILED)
        assert told.data["sent"] is False
        it.settled()


async def test_trouble_of_our_own_in_the_middle_of_an_answer_does_cost() -> None:
    with lab(["Ada ", LedgerError("gone")], usd=1000.0) as it:
        with pytest.raises(LedgerError):
            await it.service.run_step(it.spec())
        attempt = only(it.ledger.attempts(SLOT))
        assert attempt.cost_usd > 0
        told = next(event for event in it.seen if event.type is EventType.GENERATION_FAILED)
        assert told.data["sent"] is True
