"""Ollama's own chat: one JSON object a line.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, Problem, Target
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

STOPS = {"stop": "stop", "length": "length", "refused": "stop"}
DIGEST = "sha256:" + "0" * 64
REFUSAL = "I'm sorry, I can't help with that."


class Ollama(Dialect):
    name = "ollama"
    stream_type = "application/x-ndjson"
    ping = b""

    def key(self, headers: dict[str, str]) -> str | None:
        return Dialect.key(self, headers) or "none is needed"

    def read(self, target: Target, body: JsonObject) -> Ask:
        options = body.get("options") or {}
        form = body.get("format")
        return Ask(
            target=target,
            model=str(body.get("model") or body.get("name") or ""),
            stream=body.get("stream") is not False,
            messages=[
                (role_of(message.get("role")), text_of(message.get("content")))
                for message in listed(body.get("messages"))
                if isinstance(message, dict)
            ],
            max_tokens=_room(whole_number(options.get("num_predict"))),
            stop=[str(stop) for stop in listed(options.get("stop"))],
            schema=form if isinstance(form, dict) else None,
            json_mode=form == "json" or isinstance(form, dict),
            thinks=bool(body.get("think")),
            body=body,
        )

    def script(self, ask: Ask, answer: Answer) -> Script:
        begun = dumps(_head(answer))[:-1] + b',"message":{"role":"assistant","content":'
        ended = b'},"done":false}\n'

        def delta(number: int, text: str) -> bytes:
            return begun + text_json(text).encode() + ended

        thinking = [begun + b'"","thinking":' + text_json(thought).encode() + ended for thought in answer.thoughts]
        if answer.stop == "refused":  # Ollama has no word for it: the model says so
            thinking.append(delta(0, answer.refusal or REFUSAL))
        return Script(opening=thinking, delta=delta, closing=[dumps(self._whole(answer, "")) + b"\n"])

    def plain(self, ask: Ask, answer: Answer) -> JsonObject:
        refusal = (answer.refusal or REFUSAL) if answer.stop == "refused" else ""
        whole = self._whole(answer, refusal + answer.text)
        if answer.thoughts:
            whole["message"]["thinking"] = answer.thought
        return whole

    def _whole(self, answer: Answer, text: str) -> JsonObject:
        whole = _head(answer) | {"message": {"role": "assistant", "content": text}}
        if answer.stop == "missing":
            return whole | {"done": False}
        whole |= {"done": True, "done_reason": STOPS[answer.stop], "total_duration": 2_000_000}
        if answer.usage is None:
            return whole
        return whole | {
            "load_duration": 1_000_000,
            "prompt_eval_count": answer.usage.input,
            "prompt_eval_duration": 500_000,
            "eval_count": answer.usage.output,
            "eval_duration": 500_000,
        }

    def error(self, problem: Problem) -> Reply:
        return Reply(
            status=problem.status,
            body=dumps({"error": ollama_message(problem)}),
            headers=retry_headers(problem),
            content_type="application/json; charset=utf-8",
        )

    def error_event(self, ask: Ask, answer: Answer, problem: Problem) -> list[bytes]:
        return [dumps({"error": ollama_message(problem)}) + b"\n"]

    def headers(self, request_id: str) -> Headers:
        return []

    def models(self, target: Target, names: Sequence[str]) -> JsonObject:
        return {"models": [{"name": name, "model": name} | _file(name) for name in _tagged(names)]}

    def model(self, target: Target) -> JsonObject:
        """What `/api/show` says."""
        return {
            "license": "",
            "modelfile": f"FROM {target.model}",
            "parameters": "",
            "template": "{{ .Prompt }}",
            "details": _file(target.model)["details"],
            "model_info": {
                "general.architecture": "llama",
                "general.parameter_count": 8030261248,
                "llama.context_length": 131072,
                "llama.embedding_length": 768,
            },
            "capabilities": ["completion", "thinking"],
            "modified_at": _FILED,
        }

    def pull(self, model: str) -> list[bytes]:
        """The lines of `/api/pull`: a manifest, one layer in four steps, and success; or that there is none."""
        if model.startswith("no-such"):
            failed = {"error": "pull model manifest: file does not exist"}
            return [dumps({"status": "pulling manifest"}) + b"\n", dumps(failed) + b"\n"]
        total = 4_000_000
        steps = [
            {"status": f"pulling {'0' * 12}", "digest": DIGEST, "total": total, "completed": total // 4 * n}
            for n in range(5)
        ]
        words = ["verifying sha256 digest", "writing manifest", "success"]
        lines: list[JsonObject] = [{"status": "pulling manifest"}, *steps, *({"status": word} for word in words)]
        return [dumps(line) + b"\n" for line in lines]


_FILED = "2025-01-01T00:00:00Z"


def _tagged(names: Sequence[str]) -> list[str]:
    return [name if ":" in name else f"{name}:latest" for name in names]


def _file(name: str) -> JsonObject:
    details = {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "8.0B",
        "quantization_level": "Q4_K_M",
    }
    return {"modified_at": _FILED, "size": 4_000_000, "digest": DIGEST[7:], "details": details}


def _room(asked: int | None) -> int | None:
    return None if asked is None or asked < 0 else asked


def _head(answer: Answer) -> JsonObject:
    moment = datetime.fromtimestamp(answer.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    return {"model": answer.model, "created_at": moment}


def ollama_message(problem: Problem) -> str:
    special = {
        "model": f"model '{problem.model}' not found",
        "context": "the prompt is longer than the context length: 131072 > 128000",
        "quota": "you have reached your hourly usage limit",
        "key": "unauthorized",
    }
    by_status = {
        400: "invalid request: the simulator was told to refuse it",
        401: special["key"],
        403: "forbidden",
        404: special["model"],
        408: "request timed out",
        409: "conflict",
        413: "request body too large",
        429: "too many requests",
        503: "server busy, please try again.  maximum pending requests exceeded",
        529: "server busy, please try again.  maximum pending requests exceeded",
    }
    fallback = "llama runner process has terminated: exit status 2"
    return problem.message or special.get(problem.code) or by_status.get(problem.status) or fallback
