"""How much of a book is read follows the chosen model's window, not one constant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ghostkit.providers import ModelInfo
from ghostkit.testing import ScriptedProvider

from ..desk import Desk, place_of, write

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("window", "shortened"), [(12_000, True), (120_000, False)])
async def test_a_model_with_a_small_window_reads_less_of_the_book(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, window: int, shortened: bool
) -> None:
    wide = ScriptedProvider.info

    def info(self: ScriptedProvider, model: str) -> ModelInfo:
        return replace(wide(self, model), context_window=window)

    monkeypatch.setattr(ScriptedProvider, "info", info)
    desk.answer = lambda kind, request: f"{place_of(request)} " + "word " * 3000 if kind == "section" else None
    book = desk.create(chapters=4, sections=1)
    await write(book)
    noted = {event.data["slot"] for event in book.ledger.events(types=["context_shortened"])}
    assert (f"{book.section('4.1').id}/section/0" in noted) is shortened
    read = book.receipt("4.1")["inputs"]
    assert (f"section:{book.section('1.1').id}" in read) is not shortened
