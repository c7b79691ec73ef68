"""Cohere's chat, version 2.

Source: the types of the `cohere` SDK, and https://docs.cohere.com/v2/reference/chat-stream.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, LimitState, Problem, Target
from ghostkit.testing.simulator.dialects.base import (
    Dialect,
    Headers,
    Reply,
    Script,
    dumps,
    listed,
    retry_headers,
    text_json,
    text_of,
    whole_number,
)
from ghostkit.testing.simulator.dialects.openai_chat import role_of

STOPS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "refused": "ERROR", "missing": None}
BLOCKED = "blocked output: please adjust your prompt or try again"


def named(kind: str, **fields: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + dumps({"type": kind} | fields) + b"\n\n"


class Cohere(Dialect):
    name = "cohere"
    stream_type = "text/event-stream"

    def read(self, target: Target, body: JsonObject) -> Ask:
        form = body.get("response_format") or {}
        schema = form.get("json_schema") or form.get("schema")
        messages = [
            (role_of(message.get("role")), text_of(message.get("content")))
            for message in listed(body.get("messages"))
            if isinstance(message, dict)
        ]
        if isinstance(body.get("text"), str):  # /v1/tokenize
            messages = [("user", body["text"])]
        return Ask(
            target=target,
            model=str(body.get("model") or ""),
            stream=bool(body.get("stream")),
            messages=messages,
            max_tokens=whole_number(body.get("max_tokens")),
            stop=[str(stop) for stop in listed(body.get("stop_sequences"))],
            schema=schema if isinstance(schema, dict) else None,
            json_mode=form.get("type") == "json_object",
            thinks=(body.get("thinking") or {}).get("type") == "enabled",
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        shell: JsonObject = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        opening = [named("message-start", id=answer.id, delta={"message": shell})]
        index = 0
        if answer.thoughts:
            opening.append(_content("content-start", 0, {"type": "thinking", "thinking": ""}))
            opening += [_content("content-delta", 0, {"thinking": thought}) for thought in answer.thoughts]
            opening.append(named("content-end", index=0))
            index = 1
        opening.append(_content("content-start", index, {"type": "text", "text": ""}))
        begun = (
            b'event: content-delta\ndata: {"type":"content-delta","index":%d,"delta":{"message":{"content":{"text":'
            % index
        )

        def delta(number: int, text: str) -> bytes:
            return begun + text_json(text).encode() + b"}}}}\n\n"

        last: JsonObject = {"finish_reason": _stop(answer)}
        if answer.stop == "refused":
            last["error"] = BLOCKED
        if answer.usage is not None:
            last["usage"] = _usage(answer)
        closing = [named("content-end", index=index), named("message-end", id=answer.id, delta=last)]
        return Script(opening=opening, delta=delta, closing=[*closing])

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        content: list[JsonObject] = []
        if answer.thoughts:
            content.append({"type": "thinking", "thinking": answer.thought})
        content.append({"type": "text", "text": answer.text})
        whole: JsonObject = {"id": answer.id, "message": {"role": "assistant", "content": content}}
        if answer.stop != "missing":
            whole["finish_reason"] = _stop(answer)
        if answer.stop == "refused":
            whole["error"] = BLOCKED  # the stream's field; no type of the SDK says that a plain answer has it too
        return whole if answer.usage is None else whole | {"usage": _usage(answer)}

    def error(self, problem: Problem) -> Reply:
        body = {"id": problem.request_id, "message": cohere_message(problem)}
        return Reply(status=problem.status, body=dumps(body), headers=retry_headers(problem))

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        last = {"finish_reason": "ERROR", "error": cohere_message(problem)}
        return [named("message-end", id=answer.id, delta=last)]

    def plain_failure(self, ask: Ask, answer: Answer, problem: Problem) -> Reply:
        whole = {"id": answer.id, "finish_reason": "ERROR", "message": {"role": "assistant", "content": []}}
        return Reply(status=200, body=dumps(whole))

    def headers(self, request_id: str) -> Headers:
        return [("x-debug-trace-id", request_id), ("x-api-warning", "")][:1]

    def limit_headers(self, state: LimitState) -> Headers:
        headers = [
            ("x-endpoint-monthly-call-limit", "100000"),
            ("x-trial-endpoint-call-limit", str(state.requests_limit)),
            ("x-trial-endpoint-call-remaining", str(state.requests_remaining)),
        ]
        if state.requests_remaining <= 0:
            headers.append(("x-ratelimit-reset", str(int(time.time() + state.requests_reset_s + 0.999))))
        return headers

    def count(self, ask: Ask, tokens: int) -> JsonObject:
        from ghostkit.providers.rehearsal.tokens import split_tokens

        strings = split_tokens(ask.prompt)
        meta = {"api_version": {"version": "1"}}
        return {
            "tokens": [zlib.crc32(each.encode()) % 250_000 for each in strings],
            "token_strings": strings,
            "meta": meta,
        }

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        return {"models": [self._model(name) for name in names]}

    def model(self, target: Target) -> JsonObject:
        return self._model(target.model)

    def _model(self, name: str) -> JsonObject:
        return {
            "name": name,
            "is_deprecated": False,
            "endpoints": ["chat"],
            "finetuned": False,
            "context_length": 256000,
            "tokenizer_url": "",
            "default_endpoints": [],
            "features": ["json_mode", "json_schema"],
        }


def _content(kind: str, index: int, content: JsonObject) -> bytes:
    return named(kind, index=index, delta={"message": {"content": content}})


def _stop(answer: Answer) -> str | None:
    return "STOP_SEQUENCE" if answer.stop_sequence else STOPS[answer.stop]


def _usage(answer: Answer) -> JsonObject:
    used = answer.usage
    assert used is not None
    units = {"input_tokens": used.input, "output_tokens": used.output}
    return {"billed_units": units, "tokens": dict(units), "cached_tokens": used.cached}


def cohere_message(problem: Problem) -> str:
    special = {
        "quota": "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the "
        "Trial key for free or upgrade to a Production key with higher rate limits at "
        "'https://dashboard.cohere.com/api-keys'.",
        "context": "too many tokens: total number of tokens in the prompt cannot exceed 256000 - received 262144. Try "
        "using a shorter prompt, or enabling prompt truncating.",
        "key": "invalid api token",
        "model": f"model '{problem.model}' not found, make sure the correct model ID was used and that you have access "
        "to the model.",
    }
    by_status = {
        400: "invalid request: the simulator was told to refuse it",
        401: special["key"],
        403: "you do not have access to this resource",
        404: special["model"],
        408: "request timed out",
        409: "conflict",
        413: "request body too large",
        429: f"You are past the per minute rate limit of {problem.what}, please wait and try again later.",
        503: "service unavailable, please try again later",
        529: "the model is overloaded, please try again later",
    }
    return problem.message or special.get(problem.code) or by_status.get(problem.status) or "internal server error"
