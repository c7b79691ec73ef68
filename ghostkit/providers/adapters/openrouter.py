"""OpenRouter: OpenAI's chat, passed on to many makers' models, with its own words for costs, thinking and failures.

Source: https://openrouter.ai/docs/api-reference. Its headers that name the calling app are not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ghostkit.errors import AuthError, ContentRefused, Overloaded, ProviderTimeout, QuotaExceeded
from ghostkit.providers.adapters.openai_chat import OpenAIProvider
from ghostkit.providers.adapters.openai_models import openai_model
from ghostkit.providers.adapters.openai_service import CODES, LIMITS
from ghostkit.providers.adapters.parameters import ROOM_TO_THINK, read_parameters
from ghostkit.providers.contract import Diagnosis, Request, TokenCount
from ghostkit.providers.estimating import estimate_count
from ghostkit.providers.wire import ErrorTable, VendorWords
from ghostkit.settings import get_settings

_MARKED = ("anthropic/", "~anthropic/")
"""Makers whose prompt caches are told up to where to keep; the others' do so by themselves."""


class OpenRouterProvider(OpenAIProvider):
    """`openrouter:MAKER/MODEL`."""

    name = "openrouter"
    extra = "openrouter"
    default_base_url = "https://openrouter.ai/api/v1"
    examples = ("anthropic/claude-sonnet-4.5", "openai/gpt-5.4-mini", "google/gemini-2.5-flash")
    table = ErrorTable(
        vendor="OpenRouter",
        provider="openrouter",
        codes={**CODES, "moderation": ContentRefused, "provider_overloaded": Overloaded, "timeout": ProviderTimeout},
        phrases={
            "insufficient credits": QuotaExceeded, "requires more credits": QuotaExceeded,
            "key limit exceeded": QuotaExceeded, "flagged": ContentRefused, "no auth credentials": AuthError,
        },
    )  # fmt: skip

    def body(self, request: Request, *, stream: bool) -> dict[str, Any]:
        """As OpenAI's, with one form of thinking for all makers; what a model doesn't take, OpenRouter leaves out."""
        body = super().body(request, stream=stream)
        asked = read_parameters(request)
        body.pop("reasoning_effort", None)
        wanted: dict[str, Any] = {"usage": {"include": True}}
        if asked.reasoning is not None:
            wanted["reasoning"] = {"effort": asked.reasoning}
        given = {name: value for name, value in wanted.items() if name not in asked.extra}
        return {**body, "extra_body": {**given, **body.get("extra_body", {})}}

    def longest_billed(self, request: Request) -> int:
        """With room to think where it is asked for, and for OpenAI's models that think unasked."""
        asked = read_parameters(request)
        own, wish = asked.own_limit(*LIMITS), asked.reasoning
        room = openai_model(request.model).room_to_think(None) if wish is None else ROOM_TO_THINK[wish]
        return request.max_tokens + room if own is None else own

    async def count_tokens(self, request: Request) -> TokenCount:
        return estimate_count(request, self.name)

    async def validate(self) -> Diagnosis:
        """By what OpenRouter says of the key; its list of models, open to anyone, is for servers that copy it."""
        import openai

        async def ask(client: Any) -> None:
            try:
                await client.get("/key", cast_to=object)
            except openai.NotFoundError:
                await client.models.list()

        return await self.diagnosed(ask)

    def _base_url_set(self) -> str | None:
        return get_settings().openrouter_base_url

    def _mark(self, request: Request) -> Mapping[str, Any] | None:
        return {"cache_control": {"type": "ephemeral"}} if request.model.startswith(_MARKED) else None

    def _words_of(self, error: BaseException) -> VendorWords | None:
        """With the name of the maker that failed, and its words, where OpenRouter hands them on."""
        words, body = super()._words_of(error), getattr(error, "body", None)
        facts = body.get("metadata") if isinstance(body, Mapping) else None
        if words is None or not isinstance(facts, Mapping):
            return words
        who, said = str(facts.get("provider_name") or ""), str(facts.get("raw") or "")
        message = f"{words.message} {said}".strip() if said and said not in words.message else words.message
        code = words.code or str(facts.get("error_type") or "")
        return VendorWords(status=words.status, code=code, message=f"{who}: {message}" if who else message)
