"""Anthropic's messages.

Source: the types of the `anthropic` SDK, and https://docs.anthropic.com/en/docs/build-with-claude/streaming.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, LimitState, Problem, Target, Tokens
from ghostkit.testing.simulator.dialects.base import (
    Dialect,
    Headers,
    Reply,
    Script,
    dumps,
    joined,
    listed,
    retry_headers,
    text_json,
    text_of,
    whole_number,
)
from ghostkit.testing.simulator.dialects.openai_chat import role_of

STOPS = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal", "missing": None}
SIGNATURE = "c2ltdWxhdG9yLXNpZ25hdHVyZQ=="


_REFUSED = {"type": "refusal", "category": None, "explanation": "The simulator was told to refuse."}


def named(kind: str, **fields: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + dumps({"type": kind} | fields) + b"\n\n"


class Anthropic(Dialect):
    name = "anthropic"
    ping = named("ping")

    def key(self, headers: dict[str, str]) -> str | None:
        return headers.get("x-api-key") or Dialect.key(self, headers)

    def read(self, target: Target, body: JsonObject) -> Ask:
        marks: list[str] = []
        messages = [("system", text)] if (text := _text(body.get("system"), [], marks)) else []
        for message in listed(body.get("messages")):
            if isinstance(message, dict):
                before = [text for _, text in messages]
                messages.append((role_of(message.get("role")), _text(message.get("content"), before, marks)))
        thinking = body.get("thinking") or {}
        form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        return Ask(
            target=target,
            model=str(body.get("model") or ""),
            stream=bool(body.get("stream")),
            messages=messages,
            max_tokens=whole_number(body.get("max_tokens")),
            stop=[str(stop) for stop in listed(body.get("stop_sequences"))],
            schema=form.get("schema") if form.get("type") == "json_schema" else None,
            json_mode=form.get("type") == "json_schema",
            thinks=thinking.get("type") in ("enabled", "adaptive") and thinking.get("display") != "omitted",
            marks=marks,
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        message = self._message(answer) | {"content": [], "stop_reason": None}
        if answer.usage is not None:
            message["usage"] = _usage(answer.usage, first=True)
        opening = [named("message_start", message=message)]
        index = 0
        if answer.thoughts:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            opening.append(named("content_block_start", index=0, content_block=block))
            opening += [_delta(0, {"type": "thinking_delta", "thinking": thought}) for thought in answer.thoughts]
            opening.append(_delta(0, {"type": "signature_delta", "signature": SIGNATURE}))
            opening.append(named("content_block_stop", index=0))
            index = 1
        has_text = bool(answer.pieces)
        if has_text:
            opening.append(named("content_block_start", index=index, content_block={"type": "text", "text": ""}))
        opening.append(self.ping)
        begun = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
            b'"delta":{"type":"text_delta","text":' % index
        )

        def delta(number: int, text: str) -> bytes:
            return begun + text_json(text).encode() + b"}}\n\n"

        last: JsonObject = {"stop_reason": STOPS[answer.stop], "stop_sequence": answer.stop_sequence}
        if answer.stop == "refused":
            last["stop_details"] = _REFUSED
        if answer.stop_sequence:
            last["stop_reason"] = "stop_sequence"
        fields: JsonObject = {"delta": last}
        if answer.usage is not None:
            fields["usage"] = _usage(answer.usage)
        closing = [named("content_block_stop", index=index)] if has_text else []
        closing += [named("message_delta", **fields), named("message_stop")]
        return Script(opening=opening, delta=delta, closing=closing)

    def _message(self, answer: Answer) -> JsonObject:
        return {
            "id": f"msg_{answer.id}",
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "stop_sequence": None,
            "stop_details": None,
        }

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        content: list[JsonObject] = []
        if answer.thoughts:
            content.append({"type": "thinking", "thinking": answer.thought, "signature": SIGNATURE})
        if answer.pieces:
            content.append({"type": "text", "text": answer.text})
        stop = "stop_sequence" if answer.stop_sequence else STOPS[answer.stop]
        whole = self._message(answer) | {"content": content, "stop_reason": stop}
        whole["stop_sequence"] = answer.stop_sequence
        if answer.stop == "refused":
            whole["stop_details"] = _REFUSED
        return whole if answer.usage is None else whole | {"usage": _usage(answer.usage)}

    def error(self, problem: Problem) -> Reply:
        status = 400 if problem.code == "quota" else problem.status
        return Reply(status=status, body=dumps(_error(problem)), headers=retry_headers(problem))

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        return [b"event: error\ndata: " + dumps(_error(problem)) + b"\n\n"]

    def headers(self, request_id: str) -> Headers:
        return [("request-id", request_id), ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000")]

    def limit_headers(self, state: LimitState) -> Headers:
        tokens = (state.tokens_limit, state.tokens_remaining, state.tokens_reset_s)
        rows = {
            "requests": (state.requests_limit, state.requests_remaining, state.requests_reset_s),
            "tokens": tokens,
            "input-tokens": tokens,
            "output-tokens": tokens,
        }
        headers: Headers = []
        for name, (limit, remaining, reset_s) in rows.items():
            moment = datetime.now(UTC) + timedelta(seconds=reset_s)
            headers += [
                (f"anthropic-ratelimit-{name}-limit", str(limit)),
                (f"anthropic-ratelimit-{name}-remaining", str(remaining)),
                (f"anthropic-ratelimit-{name}-reset", moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
            ]
        return headers

    def count(self, ask: Ask, tokens: int) -> JsonObject:
        return {"input_tokens": tokens}

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        data = [self._model(name) for name in names]
        return {
            "data": data,
            "has_more": False,
            "first_id": next(iter(names), None),
            "last_id": names[-1] if names else None,
        }

    def model(self, target: Target) -> JsonObject:
        return self._model(target.model)

    def _model(self, name: str) -> JsonObject:
        return {
            "type": "model",
            "id": name,
            "display_name": name,
            "created_at": "2025-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": 200000,
            "max_tokens": 64000,
        }


def _delta(index: int, delta: JsonObject) -> bytes:
    return named("content_block_delta", index=index, delta=delta)


def _text(content: Any, before: list[str], marks: list[str]) -> str:
    """The text of a message; where a part is marked for the cache, the prompt up to its end joins `marks`."""
    parts: list[str] = []
    for part in listed(content):
        text = text_of([part])
        if text:
            parts.append(text)
        if isinstance(part, dict) and part.get("cache_control"):
            marks.append(joined([*before, *parts]))
    return joined(parts)


def _usage(used: Tokens, *, first: bool = False) -> JsonObject:
    usage: JsonObject = {
        "input_tokens": max(used.input - used.cached - used.cache_write, 0),
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cached,
        "output_tokens": 1 if first else used.output,
    }
    if first:
        usage["cache_creation"] = {"ephemeral_5m_input_tokens": used.cache_write, "ephemeral_1h_input_tokens": 0}
        usage["service_tier"] = "standard"
    if used.reasoning and not first:
        usage["output_tokens_details"] = {"thinking_tokens": used.reasoning}
    return usage


def _error(problem: Problem) -> JsonObject:
    special = {
        "quota": (
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
            "purchase credits.",
        ),
        "context": ("invalid_request_error", "prompt is too long: 212345 tokens > 200000 maximum"),
        "key": ("authentication_error", "invalid x-api-key"),
        "model": ("not_found_error", f"model: {problem.model}"),
    }
    by_status = {
        400: ("invalid_request_error", "messages: the simulator was told to refuse this"),
        401: special["key"],
        402: ("billing_error", "Your account has a billing issue."),
        403: ("permission_error", "Your API key does not have permission to use the specified resource."),
        404: special["model"],
        408: ("timeout_error", "Request timed out"),
        409: ("invalid_request_error", "Conflict"),
        413: ("request_too_large", "Request exceeds the maximum size"),
        429: (
            "rate_limit_error",
            f"This request would exceed your organization's rate limit of {problem.what} per minute.",
        ),
        503: ("overloaded_error", "Overloaded"),
        504: ("timeout_error", "Request timed out"),
        529: ("overloaded_error", "Overloaded"),
    }
    kind, message = special.get(problem.code) or by_status.get(problem.status, ("api_error", "Internal server error"))
    error = {"type": kind, "message": problem.message or message}
    return {"type": "error", "error": error, "request_id": problem.request_id}
