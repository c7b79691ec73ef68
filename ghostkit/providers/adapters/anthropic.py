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
from ghostkit.providers.adapters.anthropic_reading import SPENT, AnthropicReader, completion_from, words_from
from ghostkit.providers.adapters.parameters import Parameters, read_parameters
from ghostkit.providers.adapters.thinking import manner_of
from ghostkit.providers.contract import Completion, Diagnosis, Message, Request, TokenCount
from ghostkit.providers.prices import model_facts
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.settings import get_settings

MOST_BREAKPOINTS: Final = 4
WITH_SAMPLING: Final = "2023-06-01"
"""The last version of the API that takes `temperature` and `top_p`, from the models that still do."""
_COUNTED: Final = ("model", "messages", "system", "thinking", "output_config")


class AnthropicProvider(VendorProvider):
    """`anthropic:NAME`, for example `anthropic:claude-sonnet-5-5`."""

    name = "anthropic"
    package = extra = "anthropic"
    default_base_url = "https://api.anthropic.com"
    examples = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5")
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
        return int(self.body(request)["max_tokens"])

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
        body: dict[str, Any] = {"model": request.model, "max_tokens": request.max_tokens, **_conversation(request)}
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
        manner = manner_of("anthropic", request.model)
        # Models that take a temperature take none with thinking, and `reasoning` is the one that may be left out.
        wanted = "none" if manner.samples and _samples(asked) else asked.reasoning
        level = manner.level(wanted)
        room = manner.room(wanted)
        if room:
            longest = max(model_facts(self.name, request.model).max_output, request.max_tokens)
            room = min(room, longest - request.max_tokens)
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


def _conversation(request: Request) -> dict[str, Any]:
    """`system` and `messages`: a block for each part, so that what is stable stays the same byte for byte."""
    marked = [index for index, message in enumerate(request.messages) if message.stable]
    # The first serves every request of a book; of the others the last reach farthest.
    cached = {*marked[:1], *marked[1:][1 - MOST_BREAKPOINTS :]}
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for index, message in enumerate(request.messages):
        if message.role == "system":
            system += _blocks(message, marked=index in cached, follows=bool(system))
        elif blocks := _blocks(message, marked=index in cached, follows=False):
            turns.append({"role": message.role, "content": blocks})
    return {"messages": turns, **({"system": system} if system else {})}


def _blocks(message: Message, *, marked: bool, follows: bool) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    last_stable: dict[str, Any] = {}
    for number, part in enumerate(message.parts, start=1):
        if not part.strip():  # an empty block is refused
            continue
        # The blank line goes before a part: what stands in a block must not depend on what comes after it.
        blocks.append({"type": "text", "text": f"\n\n{part}" if blocks or follows else part})
        if number <= message.stable:
            last_stable = blocks[-1]
    if marked:
        last_stable["cache_control"] = {"type": "ephemeral"}
    return blocks
