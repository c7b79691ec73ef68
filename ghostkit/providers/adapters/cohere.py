"""Cohere's models, by the second version of its chat API.

Source: the `cohere` SDK's types, and https://docs.cohere.com/reference/chat-stream
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ContentRefused,
    ProviderTimeout,
    QuotaExceeded,
    ServerError,
)
from ghostkit.providers.adapters.cohere_reading import (
    BLOCKED,
    FAILED,
    FLAGGED,
    TIMED_OUT,
    CohereReader,
    completion_from,
    words_from,
)
from ghostkit.providers.adapters.parameters import Parameters, read_parameters
from ghostkit.providers.adapters.thinking import manner_of, room_to_think
from ghostkit.providers.contract import Completion, Diagnosis, Request, TokenCount
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.settings import get_settings

LONGEST_COUNTED: Final = 65_536
"""Characters that the tokenizer's endpoint takes at once."""
_AROUND_A_MESSAGE: Final = 4
_ONCE: Final = {"max_retries": 0}


class CohereProvider(VendorProvider):
    """`cohere:NAME`, for example `cohere:command-a-03-2025`."""

    name = "cohere"
    package = extra = "cohere"
    flavour = "httpx"
    default_base_url = "https://api.cohere.com"
    examples = ("command-a-plus-05-2026", "command-a-03-2025", "command-r7b-12-2024")
    sample = 'event: message-start\ndata: {"type":"message-start","id":"i"}\n\n'
    table: ClassVar[ErrorTable] = ErrorTable(
        vendor="Cohere",
        provider="cohere",
        codes={FAILED: ServerError, TIMED_OUT: ProviderTimeout, FLAGGED: ContentRefused},
        phrases={
            "invalid api token": AuthError, "calls / month": QuotaExceeded, "calls/month": QuotaExceeded,
            "too many tokens": BadRequest, **dict.fromkeys(BLOCKED, ContentRefused),
        },
    )  # fmt: skip

    async def validate(self) -> Diagnosis:
        """By the list of models, which costs nothing."""
        return await self.diagnosed(lambda client: client.models.list(page_size=1, request_options=_ONCE))

    async def count_tokens(self, request: Request) -> TokenCount:
        """By the model's tokenizer at Cohere, which costs nothing; what is put around the texts is a guess."""
        text = "\n\n".join(message.text for message in request.messages)
        pieces = [text[start : start + LONGEST_COUNTED] for start in range(0, len(text), LONGEST_COUNTED)]

        async def count(client: Any) -> int:
            found = 0
            for piece in pieces:
                answer = await client.tokenize(
                    text=piece, model=request.model, offline=False, request_options=dict(_ONCE)
                )
                found += len(answer.tokens)
            return found

        tokens = await self.asked(count, self._new_call(request), model=request.model)
        return TokenCount(tokens=tokens + _AROUND_A_MESSAGE * len(request.messages), exact=False)

    def longest_billed(self, request: Request) -> int:
        """With the room to think."""
        asked = read_parameters(request)
        own = asked.own_limit("max_tokens")
        return request.max_tokens + room_to_think("cohere", request, asked.reasoning) if own is None else own

    def _base_url_set(self) -> str | None:
        return get_settings().cohere_base_url

    def _new_client(self, key: str, http: Any) -> Any:
        from cohere import AsyncClientV2

        client = AsyncClientV2(
            key, base_url=self.base_url, httpx_client=http, max_retries=0, log_warning_experimental_features=False
        )
        _ = client.with_raw_response.chat_stream, client.models  # imported when first asked for: here, and not later
        return client

    async def _open(self, client: Any, request: Request) -> Any:
        return await _RawEvents(client.with_raw_response.chat_stream(**self.body(request))).begin()

    def _reader(self, request: Request) -> Reader:
        return CohereReader()

    async def _complete(self, client: Any, request: Request) -> Completion:
        answer = await client.with_raw_response.chat(**self.body(request))
        return completion_from(answer.response.json())

    def _words_of(self, error: BaseException) -> VendorWords | None:
        from cohere.core.api_error import ApiError

        # An ApiError with a good status is the SDK's word for an answer that it can't read.
        if not isinstance(error, ApiError) or not error.status_code or error.status_code < 300:
            return None
        return words_from(error.status_code, error.body)

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `chat` and `chat_stream`."""
        asked = read_parameters(request)
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.text} for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": asked.temperature,
            "p": asked.top_p,
            "seed": asked.seed,
            "stop_sequences": list(asked.stop) or None,
        }
        if asked.json_schema is not None:
            body["response_format"] = {"type": "json_object", "json_schema": dict(asked.json_schema)}
        self._think(request, asked, body)
        body = {name: value for name, value in body.items() if value is not None and name not in asked.extra}
        added = {name: value for name, value in asked.extra.items() if value is not None}
        return {**body, "request_options": {**_ONCE, **({"additional_body_parameters": added} if added else {})}}

    def _think(self, request: Request, asked: Parameters, body: dict[str, Any]) -> None:
        """Puts into `body` whether to think, and the room for it."""
        manner = manner_of("cohere", request.model)
        if manner.level(asked.reasoning) == "none":
            body["thinking"] = dict(manner.off or {}) or None
            return
        room = room_to_think("cohere", request, asked.reasoning)
        body["max_tokens"] = request.max_tokens + room
        body["thinking"] = {"type": "enabled", "token_budget": max(room, 1)}


class _RawEvents:
    """The SDK's stream, event by event as they come; what it opens is a context."""

    def __init__(self, opening: Any) -> None:
        self._opening = opening
        self._answer: Any = None

    async def begin(self) -> _RawEvents:
        self._answer = await self._opening.__aenter__()
        return self

    def __aiter__(self) -> AsyncIterator[Any]:
        from cohere.core.http_sse import EventSource

        events: AsyncIterator[Any] = EventSource(self._answer.response).aiter_sse()
        return events

    async def close(self) -> None:
        await self._opening.__aexit__(None, None, None)
