"""Claude, by Anthropic's Messages API.

Source: https://platform.claude.com/docs/en/api/messages and .../build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ContentRefused,
    InputError,
    ModelNotFound,
    Overloaded,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from ghostkit.providers.adapters.anthropic_prompt import conversation
from ghostkit.providers.adapters.anthropic_reading import SPENT, AnthropicReader, completion_from, words_from
from ghostkit.providers.adapters.parameters import Parameters, Reasoning, read_parameters
from ghostkit.providers.adapters.thinking import manner_of, room_to_think
from ghostkit.providers.contract import Completion, Diagnosis, Request, TokenCount
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.settings import get_settings

WITH_SAMPLING: Final = "2023-06-01"
"""The last version of the API that takes `temperature` and `top_p`, from the models that still do."""
_COUNTED: Final = ("model", "messages", "system", "thinking", "output_config")


class AnthropicProvider(VendorProvider):
    """`anthropic:NAME`, for example `anthropic:claude-sonnet-5-5`."""

    name = "anthropic"
    package = extra = "anthropic"
    default_base_url = "https://api.anthropic.com"
    examples = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5")
    sample = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    table = ErrorTable(
        vendor="Anthropic",
        provider="anthropic",
        codes={
            "authentication_error": AuthError, "permission_error": AuthError, "billing_error": QuotaExceeded,
            "not_found_error": ModelNotFound, "rate_limit_error": RateLimited, "overloaded_error": Overloaded,
            "timeout_error": ProviderTimeout, "api_error": ServerError, "invalid_request_error": BadRequest,
            **dict.fromkeys(SPENT, QuotaExceeded),
        },
        phrases={
            "credit balance is too low": QuotaExceeded, "you have reached your specified": QuotaExceeded,
            "blocked by content filtering": ContentRefused,
        },
    )  # fmt: skip

    async def validate(self) -> Diagnosis:
        """By the list of models, which costs nothing."""
        return await self.diagnosed(lambda client: client.models.list(limit=1))

    async def count_tokens(self, request: Request) -> TokenCount:
        """As Anthropic counts, which costs nothing."""
        asked = {name: value for name, value in self.body(request).items() if name in _COUNTED}

        async def count(client: Any) -> int:
            counted = await client.messages.count_tokens(**asked)
            if not isinstance(getattr(counted, "input_tokens", None), int):
                raise misshapen(self.table.vendor, current_call())
            return int(counted.input_tokens)

        tokens = await self.asked(count, self._new_call(request), model=request.model)
        return TokenCount(tokens=tokens, exact=True)

    def longest_billed(self, request: Request) -> int:
        """With the room to think."""
        asked = read_parameters(request)
        own = asked.own_limit("max_tokens")
        return request.max_tokens + _room(request, asked) if own is None else own

    def _base_url_set(self) -> str | None:
        return get_settings().anthropic_base_url

    def _new_client(self, key: str, http: Any) -> Any:
        from anthropic import AsyncAnthropic

        client = AsyncAnthropic(api_key=key, base_url=self.base_url, http_client=http, max_retries=0, timeout=None)
        _ = (
            client.messages.with_raw_response,
            client.models,
        )  # imported when first asked for: here, and not in the event loop
        return client

    async def _open(self, client: Any, request: Request) -> Any:
        return _RawEvents(await client.messages.create(**self.body(request), stream=True))

    def _reader(self, request: Request) -> Reader:
        return AnthropicReader()

    async def _complete(self, client: Any, request: Request) -> Completion:
        answer = await client.messages.with_raw_response.create(**self.body(request))
        return completion_from(answer.http_response.json())

    def _words_of(self, error: BaseException) -> VendorWords | None:
        from anthropic import APIStatusError

        return words_from(error.body, error.status_code) if isinstance(error, APIStatusError) else None

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `create`."""
        asked = read_parameters(request)
        body: dict[str, Any] = {"model": request.model, "max_tokens": request.max_tokens, **conversation(request)}
        if asked.stop:
            body["stop_sequences"] = list(asked.stop)
        output = {**self._think(request, asked, body), **_format(asked)}
        if output:
            body["output_config"] = output
        extra = {**_sampling(request.model, asked, body), **asked.extra}
        body = {name: value for name, value in body.items() if name not in asked.extra}
        added = {name: value for name, value in extra.items() if value is not None}
        return {**body, "extra_body": added} if added else body

    def _think(self, request: Request, asked: Parameters, body: dict[str, Any]) -> dict[str, Any]:
        """Puts into `body` whether to think, and the room for it; gives what belongs to the output's settings."""
        manner, room = manner_of("anthropic", request.model), _room(request, asked)
        level = manner.level(_wanted(request, asked))
        body["max_tokens"] = request.max_tokens + room
        if level == "none" and manner.off is not None:
            body |= {"thinking": dict(manner.off)} if manner.off else {}
        elif manner.by == "budget":
            body |= {"thinking": {"type": "enabled", "budget_tokens": room}} if room >= 1_024 else {}
        else:
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
            return {"effort": "low" if level == "none" else level} if level else {}
        return {}


class _RawEvents:
    """The SDK's stream, event by event as they come."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.close = stream.close

    def __aiter__(self) -> AsyncIterator[Any]:
        events: AsyncIterator[Any] = self._stream.raw_events(self._stream.response)
        return events


def _wanted(request: Request, asked: Parameters) -> Reasoning | None:
    """Models that take a temperature take none with thinking, and `reasoning` is the one that may be left out."""
    return "none" if _samples(asked) and manner_of("anthropic", request.model).samples else asked.reasoning


def _room(request: Request, asked: Parameters) -> int:
    return room_to_think("anthropic", request, _wanted(request, asked))


def _samples(asked: Parameters) -> bool:
    return asked.temperature is not None or asked.top_p is not None


def _sampling(model: str, asked: Parameters, body: dict[str, Any]) -> dict[str, Any]:
    """For the models that still take it: the SDK has no argument for it, and the API's newest version no field."""
    if not _samples(asked) or not manner_of("anthropic", model).samples:
        return {}
    body["extra_headers"] = {"anthropic-version": WITH_SAMPLING}
    if asked.temperature is None:
        return {"top_p": asked.top_p}
    return {"temperature": min(asked.temperature, 1.0)}  # where their scale ends; the two together are refused


def _format(asked: Parameters) -> dict[str, Any]:
    if asked.json_schema is None:
        return {}
    from anthropic import transform_schema

    try:
        schema = transform_schema(dict(asked.json_schema))
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            "Anthropic can't keep an answer to this json_schema.",
            fix="Give every part of it a type, or leave it out and ask for JSON in words.",
        ) from None
    return {"format": {"type": "json_schema", "schema": schema}}
