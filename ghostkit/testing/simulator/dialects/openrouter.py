"""OpenRouter: OpenAI's chat completions with comments, costs and its own errors.

Source: https://openrouter.ai/docs/api-reference/overview, /streaming and /errors.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, LimitState, Problem, Target
from ghostkit.testing.simulator.dialects.base import Headers, Reply, dumps, retry_headers
from ghostkit.testing.simulator.dialects.openai_chat import OpenAIChat, event


class OpenRouter(OpenAIChat):
    name = "openrouter"
    ping = b": OPENROUTER PROCESSING\n\n"
    thought_field = "reasoning"

    def read(self, target: Target, body: JsonObject) -> Ask:
        ask = OpenAIChat.read(self, target, body)
        reasoning = body.get("reasoning")
        if isinstance(reasoning, dict):
            off = reasoning.get("enabled") is False or reasoning.get("effort") == "none"
            ask.thinks = not off and not reasoning.get("exclude")
        usage = body.get("usage")
        ask.wants_usage = True if not isinstance(usage, dict) else usage.get("include") is not False
        return ask

    def _preamble(self) -> list[bytes]:
        return [self.ping, self.ping]

    def _thoughts_shown(self, answer: Answer) -> bool:
        return True

    def _thought(self, text: str) -> JsonObject:
        details = [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]
        return {"reasoning": text, "reasoning_details": details}

    def _head(self, ask: Ask, answer: Answer, kind: str) -> JsonObject:
        return {
            "id": f"gen-{answer.created}-{answer.id[:20]}",
            "provider": "Simulator",
            "model": answer.model,
            "object": kind,
            "created": answer.created,
        }

    def _last_choice(self, answer: Answer) -> JsonObject:
        stop = self._stop(answer)
        return {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "finish_reason": stop,
            "native_finish_reason": stop,
            "logprobs": None,
        }

    def _usage(self, answer: Answer) -> JsonObject:
        assert answer.usage is not None
        cost = answer.usage.cost_usd
        if cost is None:
            cost = round((answer.usage.input + 4 * answer.usage.output) * 1e-6, 9)
        upstream = {"upstream_inference_cost": None}
        return OpenAIChat._usage(self, answer) | {"cost": cost, "is_byok": False, "cost_details": upstream}

    def error(self, problem: Problem) -> Reply:
        return Reply(
            status=problem.status,
            body=dumps({"error": openrouter_error(problem), "user_id": "user_simulator"}),
            headers=retry_headers(problem),
        )

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": ""},
            "finish_reason": "error",
            "native_finish_reason": "error",
        }
        head = self._head(ask, answer, "chat.completion.chunk")
        return [event(head | {"error": openrouter_error(problem), "choices": [choice]}), b"data: [DONE]\n\n"]

    def plain_failure(self, ask: Ask, answer: Answer, problem: Problem) -> Reply:
        return Reply(
            status=200, body=dumps({"error": openrouter_error(problem), "user_id": "user_simulator"}), headers=[]
        )

    def headers(self, request_id: str) -> Headers:
        return [("x-generation-id", f"gen-{request_id}")]

    def limit_headers(self, state: LimitState) -> Headers:
        return [
            ("x-ratelimit-limit", str(state.requests_limit)),
            ("x-ratelimit-remaining", str(state.requests_remaining)),
            ("x-ratelimit-reset", str(int((time.time() + state.requests_reset_s) * 1000))),
        ]

    def _model(self, name: str) -> JsonObject:
        return {
            "id": name,
            "canonical_slug": name,
            "name": name,
            "created": 1735689600,
            "description": "A model of the simulator.",
            "context_length": 128000,
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"], "tokenizer": "Other"},
            "pricing": {"prompt": "0.000001", "completion": "0.000004"},
            "top_provider": {"context_length": 128000, "max_completion_tokens": 16384, "is_moderated": False},
            "supported_parameters": ["max_tokens", "temperature", "reasoning", "structured_outputs"],
        }

    def key_facts(self) -> JsonObject:
        return {"data": {"label": "simulator", "usage": 0.0, "limit": None, "is_free_tier": False, "rate_limit": None}}

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        return {"data": OpenAIChat.models(self, target, names)["data"]}


def openrouter_error(problem: Problem) -> JsonObject:
    special = {
        "quota": "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
        "context": "This endpoint's maximum context length is 128000 tokens. However, you requested about 131072 "
        'tokens (131072 of text input). Please reduce the length of either one, or use the "middle-out" transform to '
        "compress your prompt automatically.",
        "key": "User not found.",
        "model": f"No endpoints found for {problem.model}.",
    }
    by_status = {
        401: special["key"],
        403: "The model requires moderation and your input was flagged",
        404: special["model"],
        408: "Your request timed out",
        413: "Request body too large",
        429: f"Rate limit exceeded: {problem.what} per minute",
    }
    message = special.get(problem.code) or by_status.get(problem.status) or "Provider returned error"
    error: JsonObject = {"message": problem.message or message, "code": problem.status}
    if message == "Provider returned error" or problem.status == 429:
        error["metadata"] = {"provider_name": "Simulator", "raw": f"status {problem.status}"}
    return error
