"""`ghostkit providers`: everyone is listed whatever befalls one of them, and a check ends with what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import anyio
import pytest

from ghostkit.errors import AuthError
from ghostkit.providers import Diagnosis, registry
from ghostkit.providers import roster as roster_module
from ghostkit.testing import ScriptedProvider
from tests.cli.conftest import Command

KEY = "sk-proj-Zt81kQw0pLm93xVbN5rT"


@pytest.fixture(autouse=True)
def _none_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test of this process has left registered for good."""
    monkeypatch.setattr(registry, "_registered", {})


@pytest.fixture(autouse=True)
def _only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only providers that no network is needed for, and those a test adds."""
    monkeypatch.setattr("ghostkit.cli.commands.providers.PATIENCE_S", 0.2)


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody of the vendors, so that a check's result is the test's own."""
    monkeypatch.setattr(registry, "list_providers", lambda: sorted(registry._registered))


def test_every_provider_is_listed_with_its_state_and_nobody_is_asked(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(ScriptedProvider):
        async def validate(self) -> Diagnosis:
            raise AssertionError("it was asked")

    registry.register_provider("a", Asked)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ran = ghostkit("providers", "--json")
    assert (ran.code, ran.err) == (0, "")
    rows = {row["name"]: row for row in ran.json}
    assert rows.keys() >= {"anthropic", "cohere", "gemini", "ollama", "openai", "openai-responses", "openrouter"}
    assert (rows["rehearsal"]["state"], rows["rehearsal"]["model"]) == ("ready", "rehearsal:novelist")
    assert (rows["openai"]["state"], rows["openai"]["key_from"]) == ("ready", "environment")
    assert rows["openai"]["key_name"] == "OPENAI_API_KEY"
    assert (rows["anthropic"]["state"], rows["anthropic"]["ok"]) == ("no key", False)
    assert "ANTHROPIC_API_KEY" in rows["anthropic"]["fix"]
    assert not any(row["checked"] for row in ran.json)
    said = ghostkit("providers").out
    assert "✓  rehearsal" in said
    assert "–  anthropic" in said
    assert KEY not in ran.out + said


def test_a_package_that_is_missing_is_named_with_how_to_get_it(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-Zt81kQw0pLm93xVbN5rT")
    monkeypatch.setattr(roster_module, "is_installed", lambda package: package != "anthropic")
    (row,) = ghostkit("providers", "anthropic", "--json").json
    assert (row["state"], row["message"]) == ("not installed", "anthropic is not installed.")
    assert row["fix"] == "pip install 'ghostkit[anthropic]'"


def test_a_package_is_looked_for_without_importing_it() -> None:
    assert roster_module.is_installed("ghostkit.providers")
    assert not roster_module.is_installed("no_such_package.at_all")


@pytest.mark.parametrize(
    "source",
    ["raise RuntimeError('it broke\\nover two lines')", "import no_such_thing", "import sys; sys.exit('bye')", "a ="],
)
def test_a_plugin_that_fails_to_import_is_one_sentence_and_the_others_are_listed(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    (tmp_path / "a_broken_plugin.py").write_text(source + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("a_broken_plugin", None)
    plugin = EntryPoint("broken", "a_broken_plugin:Provider", "ghostkit.providers")
    monkeypatch.setattr(type(registry), "_entry_points", lambda self: {"broken": plugin})
    for options in ((), ("--check",)):
        ran = ghostkit("providers", "--json", "broken", "rehearsal", *options)
        rows = {row["name"]: row for row in ran.json}
        assert ran.code == len(options)
        assert (rows["broken"]["state"], rows["rehearsal"]["ok"]) == ("broken", True)
        assert "could not be loaded" in rows["broken"]["message"]
        assert "\n" not in rows["broken"]["message"]
        assert "package" in rows["broken"]["fix"]


class Fine(ScriptedProvider):
    async def validate(self) -> Diagnosis:
        return Diagnosis(ok=True, message="It answers.")


class Unready(ScriptedProvider):
    async def validate(self) -> Diagnosis:
        return Diagnosis(ok=False, message="The key is not accepted.", fix="Make another.")


class Silent(ScriptedProvider):
    async def validate(self) -> Diagnosis:
        await anyio.sleep_forever()
        raise AssertionError


class Failing(ScriptedProvider):
    async def validate(self) -> Diagnosis:
        raise RuntimeError(f"oops {KEY}\nand more")


class Refusing(ScriptedProvider):
    async def validate(self) -> Diagnosis:
        raise AuthError("It does not accept the key.", fix="Make another.")


class Unclosable(Fine):
    async def aclose(self) -> None:
        raise RuntimeError("no")


def test_a_check_asks_all_at_once_and_each_fails_alone(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    cases = {"a": Unready, "b": Silent, "c": Failing, "d": Refusing, "e": Fine, "f": Unclosable, "g": Silent}
    for name, factory in cases.items():
        registry.register_provider(name, factory)
    ran = ghostkit("providers", "--check", "--json")
    rows = {row["name"]: row for row in ran.json}
    assert ran.code == 1
    assert {name for name, row in rows.items() if row["ok"]} == {"e", "f"}
    assert all(row["checked"] for row in rows.values())
    assert (rows["a"]["message"], rows["a"]["fix"]) == ("The key is not accepted.", "Make another.")
    assert rows["b"]["message"] == "There was no answer within 0.2 s."
    assert "RuntimeError: oops [redacted] and more" in rows["c"]["message"]
    assert rows["d"]["message"] == "It does not accept the key."
    said = ghostkit("providers", "--check")
    assert said.code == 1
    assert "To be mended: a, b, c, d, g." in said.out
    assert KEY not in ran.out + said.out


def test_a_check_takes_as_long_as_the_slowest_and_not_as_all(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(monkeypatch)
    gate: list[str] = []
    together = 4

    class Meeting(ScriptedProvider):
        async def validate(self) -> Diagnosis:
            gate.append("here")
            while len(gate) < together:  # it gets no further unless all of them are asked at the same time
                await anyio.sleep(0.005)
            return Diagnosis(ok=True, message="met")

    monkeypatch.setattr("ghostkit.cli.commands.providers.PATIENCE_S", 5.0)
    for number in range(together):
        registry.register_provider(f"p{number}", Meeting)
    ran = ghostkit("providers", "--check", "--json")
    assert (ran.code, [row["message"] for row in ran.json]) == (0, ["met"] * together)


def test_a_check_ends_well_when_all_that_are_configured_do(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    offline(monkeypatch)
    registry.register_provider("e", Fine)
    registry.register_provider("cohere", Unready)  # no key for it: nobody means to use it
    ran = ghostkit("providers", "--check")
    assert ran.code == 0
    assert "1 provider can write." in ran.out
    assert ghostkit("providers", "--check", "cohere").code == 1  # but whoever names it does


def test_ollama_counts_only_where_its_address_was_set(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.settings import reset_settings

    offline(monkeypatch)
    registry.register_provider("ollama", Unready)
    assert ghostkit("providers", "--check").code == 0
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:11434")
    reset_settings()
    assert ghostkit("providers", "--check").code == 1


def test_a_key_that_looks_wrong_is_said_so_and_is_the_fix_when_it_is_refused(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline(monkeypatch)
    registry.register_provider("cohere", Refusing)
    monkeypatch.setenv("COHERE_API_KEY", "sk-ant-api03-Zt81kQw0pLm93xVbN5rT")
    (row,) = ghostkit("providers", "cohere", "--json").json
    assert (row["state"], "key for Anthropic, not for Cohere" in row["message"]) == ("ready", True)
    (row,) = ghostkit("providers", "cohere", "--check", "--json").json
    assert row["message"] == "It does not accept the key."
    assert "key for Anthropic, not for Cohere" in row["fix"]


def test_an_unknown_name_is_told_with_the_known_ones(ghostkit: Command) -> None:
    ran = ghostkit("providers", "opnai")
    assert ran.code == 2
    assert "'opnai'" in ran.sentence
    assert "rehearsal" in ran.err


def test_settings_that_cannot_be_used_are_one_sentence(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk with spaces")
    ran = ghostkit("providers", "--check")
    assert ran.code == 2
    assert "OPENAI_API_KEY" in ran.sentence
    assert "with spaces" not in ran.sentence.replace("without spaces", "")


def test_a_listing_imports_no_vendors_sdk(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom ghostkit.providers.roster import roster\nroster()\n"
        "print([n for n in ('openai', 'anthropic', 'google.genai', 'cohere', 'httpx', 'httpx2') if n in sys.modules])"
    )
    environment = {**os.environ, "OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": "sk-ant-api03-Zt81kQw0pLm93xVbN5rT",
                   "GEMINI_API_KEY": "AIzaSyZt81kQw0pLm93xVbN5rT", "COHERE_API_KEY": KEY[8:]}  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path,
                         timeout=60, check=False)  # fmt: skip
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")
