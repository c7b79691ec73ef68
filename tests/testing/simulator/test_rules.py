"""Rules: which requests they match, how often they fire, and what is said of a wrong one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ghostkit.errors import InputError
from ghostkit.testing.simulator import Simulator, running_simulator
from ghostkit.testing.simulator.asks import Ask, Target
from ghostkit.testing.simulator.rules import RuleBook, parse_rules, read_rules

from .wire import Wire, text_of


def ask(**facts: Any) -> Ask:
    target = Target(
        vendor=facts.pop("vendor", "openai"), kind=facts.pop("kind", "generate"), path=facts.pop("path", "/v1/x")
    )
    text = facts.pop("prompt", "Write.")
    given: dict[str, Any] = {"model": "gpt-x", "stream": True} | facts
    return Ask(target=target, messages=[("user", text)], **given)


def fires(rule: dict[str, Any], asks: list[Ask]) -> list[bool]:
    book = RuleBook(read_rules([{"fault": "cut_mid"} | rule]))
    return [book.choose(each).fault is not None for each in asks]


@pytest.mark.parametrize(
    ("match", "other"),
    [
        ({"vendor": "openai"}, {"vendor": "cohere"}),
        ({"vendor": ["gemini", "openai"]}, {"vendor": "cohere"}),
        ({"model": "gpt-*"}, {"model": "claude"}),
        ({"path": "*/x"}, {"path": "/v1/y"}),
        ({"stream": True}, {"stream": False}),
        ({"contains": "Wri"}, {"prompt": "Read."}),
        ({"attempt": ["", "b-*"]}, {"attempt_id": "a-1"}),
        ({"kind": "generate"}, {"kind": "count"}),
    ],
)
def test_a_rule_matches_what_it_names_and_nothing_else(match: dict[str, Any], other: dict[str, Any]) -> None:
    assert fires({"match": match}, [ask(), ask(**other)]) == [True, False]


def test_without_a_kind_only_generations_match() -> None:
    assert fires({}, [ask(kind="models"), ask()]) == [False, True]
    assert fires({"match": {"kind": "any"}}, [ask(kind="models"), ask()]) == [True, True]


def test_nth_and_times_count_the_requests_that_match() -> None:
    asks = [ask(), ask(vendor="cohere"), ask(), ask()]
    assert fires({"match": {"vendor": "openai"}, "nth": [2]}, asks) == [False, False, True, False]
    assert fires({"nth": [1, 4]}, asks) == [True, False, False, True]
    assert fires({"times": 2}, asks) == [True, True, False, False]


def test_chance_is_the_same_in_every_run() -> None:
    drawn = fires({"chance": 0.3, "seed": "s"}, [ask()] * 400)
    assert drawn == fires({"chance": 0.3, "seed": "s"}, [ask()] * 400)
    assert drawn != fires({"chance": 0.3, "seed": "t"}, [ask()] * 400)
    assert 80 < sum(drawn) < 160


def test_the_first_rule_that_fires_gives_each_part() -> None:
    book = RuleBook(
        read_rules(
            [
                {"nth": 1, "fault": "cut_mid"},
                {"fault": "empty", "reply": {"text": "a"}},
                {"reply": {"text": "b"}, "pace": {"tokens_per_s": 5}},
            ]
        )
    )
    first, second = book.choose(ask()), book.choose(ask())
    assert first.fault is not None
    assert second.fault is not None
    assert (first.fault.kind, second.fault.kind) == ("cut_mid", "empty")
    assert first.reply is not None
    assert first.pace is not None
    assert (first.reply.text, first.pace.tokens_per_s) == ("a", 5)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"fault": {"kind": "explode"}}], "Rule 1 of the rules, fault.kind"),
        ([{}, {"fault": {"kind": "status", "status": 200}}], "Rule 2 of the rules, fault.status"),
        ([{"fualt": {"kind": "drop"}}], "Rule 1 of the rules, fualt: there is no such field"),
        ([{"match": {"vendor": "acme"}}], "Rule 1 of the rules, match.vendor"),
        ([{"nth": 0}], "Rule 1 of the rules, nth.0"),
        ([{"pace": {"tokens_per_s": "fast"}}], "Rule 1 of the rules, pace.tokens_per_s"),
        (["drop"], "Rule 1 of the rules, the rule itself"),
        ({"fault": "drop"}, "must be a JSON list of rules, not an object"),
    ],
)
def test_a_wrong_rule_is_named_with_its_field(rules: Any, words: str) -> None:
    with pytest.raises(InputError) as raised:
        read_rules(rules)
    assert words in raised.value.message
    assert "\n" not in raised.value.message


def test_rules_that_are_no_json() -> None:
    with pytest.raises(InputError, match=r"mine\.json is not JSON"):
        parse_rules("[{]", "mine.json")


def test_wrong_rules_leave_the_old_ones_in_place(simulator: Simulator, wire: Wire) -> None:
    simulator.set_rules([{"reply": {"text": "still here"}}])
    with pytest.raises(InputError, match="Rule 1"):
        simulator.set_rules([{"fault": "explode"}])
    assert text_of("openai", wire.call("openai", stream=True).body, stream=True) == "still here"


def test_a_reset_goes_back_to_the_first_rules_and_forgets() -> None:
    rules = [{"nth": 1, "reply": {"text": "first"}}, {"reply": {"text": "later"}}]
    with running_simulator(rules) as simulator, Wire(simulator) as wire:

        def said() -> str:
            return text_of("cohere", wire.call("cohere", stream=False).body, stream=False)

        assert [said(), said()] == ["first", "later"]
        simulator.set_rules([{"reply": {"text": "other"}}])
        assert said() == "other"
        simulator.reset()
        assert simulator.bill() == simulator.requests() == []
        assert [said(), said()] == ["first", "later"]


def test_the_pace_is_kept(wire: Wire) -> None:
    pace = {"first_token_s": 0.1, "tokens_per_s": 100, "tokens_per_chunk": 5}
    wire.simulator.set_rules([{"reply": {"tokens": 20}, "pace": pace}])
    started = time.monotonic()
    answer = wire.call("openai", stream=True)
    # The last of four chunks is due 15 tokens after the first.
    assert 0.25 <= time.monotonic() - started < 2
    assert answer.body.count(b'"content":" w') == 4


def test_requests_are_kept_without_their_keys(wire: Wire) -> None:
    wire.call("anthropic", stream=False, attempt="attempt-7")
    (seen,) = wire.simulator.requests()
    assert seen["headers"]["idempotency-key"] == "attempt-7"
    assert seen["headers"]["x-api-key"] == "<3 characters>"
    assert seen["body"]["max_tokens"] == 30


@pytest.mark.parametrize(
    ("path", "vendor"),
    [
        ("/v1/chat/completions", "openai"),
        ("/chat/completions", "openai"),
        ("/responses", "openai"),
        ("/api/v1/chat/completions", "openrouter"),
        ("/v1/messages?beta=true", "anthropic"),
        ("/v1/models/m:generateContent", "gemini"),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", "gemini"),
        ("/v2/chat", "cohere"),
        ("/api/chat", "ollama"),
    ],
)
def test_paths_without_a_vendors_prefix(wire: Wire, path: str, vendor: str) -> None:
    assert wire.post(f"http://127.0.0.1:{wire.simulator.port}{path}", {"model": "m"}).status == 200
    assert wire.simulator.bill()[0]["vendor"] == vendor


def test_the_rehearsal_answers_the_prompts_it_knows(wire: Wire) -> None:
    prompt = (
        '<book title="The Lamp" chapters="3">A lamp.</book>\n\n<task kind="outline" chapters="3">Outline it.</task>'
    )
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    answer = wire.post(wire.simulator.url("openai") + "/chat/completions", body)
    outline = json.loads(text_of("openai", answer.body, stream=False))
    assert len(outline["chapters"]) == 3


def test_what_is_left_from_before_a_reset_is_not_remembered_after_it(simulator: Simulator, wire: Wire) -> None:
    simulator.set_rules([{"fault": "silent_mid", "limits": {"at_once": 1}}])
    with Wire(simulator) as leaving:
        assert leaving.call("openai", stream=True, patience_s=0.1).ending == "silent"
        simulator.reset()
        simulator.set_rules([{"limits": {"at_once": 1}, "pace": {"first_token_s": 0.2}}])
    wire.call("openai", stream=True, attempt="new")
    assert {line["attempt_id"] for line in simulator.bill()} == {"new"}
    assert [line["event"] for line in simulator.bill()] == ["begun", "answered"]
    assert "a-1" not in repr(simulator.closings())
