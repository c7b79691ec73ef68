"""Ctrl-C in the middle of somebody's code: it comes out as it is, and what came before is on record."""

from __future__ import annotations

import pytest

from .lab import SLOT, lab

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
async def test_an_interrupt_in_a_listener_is_not_wrapped_and_loses_nothing(stop: type[BaseException]) -> None:
    def listen(piece: str) -> None:
        if "went" in piece:
            raise stop

    with lab(["Ada ", "went ", "on."], chunk_characters=1) as it:
        with pytest.raises(stop):
            await it.service.run_step(it.spec(), on_text=listen)
        (attempt,) = it.ledger.attempts(SLOT)
        assert (str(attempt.state), it.kept) == ("cancelled", "Ada went ")
        it.settled()
