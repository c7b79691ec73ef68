"""Google Gemini's generateContent.

Source: the types of the `google-genai` SDK, https://ai.google.dev/api/generate-content and
https://google.aip.dev/193 for errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, Problem, Target, Tokens
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

STOPS = {"stop": "STOP", "length": "MAX_TOKENS", "refused": "SAFETY"}
STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}


class Gemini(Dialect):
    name = "gemini"
    stream_type = "text/event-stream"

    def stream_type_for(self, target: Target) -> str:
        return self.stream_type if target.sse else "application/json; charset=UTF-8"

    def key(self, headers: dict[str, str]) -> str | None:
        return headers.get("x-goog-api-key") or Dialect.key(self, headers)

    def read(self, target: Target, body: JsonObject) -> Ask:
        asked = body.get("generateContentRequest") or body
        system = asked.get("systemInstruction") or asked.get("system_instruction") or {}
        messages = [("system", text)] if (text := text_of(_parts(system))) else []
        for content in listed(asked.get("contents")):
            if isinstance(content, dict):
                messages.append((role_of(content.get("role")), text_of(_parts(content))))
        config = asked.get("generationConfig") or {}
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        thinking = config.get("thinkingConfig") or {}
        return Ask(
            target=target,
            model=target.model,
            stream=bool(target.stream),
            messages=messages,
            max_tokens=whole_number(config.get("maxOutputTokens")),
            stop=[str(stop) for stop in listed(config.get("stopSequences"))],
            schema=schema if isinstance(schema, dict) else None,
            json_mode=config.get("responseMimeType") == "application/json",
            thinks=bool(thinking.get("includeThoughts")),
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        used = answer.usage or Tokens(input=0, output=0)
        tail = dumps({"modelVersion": answer.model, "responseId": answer.id})[1:-1]
        usage = b""
        if answer.usage is not None:
            usage = b'"usageMetadata":{"promptTokenCount":%d,"totalTokenCount":%d},' % (used.input, used.input)
        begun = b'{"candidates":[{"content":{"parts":[{"text":'
        ended = b'}],"role":"model"},"index":0}],' + usage + tail + b"}"
        thought_end = b',"thought":true' + ended
        frame = self._sse if ask.target.sse else self._element

        def delta(number: int, text: str) -> bytes:
            return frame(begun + text_json(text).encode() + ended)

        opening = [frame(begun + text_json(thought).encode() + thought_end) for thought in answer.thoughts]
        if answer.stop == "refused" and not answer.pieces:
            last = dumps(self._blocked(answer))
        else:
            last = dumps(self._whole(answer, [{"text": ""}]))
        closing = [frame(last)]
        if not ask.target.sse:
            first = opening[0] if opening else (delta(0, answer.pieces[0]) if answer.pieces else closing[0])
            return _as_array(Script(opening=opening, delta=delta, closing=closing), first)
        return Script(opening=opening, delta=delta, closing=closing)

    @staticmethod
    def _sse(body: bytes) -> bytes:
        return b"data: " + body + b"\r\n\r\n"

    @staticmethod
    def _element(body: bytes) -> bytes:
        return b",\r\n" + body

    def _whole(self, answer: Answer, parts: list[JsonObject]) -> JsonObject:
        candidate: JsonObject = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if answer.stop != "missing":
            candidate["finishReason"] = STOPS[answer.stop]
        if answer.stop == "refused":
            candidate["safetyRatings"] = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"}]
        whole: JsonObject = {"candidates": [candidate]}
        if answer.usage is not None:
            whole["usageMetadata"] = _usage(answer.usage)
        return whole | {"modelVersion": answer.model, "responseId": answer.id}

    def _blocked(self, answer: Answer) -> JsonObject:
        whole: JsonObject = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
        if answer.usage is not None:
            whole["usageMetadata"] = {"promptTokenCount": answer.usage.input, "totalTokenCount": answer.usage.input}
        return whole | {"modelVersion": answer.model, "responseId": answer.id}

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        if answer.stop == "refused" and not answer.pieces:
            return self._blocked(answer)
        parts: list[JsonObject] = []
        if answer.thoughts:
            parts.append({"text": answer.thought, "thought": True})
        return self._whole(answer, [*parts, {"text": answer.text}])

    def error(self, problem: Problem) -> Reply:
        status = 400 if problem.code == "key" else problem.status
        headers = retry_headers(problem) if problem.retry_after_form == "date" else []
        return Reply(
            status=status,
            body=dumps(gemini_error(problem, status)),
            headers=headers,
            content_type="application/json; charset=UTF-8",
        )

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        body = dumps(gemini_error(problem, problem.status))
        return [self._sse(body) if ask.target.sse else self._element(body)]

    def headers(self, request_id: str) -> Headers:
        return [("vary", "Origin, X-Origin, Referer"), ("server-timing", "gfet4t7; dur=1")]

    def count(self, ask: Ask, tokens: int) -> JsonObject:
        details = [{"modality": "TEXT", "tokenCount": tokens}]
        return {"totalTokens": tokens, "promptTokensDetails": details}

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        return {"models": [self._model(name) for name in names]}

    def model(self, target: Target) -> JsonObject:
        return self._model(target.model)

    def _model(self, name: str) -> JsonObject:
        return {
            "name": f"models/{name}",
            "version": "001",
            "displayName": name,
            "description": "A model of the simulator.",
            "inputTokenLimit": 1048576,
            "outputTokenLimit": 65536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "temperature": 1,
            "topP": 0.95,
            "topK": 64,
            "maxTemperature": 2,
            "thinking": True,
        }


def _as_array(script: Script, first: bytes) -> Script:
    """Without `alt=sse` the chunks are the elements of one JSON array: its first one opens it."""

    def delta(number: int, text: str) -> bytes:
        made = script.delta(number, text)
        return b"[" + made[3:] if number == 0 and not script.opening else made

    opening = [b"[" + script.opening[0][3:], *script.opening[1:]] if script.opening else []
    closing = [*script.closing, b"\r\n]\r\n"]
    if first is script.closing[0]:
        closing[0] = b"[" + closing[0][3:]
    return Script(opening=opening, delta=delta, closing=closing)


def _parts(content: Any) -> Any:
    return content.get("parts") if isinstance(content, dict) else content


def _usage(used: Tokens) -> JsonObject:
    usage: JsonObject = {
        "promptTokenCount": used.input,
        "candidatesTokenCount": used.output - used.reasoning,
        "totalTokenCount": used.input + used.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": used.input}],
    }
    if used.cached:
        usage["cachedContentTokenCount"] = used.cached
        usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": used.cached}]
    if used.reasoning:
        usage["thoughtsTokenCount"] = used.reasoning
    return usage


def gemini_error(problem: Problem, status: int) -> JsonObject:
    special = {
        "quota": "You exceeded your current quota, please check your plan and billing details. For more information on "
        "this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
        "context": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "key": "API key not valid. Please pass a valid API key.",
        "model": f"models/{problem.model} is not found for API version v1beta, or is not supported for "
        "generateContent. Call ListModels to see the list of available models and their supported methods.",
    }
    by_status = {
        400: "Request contains an invalid argument.",
        401: "Request had invalid authentication credentials.",
        403: "The caller does not have permission",
        404: special["model"],
        408: "Deadline expired before operation could complete.",
        409: "The operation was aborted.",
        413: "Request payload size exceeds the limit: 20971520 bytes.",
        429: "Resource has been exhausted (e.g. check quota).",
        503: "The model is overloaded. Please try again later.",
        504: "Deadline expired before operation could complete.",
        529: "The model is overloaded. Please try again later.",
    }
    message = special.get(problem.code) or by_status.get(status) or "An internal error has occurred."
    error: JsonObject = {
        "code": status,
        "message": problem.message or message,
        "status": STATUS_NAMES.get(status, "INTERNAL"),
    }
    details = _details(problem)
    return {"error": error | {"details": details} if details else error}


def _details(problem: Problem) -> list[JsonObject]:
    rpc = "type.googleapis.com/google.rpc"
    details: list[JsonObject] = []
    if problem.code == "key":
        details.append({"@type": f"{rpc}.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})
    if problem.code == "quota" or (problem.status == 429 and problem.retry_after_s is not None):
        per = "PerDay" if problem.code == "quota" else "PerMinute"
        violation = {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": f"GenerateRequests{per}PerProjectPerModel-FreeTier",
            "quotaDimensions": {"model": problem.model, "location": "global"},
            "quotaValue": "50",
        }
        details.append({"@type": f"{rpc}.QuotaFailure", "violations": [violation]})
    if problem.retry_after_s is not None:
        details.append({"@type": f"{rpc}.RetryInfo", "retryDelay": f"{problem.retry_after_s:.9g}s"})
    return details
