"""`ghostkit generate` with several models: whose answer is printed, what the JSON says, and the exit code."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ghostkit.errors import AuthError
from ghostkit.providers import Ending, Request, registry
from ghostkit.testing import ScriptedProvider

from .conftest import Command, Process

TWO = ("--model", "scripted:a", "--model", "scripted:b")


def answering(**answers: Any) -> ScriptedProvider:
    """The answer of each model, by its own name."""

    def answer(kind: str, request: Request) -> Any:
        found = answers[request.model]
        return list(found) if isinstance(found, list) else found

    provider = ScriptedProvider(answer, usd_per_million=1.0)
    registry.register_provider("scripted", lambda: provider)
    return provider


def test_the_first_whole_answer_is_printed_alone(ghostkit: Command) -> None:
    answering(a=["Sand ", 30.0], b="Salt is white.")
    for option in ("--stream", "--no-stream"):
        ran = ghostkit("generate", "x", *TWO, "--mode", "first", option)
        assert (ran.code, ran.out, ran.err) == (0, "Salt is white.\n", "")


def test_json_says_what_became_of_everybody(ghostkit: Command) -> None:
    answering(a=["Sand ", 30.0], b=[0.2, "Salt is white.", Ending.COMPLETE])
    ran = ghostkit("generate", "x", *TWO, "--json")
    assert (ran.code, ran.err) == (0, "")
    found = ran.json
    assert (found["mode"], found["winner"], found["text"]) == ("first", "scripted:b", "Salt is white.")
    assert found["judgement"] is None
    lost, won = found["results"]
    assert (lost["model"], lost["text"], lost["ending"], lost["won"]) == ("scripted:a", "Sand ", "cancelled", False)
    assert (lost["usage"]["source"], lost["cost_source"], lost["attempts"]) == ("estimated", "estimated", 1)
    assert (won["ending"], won["won"], won["error"], won["usage"]["source"]) == ("complete", True, None, "reported")
    assert found["cost_usd"] == pytest.approx(lost["cost_usd"] + won["cost_usd"])
    assert lost["cost_usd"] > 0


def test_all_is_0_when_all_are_whole(ghostkit: Command) -> None:
    answering(a="Sand.", b="Salt.")
    ran = ghostkit("generate", "x", *TWO, "--mode", "all", "--json")
    assert (ran.code, ran.json["winner"]) == (0, None)
    assert [row["text"] for row in ran.json["results"]] == ["Sand.", "Salt."]
    plain = ghostkit("generate", "x", *TWO, "--mode", "all")
    assert plain.out == "## scripted:a\n\nSand.\n\n## scripted:b\n\nSalt.\n\n"


def test_all_is_3_when_some_are_and_1_when_none_is(ghostkit: Command) -> None:
    answering(a=AuthError("No key."), b="Salt.")
    some = ghostkit("generate", "x", *TWO, "--mode", "all", "--json")
    assert (some.code, some.error["code"]) == (3, "incomplete")
    assert some.json["results"][0]["error"] == {"code": "auth", "message": "No key.", "fix": ""}
    assert "(No key.)" in ghostkit("generate", "x", *TWO, "--mode", "all").out
    answering(a=AuthError("No key."), b=["Half", Ending.LENGTH])
    none = ghostkit("generate", "x", *TWO, "--mode", "all", "--json")
    assert (none.code, [row["ending"] for row in none.json["results"]]) == (1, ["error", "length"])


def test_nobody_is_1_and_everybodys_trouble_is_told(ghostkit: Command) -> None:
    answering(a=AuthError("No key."), b=["Half", Ending.LENGTH])
    ran = ghostkit("generate", "x", *TWO)
    assert ran.code == 1
    assert "scripted:a: auth, scripted:b: length" in ran.sentence


def test_a_judge_chooses_and_says_why(ghostkit: Command) -> None:
    answering(a="Sand.", b="Salt.", j=json.dumps({"best": 2, "reason": "It is white."}))
    best = (*TWO, "--mode", "best", "--judge", "scripted:j", "--criteria", "Whiteness.")
    ran = ghostkit("generate", "x", *best, "--json")
    assert (ran.code, ran.json["winner"]) == (0, "scripted:b")
    assert (ran.json["judgement"]["best"], ran.json["judgement"]["reason"]) == ("scripted:b", "It is white.")
    assert ran.json["cost_usd"] > sum(row["cost_usd"] for row in ran.json["results"])
    plain = ghostkit("generate", "x", *best)
    assert (plain.out, plain.err) == ("Salt.\n", "scripted:j took scripted:b: It is white.\n")


def test_a_judge_without_a_verdict_is_1_and_the_answers_are_in_the_json(ghostkit: Command) -> None:
    answering(a="Sand.", b="Salt.", j="Both!")
    ran = ghostkit("generate", "x", *TWO, "--mode", "best", "--judge", "scripted:j", "--json")
    assert (ran.code, ran.json["winner"]) == (1, None)
    assert "named none" in ran.error["message"]
    assert [row["text"] for row in ran.json["results"]] == ["Sand.", "Salt."]


def test_hedging_leaves_the_second_unasked(ghostkit: Command) -> None:
    provider = answering(a="Sand.", b="Salt.")
    ran = ghostkit("generate", "x", *TWO, "--hedge-after", "30", "--json")
    assert (ran.code, ran.json["winner"], ran.json["results"][1]["attempts"]) == (0, "scripted:a", 0)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--model", "scripted:a", "--model", "scripted:a"), "scripted:a is named twice"),
        (("--model", "rehearsal", "--model", "rehearsal:novelist"), "rehearsal:novelist is named twice"),
        ((*TWO, "--mode", "best"), "needs somebody to choose"),
        ((*TWO, "--mode", "best", "--judge", "nobody:x"), "no provider called 'nobody'"),
        ((*TWO, "--judge", "scripted:j"), "nothing to judge with --mode first"),
        ((*TWO, "--mode", "all", "--hedge-after", "1"), "none can be held back"),
        ((*TWO, "--mode", "quickest"), "quickest"),
        ((*TWO, "--model", "nobody:x"), "no provider called 'nobody'"),
    ],
)
def test_what_does_not_fit_is_a_sentence(ghostkit: Command, options: tuple[str, ...], says: str) -> None:
    provider = answering(a="x", b="y")
    ran = ghostkit("generate", "x", *options)
    assert (ran.code, says in ran.sentence) == (2, True), ran.err
    assert provider.requests == []


# ── on a terminal ─────────────────────────────────────────────────────────────────────────────────────────────


def test_on_a_terminal_the_winner_is_there_whole_whoever_led(
    monkeypatch: pytest.MonkeyPatch, ghostkit: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    from ghostkit.cli.commands.generate.printing import LeaderPrinter

    printer = LeaderPrinter()
    for model, piece in (("a", "Sa"), ("b", "Sea"), ("a", "lt")):
        printer(model, piece)
    printer.end("b", "Sea.\x1b[31m")
    told = capsys.readouterr()
    assert told.out == "Salt\nSea.[31m\n"
    assert told.err == "b was first with a whole answer:\n"
    alone = LeaderPrinter()
    alone("a", "Salt.")
    alone.end("a", "Salt.")
    assert capsys.readouterr() == ("Salt.\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on Unix")
def test_ctrl_c_stops_everybody_and_gives_what_came(start: Callable[..., Process], tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    process = start(
        "generate", "Tell me of salt.", "--model", "rehearsal:novelist", "--model", "rehearsal:teacher", "--json",
        GHOSTKIT_REHEARSAL_TOKENS_PER_S="5", GHOSTKIT_REHEARSAL_BILL=str(bill),
    )  # fmt: skip
    import time

    deadline = time.monotonic() + 20
    while not (bill.exists() and bill.read_text().count("begun") == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)
    process.popen.send_signal(signal.SIGINT)
    ran = process.wait()
    assert ran.code == 130
    assert ran.error["code"] == "interrupted"
    assert [row["ending"] for row in ran.json["results"]] == ["cancelled", "cancelled"]
    assert all(row["text"] and row["attempts"] == 1 for row in ran.json["results"])
