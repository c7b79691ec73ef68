"""Gemini, by Google's Developer API.

Source: the `google-genai` SDK's types, and https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, ClassVar, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ModelNotFound,
    Overloaded,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from ghostkit.providers.adapters.gemini_reading import SPENT_FOR_TODAY, GeminiReader, completion_from, words_from
from ghostkit.providers.adapters.parameters import Parameters, read_parameters
from ghostkit.providers.adapters.thinking import manner_of, room_to_think
from ghostkit.providers.contract import Completion, Diagnosis, Request, TokenCount
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.settings import get_settings

_ROLES: Final = {"user": "user", "assistant": "model"}
_SDK_LOGGER: Final = "google_genai._api_client"


class GeminiProvider(VendorProvider):
    """`gemini:NAME`, for example `gemini:gemini-3.8-flash`."""

    name = "gemini"
    package = "google.genai"
    extra = "gemini"
    default_base_url = "https://generativelanguage.googleapis.com"
    examples = ("gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-2.5-flash")
    sample = (
        'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]},"finishReason":"STOP","index":0}],'
        '"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2},"modelVersion":"m"}\n\n'
    )
    table: ClassVar[ErrorTable] = ErrorTable(
        vendor="Google Gemini",
        provider="gemini",
        codes={
            "unauthenticated": AuthError, "permission_denied": AuthError, "not_found": ModelNotFound,
            "resource_exhausted": RateLimited, "invalid_argument": BadRequest, "failed_precondition": BadRequest,
            "unavailable": Overloaded, "deadline_exceeded": ProviderTimeout, "internal": ServerError,
            "aborted": ServerError, "unknown": ServerError,
            "api_key_invalid": AuthError, "api_key_service_blocked": AuthError, "service_disabled": AuthError,
            "billing_disabled": QuotaExceeded, SPENT_FOR_TODAY: QuotaExceeded,
        },
        phrases={
            "api key not valid": AuthError, "api key expired": AuthError, "model is overloaded": Overloaded,
            "prepayment credits are depleted": QuotaExceeded, "spending cap": QuotaExceeded,
        },
    )  # fmt: skip

    async def validate(self) -> Diagnosis:
        """By the list of models, which costs nothing."""
        return await self.diagnosed(lambda client: client.aio.models.list(config={"page_size": 1}))

    async def count_tokens(self, request: Request) -> TokenCount:
        """As Google counts, which costs nothing; a JSON schema isn't counted."""
        system, contents = _conversation(request)
        asked = [{"role": "user", "parts": [{"text": system}]}, *contents] if system else contents
        counted = await self.asked(
            lambda client: client.aio.models.count_tokens(model=request.model, contents=asked),
            self._new_call(request),
            model=request.model,
        )
        uncounted = any(request.parameters.get(name) for name in ("json_schema", "extra"))
        return TokenCount(tokens=counted.total_tokens or 0, exact=not uncounted)

    def longest_billed(self, request: Request) -> int:
        """With the room to think."""
        asked = read_parameters(request)
        own = asked.own_limit("maxOutputTokens", within="generationConfig")
        return request.max_tokens + room_to_think("gemini", request, asked.reasoning) if own is None else own

    def _base_url_set(self) -> str | None:
        return get_settings().gemini_base_url

    def _new_client(self, key: str, http: Any) -> Any:
        from google import genai
        from google.genai.types import HttpOptions

        # It warns that GOOGLE_API_KEY is taken, whichever key it is given.
        logging.getLogger(_SDK_LOGGER).addFilter(_says_true)
        options = HttpOptions(base_url=self.base_url, httpx_async_client=http)
        client = genai.Client(vertexai=False, api_key=key, http_options=options)
        _ = client.aio.models  # made when first asked for: here, and not in the event loop
        return client

    async def _open(self, client: Any, request: Request) -> Any:
        return await _Begun(await client.aio.models.generate_content_stream(**self._asked(request))).begin()

    def _reader(self, request: Request) -> Reader:
        return GeminiReader()

    async def _complete(self, client: Any, request: Request) -> Completion:
        return completion_from(await client.aio.models.generate_content(**self._asked(request)))

    def _words_of(self, error: BaseException) -> VendorWords | None:
        from google.genai.errors import APIError

        if not isinstance(error, APIError):
            return None
        status = error.code if isinstance(error.code, int) and error.code >= 300 else 0
        return words_from(status, error.details)

    def _asked(self, request: Request) -> dict[str, Any]:
        return {"model": request.model, "contents": _conversation(request)[1], "config": self.config(request)}

    def config(self, request: Request) -> dict[str, Any]:
        """What is sent besides the conversation, under the SDK's names."""
        asked = read_parameters(request)
        config: dict[str, Any] = {
            "max_output_tokens": request.max_tokens,
            "system_instruction": _conversation(request)[0] or None,
            "temperature": asked.temperature,
            "top_p": asked.top_p,
            "seed": asked.seed,
            "stop_sequences": list(asked.stop) or None,
            # By itself the SDK calls functions, and asks again where an answer was paused: each time is paid.
            "automatic_function_calling": {"disable": True},
            "automatic_continuation": False,
        }
        if asked.json_schema is not None:
            config |= {"response_mime_type": "application/json", "response_json_schema": dict(asked.json_schema)}
        self._think(request, asked, config)
        added = {name: value for name, value in asked.extra.items() if value is not None}
        if added:
            config["http_options"] = {"extra_body": added}
        return {name: value for name, value in config.items() if value is not None}

    def _think(self, request: Request, asked: Parameters, config: dict[str, Any]) -> None:
        """Puts into `config` how much to think, and the room for it."""
        manner = manner_of("gemini", request.model)
        level, room = manner.level(asked.reasoning), room_to_think("gemini", request, asked.reasoning)
        config["max_output_tokens"] = request.max_tokens + room
        if level == "none" and manner.off is not None:
            thinking = dict(manner.off)
        elif level is None:
            thinking = {"include_thoughts": True}
        elif manner.by == "budget":
            thinking = {"include_thoughts": True, "thinking_budget": max(room, 128)}
        else:
            thinking = {"include_thoughts": True, "thinking_level": "low" if level == "none" else level}
        if thinking:
            config["thinking_config"] = thinking


class _Begun:
    """The SDK's chunks, of which it sends for none before the first is asked for.

    There is nothing to close: what the SDK reads from is out of reach, and closed beneath it.
    """

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks
        self._first: Any = None

    async def begin(self) -> _Begun:
        with suppress(StopAsyncIteration):  # which the one who iterates is told again
            self._first = await self._chunks.__anext__()
        return self

    def __aiter__(self) -> _Begun:
        return self

    async def __anext__(self) -> Any:
        first, self._first = self._first, None
        return await self._chunks.__anext__() if first is None else first

    async def close(self) -> None: ...


def _says_true(record: logging.LogRecord) -> bool:
    return "Both GOOGLE_API_KEY and GEMINI_API_KEY" not in str(record.msg)


def _conversation(request: Request) -> tuple[str, list[dict[str, Any]]]:
    """The system's instruction, and the contents."""
    system = "\n\n".join(message.text for message in request.messages if message.role == "system")
    contents = [
        {"role": _ROLES[message.role], "parts": [{"text": message.text}]}
        for message in request.messages
        if message.role in _ROLES
    ]
    return system, contents
