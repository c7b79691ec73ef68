"""OpenAI's chat completions, as its API and those that copy it speak them.

Source: the types of the `openai` SDK, and https://platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

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

STOPS = {"stop": "stop", "length": "length", "refused": "content_filter", "missing": None}


def event(value: Any) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"


class OpenAIChat(Dialect):
    name = "openai"
    thought_field = "reasoning_content"

    def read(self, target: Target, body: JsonObject) -> Ask:
        form = body.get("response_format") or {}
        schema = (form.get("json_schema") or {}).get("schema") if form.get("type") == "json_schema" else None
        return Ask(
            target=target,
            model=str(body.get("model") or ""),
            stream=bool(body.get("stream")),
            messages=[
                (_role(message.get("role")), text_of(message.get("content")))
                for message in listed(body.get("messages"))
                if isinstance(message, dict)
            ],
            max_tokens=whole_number(body.get("max_completion_tokens")) or whole_number(body.get("max_tokens")),
            stop=[str(stop) for stop in listed(body.get("stop"))],
            schema=schema,
            json_mode=form.get("type") in ("json_object", "json_schema"),
            thinks=(body.get("reasoning_effort") or "none") != "none",
            wants_usage=bool((body.get("stream_options") or {}).get("include_usage")),
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        head = self._head(ask, answer, "chat.completion.chunk")
        start = dumps(head)[:-1] + b',"choices":[{"index":0,"delta":'
        end = b',"logprobs":null,"finish_reason":null}]' + (b',"usage":null}' if ask.wants_usage else b"}") + b"\n\n"
        begun = b"data: " + start + b'{"content":'
        ended = b"}" + end

        def delta(number: int, text: str) -> bytes:
            return begun + text_json(text).encode() + ended

        opening = [b"data: " + start + b'{"role":"assistant","content":"","refusal":null}' + end]
        if self._thoughts_shown(answer):
            opening += [b"data: " + start + dumps(self._thought(thought)) + end for thought in answer.thoughts]
        if answer.refusal:
            opening.append(b"data: " + start + dumps({"refusal": answer.refusal}) + end)
        closing = [
            event(head | {"choices": [self._last_choice(answer)]} | ({"usage": None} if ask.wants_usage else {}))
        ]
        if ask.wants_usage and answer.usage is not None:
            closing.append(event(head | {"choices": [], "usage": self._usage(answer)}))
        return Script(opening=self._preamble() + opening, delta=delta, closing=[*closing, b"data: [DONE]\n\n"])

    def _preamble(self) -> list[bytes]:
        return []

    def _thoughts_shown(self, answer: Answer) -> bool:
        return answer.shows_thoughts

    def _thought(self, text: str) -> JsonObject:
        return {self.thought_field: text}

    def _head(self, ask: Ask, answer: Answer, kind: str) -> JsonObject:
        return {
            "id": f"chatcmpl-{answer.id}",
            "object": kind,
            "created": answer.created,
            "model": answer.model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulator",
        }

    def _last_choice(self, answer: Answer) -> JsonObject:
        return {"index": 0, "delta": {}, "logprobs": None, "finish_reason": self._stop(answer)}

    def _stop(self, answer: Answer) -> str | None:
        return "stop" if answer.refusal else STOPS[answer.stop]

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        message: JsonObject = {
            "role": "assistant",
            "content": None if answer.refusal else answer.text,
            "refusal": answer.refusal or None,
            "annotations": [],
        }
        if answer.thoughts and self._thoughts_shown(answer):
            message |= self._thought(answer.thought)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._stop(answer)}
        whole = self._head(ask, answer, "chat.completion") | {"choices": [choice]}
        return whole if answer.usage is None else whole | {"usage": self._usage(answer)}

    def _usage(self, answer: Answer) -> JsonObject:
        used = answer.usage
        assert used is not None
        return {
            "prompt_tokens": used.input,
            "completion_tokens": used.output,
            "total_tokens": used.input + used.output,
            "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": used.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def error(self, problem: Problem) -> Reply:
        kind, code, message, param = openai_error(problem)
        body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        return Reply(status=problem.status, body=dumps(body), headers=retry_headers(problem))

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        return [b"data: " + self.error(problem).body + b"\n\n"]

    def headers(self, request_id: str) -> Headers:
        return [
            ("x-request-id", request_id),
            ("openai-version", "2020-10-01"),
            ("openai-processing-ms", "1"),
            ("openai-organization", "simulator"),
        ]

    def limit_headers(self, state: LimitState) -> Headers:
        return [
            ("x-ratelimit-limit-requests", str(state.requests_limit)),
            ("x-ratelimit-remaining-requests", str(state.requests_remaining)),
            ("x-ratelimit-reset-requests", duration(state.requests_reset_s)),
            ("x-ratelimit-limit-tokens", str(state.tokens_limit)),
            ("x-ratelimit-remaining-tokens", str(state.tokens_remaining)),
            ("x-ratelimit-reset-tokens", duration(state.tokens_reset_s)),
        ]

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        return {"object": "list", "data": [self._model(name) for name in names]}

    def model(self, target: Target) -> JsonObject:
        return self._model(target.model)

    def _model(self, name: str) -> JsonObject:
        return {"id": name, "object": "model", "created": 1735689600, "owned_by": "simulator"}


def _role(role: Any) -> str:
    return {"developer": "system", "system": "system", "assistant": "assistant", "model": "assistant"}.get(
        str(role).lower(), "user"
    )


role_of = _role


def duration(seconds: float) -> str:
    """As in OpenAI's headers: "12ms", "6s", "1m30s"."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"


def openai_error(problem: Problem) -> tuple[str, str | None, str, str | None]:
    """(type, code, message, param) of OpenAI's error body."""
    wait = f" Please try again in {duration(problem.retry_after_s)}." if problem.retry_after_s else ""
    special: dict[str, tuple[str, str | None, str, str | None]] = {
        "quota": (
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
            None,
        ),
        "context": (
            "invalid_request_error",
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens. "
            "Please reduce the length of the messages.",
            "messages",
        ),
        "key": (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: ****. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            None,
        ),
        "model": (
            "invalid_request_error",
            "model_not_found",
            f"The model `{problem.model}` does not exist or you do not have access to it.",
            None,
        ),
    }
    by_status: dict[int, tuple[str, str | None, str, str | None]] = {
        400: (
            "invalid_request_error",
            "invalid_value",
            "Invalid value: the simulator was told to refuse it.",
            "messages",
        ),
        403: (
            "request_forbidden",
            "unsupported_country_region_territory",
            "Country, region, or territory not supported",
            None,
        ),
        408: ("server_error", None, "Request timed out.", None),
        409: ("invalid_request_error", None, "The resource is in conflict with another request.", None),
        413: ("invalid_request_error", None, "Request body is too large.", None),
        429: (
            problem.what,
            "rate_limit_exceeded",
            f"Rate limit reached for {problem.model} in organization simulator on {problem.what} per min.{wait}",
            None,
        ),
        500: (
            "server_error",
            None,
            "The server had an error while processing your request. Sorry about that!",
            None,
        ),
        503: ("server_error", None, "The engine is currently overloaded, please try again later", None),
        529: ("server_error", "overloaded", "The engine is currently overloaded, please try again later", None),
    }
    fallback = special["key"] if problem.status == 401 else special["model"] if problem.status == 404 else None
    kind, code, message, param = (
        special.get(problem.code)
        or fallback
        or by_status.get(problem.status, ("server_error", None, f"Status {problem.status}.", None))
    )
    return kind, code, problem.message or message, param
