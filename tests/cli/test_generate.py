"""`ghostkit generate`: one answer, and an exit code that says whether it is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ghostkit.errors import AuthError
from ghostkit.providers import Ending, registry
from ghostkit.providers.contract import Request
from ghostkit.testing import ScriptedProvider
from ghostkit.testing.scripted import Answer
from tests.cli.conftest import Command


def _answering(answer: Answer) -> ScriptedProvider:
    provider = ScriptedProvider(lambda kind, request: answer)
    registry.register_provider("scripted", lambda: provider)
    return provider


def test_the_answer_is_printed_alone(ghostkit: Command) -> None:
    _answering("Salt is white.")
    for option in ("--stream", "--no-stream"):
        ran = ghostkit("generate", "What is salt?", "--model", "scripted", option)
        assert (ran.code, ran.out, ran.err) == (0, "Salt is white.\n", "")


def test_json_has_the_contracts_shape(ghostkit: Command) -> None:
    _answering("Salt is white.")
    ran = ghostkit("generate", "What is salt?", "--model", "scripted:x", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "text": "Salt is white.",
        "ending": "complete",
        "usage": {"input_tokens": 3, "output_tokens": 3, "source": "reported"},
        "cost_usd": 0.0,
        "attempts": 1,
    }


@pytest.mark.parametrize("ending", [Ending.LENGTH, Ending.REFUSED])
def test_an_incomplete_ending_is_3_and_the_text_is_still_given(ghostkit: Command, ending: Ending) -> None:
    _answering(["Salt ", ending])
    ran = ghostkit("generate", "x", "--model", "scripted", "--json")
    assert (ran.code, ran.json["ending"], ran.json["text"]) == (3, str(ending), "Salt ")
    assert ran.error["code"] == "incomplete"
    plain = ghostkit("generate", "x", "--model", "scripted")
    assert (plain.code, plain.out.strip()) == (3, "Salt")
    assert str(ending) in plain.sentence


def test_a_stream_that_breaks_off_is_truncated_and_3(ghostkit: Command) -> None:
    _answering(["Salt "])
    ran = ghostkit("generate", "x", "--model", "scripted", "--json")
    assert (ran.code, ran.json["ending"]) == (3, "truncated")


def test_a_providers_error_is_1_and_told(ghostkit: Command) -> None:
    _answering(AuthError("The key was refused.", fix="Set another one."))
    ran = ghostkit("generate", "x", "--model", "scripted", "--json")
    assert (ran.code, ran.json["ending"]) == (1, "error")
    assert ran.error == {"code": "auth", "message": "The key was refused.", "fix": "Set another one."}
    assert ghostkit("generate", "x", "--model", "scripted").sentence == "The key was refused."


def test_the_prompt_can_come_from_stdin(ghostkit: Command) -> None:
    provider = _answering("ok")
    assert ghostkit("generate", "-", "--model", "scripted", given="What is salt?\n").code == 0
    assert provider.requests[-1].messages[-1].text == "What is salt?\n"


def test_max_tokens_and_the_setting_for_the_model_count(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = _answering("ok")
    monkeypatch.setenv("GHOSTKIT_MODEL", "scripted:big")
    assert ghostkit("generate", "x", "--max-tokens", 7).code == 0
    assert (provider.requests[-1].max_tokens, provider.requests[-1].model) == (7, "big")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("",), "prompt is empty"),
        (("-",), "prompt is empty"),
        (("x", "--max-tokens", "0"), "max-tokens"),
        (("x", "--model", "nobody"), "no provider"),
        (("x", "--model", ":x"), "names no provider"),
    ],
)
def test_bad_input_is_a_usage_error(ghostkit: Command, arguments: tuple[str, ...], says: str) -> None:
    ran = ghostkit("generate", *arguments, given="")
    assert ran.code == 2
    assert says in ran.sentence


def test_a_prompt_that_is_no_text_is_a_usage_error(ghostkit: Command) -> None:
    assert "not UTF-8" in ghostkit("generate", "-", given=b"\xff\xfe\xfa").sentence


def test_an_answer_can_not_write_to_the_terminal(ghostkit: Command) -> None:
    _answering("Salt\x1b]0;owned\x07 is white.")
    for option in ("--stream", "--no-stream"):
        assert "\x1b" not in ghostkit("generate", "x", "--model", "scripted", option).out


def test_the_rehearsal_answers_by_default(ghostkit: Command) -> None:
    ran = ghostkit("generate", "Tell me of salt.", "--json")
    assert (ran.code, ran.json["ending"]) == (0, "complete")
    assert len(ran.json["text"].split()) > 20


def test_sampling_options_reach_the_request_under_ghostkits_names(ghostkit: Command, tmp_path: Path) -> None:
    provider = _answering("{}")
    schema = tmp_path / "shape.json"
    schema.write_text('{"type": "object"}', encoding="utf-8")
    ran = ghostkit(
        "generate", "x", "--model", "scripted", "--temperature", 0, "--top-p", "0.5", "--seed", 3, "--stop", "END",
        "--stop", "FIN", "--reasoning", "low", "--schema", schema,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert provider.requests[-1].parameters == {
        "temperature": 0.0, "top_p": 0.5, "seed": 3, "stop": ["END", "FIN"], "reasoning": "low",
        "json_schema": {"type": "object"},
    }  # fmt: skip
    assert ghostkit("generate", "x", "--model", "scripted").code == 0
    assert provider.requests[-1].parameters == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no file"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "holds no JSON schema"),
        (b" " * 1_000_001, "over 1 MB"),
    ],
)
def test_a_schema_that_is_none_is_told_in_a_sentence(
    ghostkit: Command, tmp_path: Path, content: bytes | None, says: str
) -> None:
    schema = tmp_path / "shape.json"
    if content is not None:
        schema.write_bytes(content)
    ran = ghostkit("generate", "x", "--schema", schema)
    assert (ran.code, says in ran.sentence) == (2, True), ran.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--mode", "first"), "--mode needs two models"),
        (("--judge", "rehearsal"), "--judge needs two models"),
        (("--hedge-after", "1"), "--hedge-after needs two models"),
        (("--criteria", "order"), "--criteria needs two models"),
    ],
)
def test_what_needs_several_models_says_so(ghostkit: Command, options: tuple[str, ...], says: str) -> None:
    ran = ghostkit("generate", "x", "--model", "rehearsal", *options)
    assert (ran.code, says in ran.sentence) == (2, True), ran.err


def test_who_stood_in_is_said_beside_the_answer(ghostkit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(kind: str, request: Request) -> Answer:
        return AuthError("No.") if request.model == "one" else "A lamp."

    provider = ScriptedProvider(answer)
    registry.register_provider("scripted", lambda: provider)
    monkeypatch.setenv("GHOSTKIT_FALLBACK_MODELS", "scripted:other")
    ran = ghostkit("generate", "p", "--model", "scripted:one")
    assert (ran.code, ran.out) == (0, "A lamp.\n")
    assert "scripted:other answered, since scripted:one could not." in ran.err
