"""`ghostkit.fan_out` and its waiting twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit import sync
from ghostkit.errors import InputError, StorageError
from ghostkit.ledger import SqliteLedger
from ghostkit.providers import registry
from ghostkit.settings import get_settings
from ghostkit.testing import ScriptedProvider


@pytest.fixture(autouse=True)
def scripted() -> ScriptedProvider:
    provider = ScriptedProvider(lambda kind, request: f"By {request.model}.")
    registry.register_provider("scripted", lambda: provider)
    return provider


@pytest.mark.anyio
async def test_answers_come_back_as_a_table() -> None:
    fanned = await gk.fan_out("Salt?", ["scripted:a", "scripted:b"], mode="all")
    assert fanned.frame()["text"].to_list() == ["By a.", "By b."]
    best = await gk.fan_out("Salt?", ["scripted:a", "scripted:bb"], mode="best", score=len)
    assert best.text == "By bb."


def test_the_waiting_twin_gives_the_same() -> None:
    assert sync.fan_out("Salt?", ["scripted:a", "scripted:b"], mode="best", score=len).text == "By a."


@pytest.mark.anyio
async def test_a_model_named_twice_by_other_names_is_told(scripted: Any) -> None:
    with pytest.raises(InputError, match="named twice"):
        await gk.fan_out("Salt?", ["rehearsal", "rehearsal:novelist"])
    assert scripted.requests == []
    assert get_settings().model is None or get_settings().model == ""


@pytest.mark.anyio
async def test_with_a_ledger_the_receipts_stay_and_can_be_heard_again(
    tmp_path: Path, scripted: ScriptedProvider
) -> None:
    kept = tmp_path / "race.sqlite"
    for _ in range(2):
        fanned = await gk.fan_out("Salt?", ["scripted:a", "scripted:b"], mode="all", ledger=kept)
    ledger = SqliteLedger(kept)
    assert ledger.totals().attempts == {"complete": 4}
    assert ledger.request(fanned.results[1].attempt_id)["model"] == "scripted:b"
    ledger.close()
    calls = len(scripted.requests)
    models = [f"replay:{kept}?of=scripted:{name}" for name in "ba"]
    assert [one.text for one in (await gk.fan_out("Salt?", models, mode="all")).results] == ["By b.", "By a."]
    assert len(scripted.requests) == calls
    with pytest.raises(StorageError):
        await gk.fan_out("Salt?", ["scripted:a", "scripted:b"], ledger=tmp_path / "no" / "where.sqlite")
