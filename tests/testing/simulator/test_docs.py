"""docs/simulator.md agrees with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ghostkit.testing.simulator import Simulator, rules
from ghostkit.testing.simulator.rules import FAULT_KINDS, Fault, Limits, Match, Pace, ReplyRule, Rule, read_rules

PAGE = (Path(__file__).resolve().parents[3] / "docs/simulator.md").read_text("utf-8")


def test_the_rules_shown_are_rules() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        assert read_rules(json.loads(block))


def test_every_kind_of_fault_is_described_and_no_other() -> None:
    table = PAGE.split("### Faults")[1].split("Further settings")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(FAULT_KINDS)


@pytest.mark.parametrize("part", [Rule, Match, Fault, ReplyRule, rules.UsageReply, Pace, Limits])
def test_every_field_is_described(part: Any) -> None:
    assert [name for name in part.model_fields if not re.search(rf"`(\w+\.)?{name}`", PAGE)] == []


def test_the_addresses_are_right(simulator: Simulator) -> None:
    for name, value in simulator.environment().items():
        if not name.endswith("_KEY"):
            assert f"`{value.replace(str(simulator.port), 'PORT')}` | `{name}`" in PAGE


def test_the_example_in_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    httpx2 = pytest.importorskip("httpx2")
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    monkeypatch.chdir(tmp_path)

    def notebook() -> None:
        import os

        assert os.environ["OPENAI_API_KEY"]
        for ends in (True, False):
            headers = {"authorization": "Bearer any"}
            url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
            body = {"model": "m", "messages": [], "stream": True}
            try:
                ended = "[DONE]" in httpx2.post(url, json=body, headers=headers).text
            except httpx2.ReadError:
                ended = False
            assert ended == ends

    import os

    environment = dict(os.environ)
    try:
        exec(re.sub(r"\.\.\. +#.*", "notebook()", code), {"notebook": notebook})
    finally:
        os.environ.clear()
        os.environ.update(environment)
    assert (tmp_path / "bill.jsonl").read_text().count('"begun"') == 2
