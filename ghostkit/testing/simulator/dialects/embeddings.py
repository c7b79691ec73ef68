"""Embeddings in four vendors' words: requests read, answers written.

Sources: the types of the `openai`, `cohere` and `google-genai` SDKs, https://openrouter.ai/docs/api_reference/embeddings,
https://docs.ollama.com/api/embed.
"""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Callable
from typing import Any

from ghostkit.testing.simulator.asks import Answer, Ask, JsonObject, Problem, Target
from ghostkit.testing.simulator.dialects.base import listed, text_of, whole_number

MOST_TEXTS = {"openai": 2048, "openrouter": 2048, "cohere": 96, "gemini": 100}
"""Of one request; more are refused, as by the vendor."""
LONGEST_TOKENS = 8192
"""Of one text, where a vendor refuses longer ones: OpenAI, OpenRouter."""


def speaker(target: Target) -> str:
    """Whose words the answer is in; empty where that vendor has no embeddings."""
    if target.api == "openai" and target.vendor in ("openai", "ollama"):
        return "openai"
    return target.vendor if target.vendor in _WHOLE else ""


def read(target: Target, body: JsonObject) -> Ask:
    """The texts, as messages."""
    if speaker(target) == "gemini":
        texts = [text_of((request.get("content") or {}).get("parts")) for request in _requests(target, body)]
    else:
        texts = [text for text in listed(body.get("texts") or body.get("input")) if isinstance(text, str)]
    return Ask(
        target=target,
        model=target.model or str(body.get("model") or ""),
        stream=False,
        messages=[("user", text) for text in texts],
        body=body,
    )


def _requests(target: Target, body: JsonObject) -> list[JsonObject]:
    requests = [body] if target.api == "single" else listed(body.get("requests"))
    return [request for request in requests if isinstance(request, dict)]


def dimension(ask: Ask) -> int:
    """As asked for, else the model's own."""
    fields: list[JsonObject] = [ask.body, *_requests(ask.target, ask.body)]
    for name in ("dimensions", "output_dimension", "outputDimensionality"):
        for field in fields:
            asked = whole_number(field.get(name))
            if asked:
                return asked
    model = ask.model.lower()
    own = next((size for part, size in _OWN.items() if part in model), 0)
    return own or (768 if ask.vendor == "ollama" else 1536)


_OWN = {
    "3-large": 3072, "gemini-embedding": 3072, "light-v3": 384, "english-v3": 1024, "multilingual-v3": 1024,
}  # fmt: skip


def problem_in(ask: Ask, tokens: Callable[[str], int]) -> Problem | None:
    """What the vendor would refuse of a request: too many texts, empty or overlong ones."""
    who, texts = speaker(ask.target), [text for _, text in ask.messages]
    most = MOST_TEXTS.get(who)
    if not texts:
        return Problem(status=400, message="There is nothing to embed.")
    if most is not None and len(texts) > most:
        return Problem(status=400, message=f"At most {most} texts may be embedded at once, and {len(texts)} came.")
    if who in ("openai", "openrouter"):
        if not all(texts):
            return Problem(status=400, message="'$.input' is invalid: input cannot be an empty string.")
        longest = max(tokens(text) for text in texts)
        if longest > LONGEST_TOKENS:
            words = f"maximum context length is {LONGEST_TOKENS} tokens, however you requested {longest} tokens"
            return Problem(status=400, message=f"This model's {words} ({longest} in your prompt). Please reduce it.")
    return None


def whole(ask: Ask, answer: Answer) -> bytes:
    """The body of an answer; NaN and the like as some servers write them."""
    return json.dumps(_WHOLE[speaker(ask.target)](ask, answer), ensure_ascii=False, separators=(",", ":")).encode()


def _openai(ask: Ask, answer: Answer) -> JsonObject:
    packed = ask.body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": number, "embedding": _packed(vector) if packed else vector}
        for number, vector in enumerate(answer.vectors)
    ]
    made: JsonObject = {"object": "list", "data": data, "model": answer.model}
    used = answer.usage
    return made if used is None else made | {"usage": {"prompt_tokens": used.input, "total_tokens": used.input}}


def _openrouter(ask: Ask, answer: Answer) -> JsonObject:
    made = _openai(ask, answer) | {"id": f"gen-emb-{answer.id[:20]}", "provider": "Simulator"}
    if answer.usage is not None:
        cost = answer.usage.cost_usd
        made["usage"]["cost"] = round(answer.usage.input * 2e-8, 12) if cost is None else cost
    return made


def _cohere(ask: Ask, answer: Answer) -> JsonObject:
    meta: JsonObject = {"api_version": {"version": "2"}}
    if answer.usage is not None:
        meta["billed_units"] = {"input_tokens": answer.usage.input}
    return {
        "id": answer.id,
        "embeddings": {"float": answer.vectors},
        "texts": [text for _, text in ask.messages],
        "response_type": "embeddings_by_type",
        "meta": meta,
    }


def _gemini(ask: Ask, answer: Answer) -> JsonObject:
    vectors = [{"values": vector} for vector in answer.vectors]
    made: JsonObject = {"embeddings": vectors}
    if ask.target.api == "single":
        made = {"embedding": vectors[0] if vectors else {}}
    if answer.usage is None:
        return made
    details = [{"modality": "TEXT", "tokenCount": answer.usage.input}]
    return made | {"usageMetadata": {"promptTokenCount": answer.usage.input, "promptTokensDetails": details}}


def _ollama(ask: Ask, answer: Answer) -> JsonObject:
    made: JsonObject = {
        "model": answer.model,
        "embeddings": answer.vectors,
        "total_duration": 2_000_000,
        "load_duration": 1_000_000,
    }
    return made if answer.usage is None else made | {"prompt_eval_count": answer.usage.input}


def _packed(vector: list[Any]) -> str:
    """float32, little-endian, as base64; words in place of numbers as they are."""
    try:
        return base64.b64encode(array("f", vector).tobytes()).decode()
    except TypeError:
        return str(vector[0])


_WHOLE: dict[str, Callable[[Ask, Answer], JsonObject]] = {
    "openai": _openai, "openrouter": _openrouter, "cohere": _cohere, "gemini": _gemini, "ollama": _ollama,
}  # fmt: skip
