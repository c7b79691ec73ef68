"""A real kernel shows and keeps no key, whatever is displayed and however a cell fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.security import keyring_double
from tests.security.canaries import leaks, new_canaries, new_canary
from tests.security.echo import echoing_vendor, environment
from tests.security.world import MODELS, REPOSITORY

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        os.environ.get("GHOSTKIT_CANARY") != "full",
        reason="half a minute: CI does it, or GHOSTKIT_CANARY=full",
    ),
]

PREPARE = """
import json, pathlib, ghostkit as gk
from ghostkit.settings import get_settings, settings_table
from ghostkit.providers import Message, Request, registry
get_settings().cohere_api_key = json.loads(pathlib.Path("private/in-code.json").read_text())
MODELS = %r
def ask(name):
    message = Message(role="user", parts=("Say something.",))
    return Request(model=MODELS[name], messages=(message,), max_tokens=50, attempt_id="a-1")
providers = {name: registry.create_provider(name) for name in MODELS}
"""
SHOWN = (
    "get_settings()",
    "print(get_settings()); get_settings().model_dump()",
    "settings_table()",
    "get_settings().openai_api_key, get_settings().cohere_api_key",
    "providers",
    "[vars(provider) for provider in providers.values()]",
    "clients = [await provider.client() for provider in providers.values()]; clients",
    "[await provider.validate() for provider in providers.values()]",
    "%whos",
    "globals().keys(); locals()['providers']",
)
FAILS = (
    *(f"await providers[{name!r}].generate(ask({name!r}))" for name in MODELS),
    'async with providers["openai"].stream(ask("openai")) as stream:\n    print([event async for event in stream])',
    'book = gk.Book.create("book", title="Salt", brief="Pans.", chapters=1, sections=1, words=50)\n'
    'await book.write(model="anthropic:claude-sonnet-5-5")',
    'get_settings().cohere_api_key = "two words"',
)


def _notebook() -> Any:
    cells = [PREPARE % MODELS, *SHOWN]
    for mode in ("Context", "Verbose"):
        cells += [f"%xmode {mode}"]
        for cell in FAILS:
            cells += [cell, "%tb"]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_a_notebook_holds_no_key_after_everything_was_shown_and_everything_failed(tmp_path: Path) -> None:
    canaries, private = new_canaries(), tmp_path / "private"
    private.mkdir()
    (private / "keychain.json").write_text(json.dumps({"ghostkit/gemini": canaries["gemini"].key}))
    (private / "in-code.json").write_text(json.dumps(canaries["cohere"].key))
    keys = {"ANTHROPIC_API_KEY": "anthropic", "OPENROUTER_API_KEY": "openrouter"}
    (tmp_path / ".env").write_text("".join(f"{name}={canaries[vendor].key}\n" for name, vendor in keys.items()))
    with echoing_vendor() as echo:
        surroundings = {
            **os.environ, **environment(echo, "401"), "OPENAI_API_KEY": canaries["openai"].key,
            "PYTHONPATH": str(REPOSITORY), "IPYTHONDIR": str(tmp_path / "ipython"), "GHOSTKIT_MAX_RETRIES": "0",
            "GHOSTKIT_REQUEST_SPACING_S": "0", "TMPDIR": str(tmp_path),
            keyring_double.VARIABLE: str(private / "keychain.json"),
            "PYTHON_KEYRING_BACKEND": "tests.security.keyring_double.Keyring",
        }  # fmt: skip
        notebook = _notebook()
        client = NotebookClient(notebook, timeout=60, allow_errors=True)
        client.execute(cwd=str(tmp_path), env=surroundings)
    nbformat.write(notebook, tmp_path / "kept.ipynb")
    seen = (tmp_path / "kept.ipynb").read_text(encoding="utf-8")
    _check_everything_ran(notebook, seen)
    assert leaks(seen, canaries) == []


def _check_everything_ran(notebook: Any, seen: str) -> None:
    """Else the notebook would be clean because nothing happened in it."""
    outcomes = [output.get("ename", "") for cell in notebook.cells for output in cell.outputs]
    assert outcomes.count("AuthError") >= 2 * (len(MODELS) + 1), outcomes
    assert outcomes.count("InputError") >= 2
    assert "NameError" not in outcomes
    assert "does not accept the key" in seen
    failed = [cell.source for cell in notebook.cells[: len(SHOWN) + 1] if any(o.get("ename") for o in cell.outputs)]
    assert failed == []


def test_a_key_in_an_output_would_be_seen(tmp_path: Path) -> None:
    canary = new_canary("cohere")
    cell = nbformat.v4.new_code_cell("1")
    cell.outputs.append(nbformat.v4.new_output("stream", text=f"it is {canary.key}\n"))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "kept.ipynb")
    assert leaks((tmp_path / "kept.ipynb").read_text(), {"cohere": canary}) == ["cohere: as it is"]
