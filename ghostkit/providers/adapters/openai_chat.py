"""OpenAI's chat completions, and every server that speaks them: vLLM, llama.cpp, LM Studio, gateways.

Source: the `openai` SDK's types. docs/providers.md says what compatible servers are sent, and how to change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ghostkit.providers.adapters.openai_chat_stream import ChatStream
from ghostkit.providers.adapters.openai_models import openai_model
from ghostkit.providers.adapters.openai_reading import ChatReader, completion_from
from ghostkit.providers.adapters.openai_service import OpenAIService, named_schema
from ghostkit.providers.adapters.parameters import Parameters, read_parameters
from ghostkit.providers.contract import Completion, Message, Request
from ghostkit.providers.wire import Reader

_LIMITS: Final = ("max_tokens", "max_completion_tokens")
_MOST_MARKS: Final = 4


class OpenAIProvider(OpenAIService):
    """`openai:MODEL`."""

    name = "openai"
    interface = "chat.completions"
    sample = (
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
        '{"role":"assistant","content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,'
        '"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":'
        '{"reasoning_tokens":0}}}\n\n'
    )

    def _reader(self, request: Request) -> Reader:
        return ChatReader()

    async def _open(self, client: Any, request: Request) -> Any:
        return ChatStream(await client.chat.completions.create(**self.body(request, stream=True)))

    async def _complete(self, client: Any, request: Request) -> Completion:
        answer = await client.chat.completions.create(**self.body(request, stream=False))
        return completion_from(answer, self.table.vendor)

    def body(self, request: Request, *, stream: bool) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `create`."""
        asked, model = read_parameters(request), openai_model(request.model)
        effort = model.effort(asked.reasoning)
        body: dict[str, Any] = {
            "model": request.model,
            "messages": self._messages(request),
            _LIMITS[self.is_openai or model.own]: self.longest_billed(request),
            "temperature": asked.temperature if model.samples(effort) else None,
            "top_p": asked.top_p if model.samples(effort) else None,
            "seed": asked.seed,
            "stop": list(asked.stop) or None,
            "response_format": response_format(asked),
            "reasoning_effort": effort,
        }
        if self.is_openai:
            body["prompt_cache_key"] = request.cache_key or None
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return with_extra({name: value for name, value in body.items() if value is not None}, asked.extra)

    def _mark(self, request: Request) -> Mapping[str, Any] | None:
        """What stands beside a text up to which the vendor is to keep the prompt in its cache."""
        if self.is_openai and openai_model(request.model).marks_its_cache:
            return {"prompt_cache_breakpoint": {"mode": "explicit"}}
        return None

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        mark, left = self._mark(request), _MOST_MARKS
        messages: list[dict[str, Any]] = []
        for message in request.messages:
            content: Any = message.text
            if mark and left and message.stable and message.role != "assistant":
                left -= 1
                content = [{"type": "text", "text": text, **kept} for text, kept in split_at_stable(message, mark)]
            messages.append({"role": message.role, "content": content})
        return messages


def split_at_stable(message: Message, mark: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The message in one or two texts, which joined are its text, and what stands beside each.

    The blank line goes before the rest: what is kept in a cache must not depend on what comes after it.
    """
    stable, rest = message.parts[: message.stable], message.parts[message.stable :]
    texts: list[tuple[str, Mapping[str, Any]]] = [("\n\n".join(stable), mark)]
    return [*texts, ("\n\n".join(("", *rest)), {})] if rest else texts


def with_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`extra` goes before what ghostkit would send; a None in it takes a field away."""
    limits = _LIMITS if any(name in extra for name in _LIMITS) else ()
    kept = {name: value for name, value in body.items() if name not in extra and name not in limits}
    added = {name: value for name, value in extra.items() if value is not None}
    return {**kept, "extra_body": added} if added else kept


def response_format(asked: Parameters) -> dict[str, Any] | None:
    if asked.json_schema is None:
        return None
    return {"type": "json_schema", "json_schema": named_schema(asked)}
