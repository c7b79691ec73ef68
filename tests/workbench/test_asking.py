"""`ask`: what goes wrong beside the asking comes out as it is."""

from __future__ import annotations

import anyio
import pytest

from ghostkit.errors import StorageError
from ghostkit.generation import GenerationService
from ghostkit.workbench.asking import ask

from ..desk import Desk

pytestmark = pytest.mark.anyio


async def test_a_disk_that_refuses_the_text_that_stalled_is_told_as_one_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as an exception group, which the terminal would call unexpected; and the lease is let go."""

    async def refuse(service: GenerationService) -> None:
        raise StorageError("Could not write the ledger: No space left on device.")

    async def wait(service: GenerationService) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(GenerationService, "flush_stalled", refuse)
    book = desk.create()
    with anyio.fail_after(20), pytest.raises(StorageError, match="No space left"):
        await ask(book, "a person's development", None, wait)
    with pytest.raises(ZeroDivisionError):
        await ask(book, "a person's development", None, _divide)


async def _divide(service: GenerationService) -> None:
    raise ZeroDivisionError
