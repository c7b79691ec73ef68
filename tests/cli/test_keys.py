"""`ghostkit keys`: kept without being seen, listed without being shown, removed; never taken as an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import fail

from ghostkit.providers.keys import key_of
from tests.cli.conftest import Command
from tests.providers.test_keys import KEY, FakeKeyring, use


@pytest.fixture(autouse=True)
def fake() -> Iterator[FakeKeyring]:
    before, made = keyring.get_keyring(), FakeKeyring()
    use(made)
    yield made
    use(before)


def test_a_key_is_kept_listed_by_its_end_and_removed(ghostkit: Command, fake: FakeKeyring) -> None:
    ran = ghostkit("keys", "set", "openai", given=f"{KEY}\n")
    assert ran.code == 0
    assert "a keyring of the test's own" in ran.out
    assert fake.kept == {("ghostkit", "openai"): KEY}
    rows = {row["provider"]: row for row in ghostkit("keys", "list", "--json").json}
    assert (rows["openai"]["source"], rows["openai"]["hint"]) == ("keyring", f"…{KEY[-4:]}")
    assert (rows["cohere"]["source"], rows["cohere"]["hint"]) == ("none", "")
    assert "COHERE_API_KEY" in rows["cohere"]["fix"]
    listed = ghostkit("keys")
    assert listed.out == ghostkit("keys", "list").out
    assert KEY[:-4] not in ran.out + ran.err + listed.out
    assert "no longer" in ghostkit("keys", "remove", "openai").out
    assert fake.kept == {}
    assert "holds no key" in ghostkit("keys", "remove", "openai").out


def test_each_act_answers_in_json_too(ghostkit: Command, fake: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ghostkit("keys", "set", "openai", "--json", given=KEY).json
    assert kept == {"provider": "openai", "kept_in": fake.name, "hint": f"…{KEY[-4:]}", "used": True}
    assert ghostkit("keys", "--json").json == ghostkit("keys", "list", "--json").json
    gone = ghostkit("keys", "remove", "openai", "--json").json
    assert gone == {"provider": "openai", "removed": True, "source": "none", "variable": ""}
    ran = ghostkit("keys", "set", "openai", "--json", given="two words")
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", "bad_input")


@pytest.mark.parametrize(
    "arguments", [("openai", KEY), ("openai", "x"), (KEY,), ("sk-ant-api03-Zt81kQw0pLm93xVbN5rT",)]
)
def test_a_key_as_an_argument_is_refused_with_the_reason_and_not_repeated(
    ghostkit: Command, fake: FakeKeyring, arguments: tuple[str, ...]
) -> None:
    ran = ghostkit("keys", "set", *arguments, given=f"{KEY}\n")
    assert ran.code == 2
    assert "history" in ran.sentence
    assert fake.kept == {}
    assert arguments[-1] not in ran.err.split() or arguments[-1] == "x"


def test_a_key_where_a_command_was_meant_is_not_repeated(ghostkit: Command) -> None:
    for arguments in (("keys", KEY), (KEY,), ("status", "x", KEY), ("write", f"--{KEY}"), ("keys", "remove", KEY)):
        ran = ghostkit(*arguments)
        assert ran.code == 2
        assert KEY not in ran.out + ran.err


def test_a_key_in_the_environment_goes_before_and_that_is_said(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment-1")
    ran = ghostkit("keys", "set", "openai", given=KEY)
    assert "OPENAI_API_KEY in the environment goes before it" in ran.err
    assert key_of("openai") == "sk-of-the-environment-1"
    assert "OPENAI_API_KEY (environment) still gives one" in ghostkit("keys", "remove", "openai").err


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "no key on stdin"), (f"Bearer {KEY}", "Bearer"), ("AIzaSyZt81kQw0pLm93xVbN5rT", "Google Gemini")],
)
def test_a_mistaken_key_is_not_kept(ghostkit: Command, fake: FakeKeyring, given: str, said: str) -> None:
    ran = ghostkit("keys", "set", "openai", given=given)
    assert ran.code == 2
    assert said in ran.sentence
    assert fake.kept == {}


def test_without_a_keyring_the_sentence_comes_before_the_key_is_asked_for(
    ghostkit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(fail.Keyring())
    monkeypatch.setattr(sys.stdin, "read", lambda *_: pytest.fail("it asked"))
    ran = ghostkit("keys", "set", "openai")
    assert ran.code == 1
    assert "no keyring" in ran.sentence
    assert "no keyring here" in ghostkit("keys", "list").out


def test_an_unknown_provider_is_told_with_the_known_ones(ghostkit: Command) -> None:
    ran = ghostkit("keys", "set", "rehearsal", given=KEY)
    assert ran.code == 2
    assert "rehearsal" in ran.sentence
    assert "openai, anthropic, gemini, cohere, openrouter" in ran.err


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_on_a_terminal_the_key_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    code = (
        "import keyring, sys\n"
        "from tests.providers.test_keys import FakeKeyring\n"
        "keyring.set_keyring(FakeKeyring())\n"
        "from ghostkit.cli import program\n"
        "program.main(['keys', 'set', 'openai'])\n"
    )
    seen = _in_a_terminal([sys.executable, "-c", code], answer=KEY + "\n")
    assert "not shown" in seen
    assert "kept in the system's keyring" in seen
    assert KEY not in seen


def _in_a_terminal(command: list[str], answer: str) -> str:
    """What a person sees who types `answer` at the first question."""
    import select
    import subprocess

    ours, theirs = os.openpty()
    process: Any = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen, asked = b"", False
    try:
        while select.select([ours], [], [], 30)[0]:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # Linux's word for the other end being closed
                break
            if not piece:
                break
            seen += piece
            if b"not shown" in seen and not asked:
                asked = True
                os.write(ours, answer.encode())
    finally:
        process.wait(30)
        os.close(ours)
    return seen.decode()
