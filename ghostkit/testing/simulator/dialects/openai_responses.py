"""OpenAI's Responses.

Source: the types of the `openai` SDK (`openai/types/responses`), and
https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, Problem, Target
from ghostkit.testing.simulator.dialects.base import (
    Reply,
    Script,
    dumps,
    listed,
    text_json,
    text_of,
    whole_number,
)
from ghostkit.testing.simulator.dialects.openai_chat import OpenAIChat, openai_error, role_of


def named(kind: str, number: int, **fields: Any) -> bytes:
    value = {"type": kind, "sequence_number": number} | fields
    return b"event: " + kind.encode() + b"\ndata: " + dumps(value) + b"\n\n"


class OpenAIResponses(OpenAIChat):
    name = "openai"
    ping = b": keepalive\n\n"

    def read(self, target: Target, body: JsonObject) -> Ask:
        messages = [("system", text)] if (text := text_of(body.get("instructions"))) else []
        given = body.get("input")
        for item in [{"role": "user", "content": given}] if isinstance(given, str) else listed(given):
            if isinstance(item, dict) and item.get("type", "message") == "message":
                messages.append((role_of(item.get("role")), text_of(item.get("content"))))
        form = (body.get("text") or {}).get("format") or {}
        reasoning = body.get("reasoning") or {}
        return Ask(
            target=target,
            model=str(body.get("model") or ""),
            stream=bool(body.get("stream")),
            messages=messages,
            max_tokens=whole_number(body.get("max_output_tokens")),
            schema=form.get("schema") if form.get("type") == "json_schema" else None,
            json_mode=form.get("type") in ("json_object", "json_schema"),
            thinks=(reasoning.get("effort") or "none") != "none",
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        numbers = count()
        begun = _response(ask, answer, "in_progress", [])
        opening = [
            named("response.created", next(numbers), response=begun),
            named("response.in_progress", next(numbers), response=begun),
        ]
        items: list[JsonObject] = []
        if answer.thoughts:
            item = _reasoning(answer, "completed")
            items.append(item)
            opening += self._thinking(ask, answer, item, numbers)
        at, message_id = len(items), f"msg_{answer.id}"
        bare = {"id": message_id, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        part = {"type": "refusal", "refusal": ""} if answer.refusal else _text_part("")
        where = {"item_id": message_id, "output_index": at, "content_index": 0}
        opening += [
            named("response.output_item.added", next(numbers), output_index=at, item=bare),
            named("response.content_part.added", next(numbers), **where, part=part),
        ]
        if answer.refusal:
            opening.append(named("response.refusal.delta", next(numbers), **where, delta=answer.refusal))
        first = next(numbers)
        start = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":%d,'
        middle = dumps(where)[1:-1] + b',"logprobs":[],"delta":'

        def delta(number: int, text: str) -> bytes:
            return start % (first + number) + middle + text_json(text).encode() + b"}\n\n"

        numbers = count(first + len(answer.pieces))
        item = _message(answer)
        part = item["content"][0]
        done = (
            named("response.refusal.done", next(numbers), **where, refusal=answer.refusal)
            if answer.refusal
            else named("response.output_text.done", next(numbers), **where, text=answer.text, logprobs=[])
        )
        whole = _response(ask, answer, _status(answer), [*items, item])
        closing = [
            done,
            named("response.content_part.done", next(numbers), **where, part=part),
            named("response.output_item.done", next(numbers), output_index=at, item=item),
            named(f"response.{_status(answer)}", next(numbers), response=whole),
        ]
        return Script(opening=opening, delta=delta, closing=closing)

    def _thinking(self, ask: Ask, answer: Answer, item: JsonObject, numbers: count[int]) -> list[bytes]:
        bare = item | {"summary": [], "status": "in_progress"}
        where = {"item_id": item["id"], "output_index": 0, "summary_index": 0}
        events = [named("response.output_item.added", next(numbers), output_index=0, item=bare)]
        if item["summary"]:
            whole, kind = item["summary"][0], "response.reasoning_summary"
            events.append(named(f"{kind}_part.added", next(numbers), **where, part=whole | {"text": ""}))
            events += [
                named(f"{kind}_text.delta", next(numbers), **where, delta=thought) for thought in answer.thoughts
            ]
            events.append(named(f"{kind}_text.done", next(numbers), **where, text=whole["text"]))
            events.append(named(f"{kind}_part.done", next(numbers), **where, part=whole))
        return [*events, named("response.output_item.done", next(numbers), output_index=0, item=item)]

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        items = [_reasoning(answer, "completed")] if answer.thoughts else []
        return _response(ask, answer, _status(answer), [*items, _message(answer)])

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        _, code, message, param = openai_error(problem)
        number = 16 + len(answer.pieces) + len(answer.thoughts)  # past every number that can have been used
        error = {"code": _failure_code(problem), "message": message}
        failed = _response(ask, answer, "failed", []) | {"error": error}
        if problem.status == 500:
            return [named("response.failed", number, response=failed)]
        return [named("error", number, code=code or "server_error", message=message, param=param)]

    def plain_failure(self, ask: Ask, answer: Answer, problem: Problem) -> Reply:
        error = {"code": _failure_code(problem), "message": openai_error(problem)[2]}
        return Reply(status=200, body=dumps(_response(ask, answer, "failed", []) | {"error": error}))

    def count(self, ask: Ask, tokens: int) -> JsonObject:
        return {"object": "response.input_tokens", "input_tokens": tokens}


def _failure_code(problem: Problem) -> str:
    return "rate_limit_exceeded" if problem.status == 429 else "server_error"


def _status(answer: Answer) -> str:
    if answer.stop == "missing":
        return "in_progress"
    cut = answer.stop == "length" or (answer.stop == "refused" and not answer.refusal)
    return "incomplete" if cut else "completed"


def _text_part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(answer: Answer) -> JsonObject:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "status": _status(answer),
        "role": "assistant",
        "content": [{"type": "refusal", "refusal": answer.refusal} if answer.refusal else _text_part(answer.text)],
    }


def _reasoning(answer: Answer, status: str) -> JsonObject:
    summary = [{"type": "summary_text", "text": answer.thought}] if answer.thoughts else []
    return {"id": f"rs_{answer.id}", "type": "reasoning", "summary": summary, "status": status}


def _response(ask: Ask, answer: Answer, status: str, output: list[JsonObject]) -> JsonObject:
    reason = {"length": "max_output_tokens", "refused": "content_filter"}.get(answer.stop)
    reasoning = ask.body.get("reasoning") or {}
    ended = status in ("completed", "incomplete")
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": answer.created,
        "completed_at": answer.created if status == "completed" else None,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "instructions": ask.body.get("instructions"),
        "max_output_tokens": ask.max_tokens,
        "model": answer.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "service_tier": "default",
        "store": False,
        "temperature": ask.body.get("temperature", 1.0),
        "text": {"format": (ask.body.get("text") or {}).get("format") or {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": ask.body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": _usage(answer) if ended and answer.usage is not None else None,
        "user": None,
        "metadata": {},
    }


def _usage(answer: Answer) -> JsonObject:
    used = answer.usage
    assert used is not None
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.cached, "cache_write_tokens": used.cache_write},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }
