"""What OpenAI's two interfaces, and those that speak like them, have in common: client, errors, counting."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ContentRefused,
    ModelNotFound,
    Overloaded,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from ghostkit.providers.adapters.openai_models import is_openai, openai_model
from ghostkit.providers.adapters.openai_streams import decoder_class
from ghostkit.providers.adapters.parameters import Parameters, read_parameters
from ghostkit.providers.adapters.schemas import closed_schema
from ghostkit.providers.contract import Diagnosis, Request, TokenCount
from ghostkit.providers.estimating import estimate_count
from ghostkit.providers.wire import ErrorTable, VendorProvider, VendorWords
from ghostkit.settings import get_settings

CODES: Final[Mapping[str, type[ProviderError]]] = {
    "insufficient_quota": QuotaExceeded, "billing_hard_limit_reached": QuotaExceeded,
    "billing_not_active": QuotaExceeded, "account_deactivated": AuthError, "invalid_api_key": AuthError,
    "model_not_found": ModelNotFound, "context_length_exceeded": BadRequest, "string_above_max_length": BadRequest,
    "unsupported_country_region_territory": BadRequest, "content_filter": ContentRefused,
    "content_policy_violation": ContentRefused, "bio_policy": ContentRefused, "invalid_prompt": ContentRefused,
    "misalignment_policy_violation": ContentRefused, "rate_limit_exceeded": RateLimited, "slow_down": Overloaded,
    "server_overloaded": Overloaded, "overloaded_error": Overloaded, "server_error": ServerError,
    "invalid_request_error": BadRequest,
}  # fmt: skip
PHRASES: Final[Mapping[str, type[ProviderError]]] = {"request too large for": BadRequest}
"""Said with 429 of what is longer than a minute's tokens: waiting does not help."""
LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""What an answer's longest length is called: by older servers, by OpenAI's chat, by its Responses."""
_SHOWN_KEY: Final = re.compile(r"provided: \S+")
"""OpenAI quotes the beginning and the end of a key it doesn't know."""
_WITHOUT_STATUS: Final = frozenset({"invalid_request_error", "server_error"})
"""Words for so much that a status says more, where there is one."""


class OpenAIService(VendorProvider):
    """Over the `openai` SDK; subclasses say what is asked and how answers are read."""

    table: ClassVar[ErrorTable] = ErrorTable(vendor="OpenAI", provider="openai", codes=CODES, phrases=PHRASES)
    package = "openai"
    extra = "openai"
    interface: ClassVar[str]
    """What of the SDK's client is asked."""
    default_base_url = "https://api.openai.com/v1"
    examples = ("gpt-5.4", "gpt-5.4-mini", "gpt-4.1-mini")

    @property
    def is_openai(self) -> bool:
        """Whether requests go to OpenAI itself, and not to a server that speaks like it."""
        return is_openai(self.base_url)

    def _base_url_set(self) -> str | None:
        return get_settings().openai_base_url

    def _new_client(self, key: str, http: Any) -> Any:
        import openai

        client = openai.AsyncOpenAI(api_key=key, base_url=self.base_url, max_retries=0, timeout=None, http_client=http)
        if not self.is_openai:  # which account at OpenAI the environment names is no other server's business
            client.organization = client.project = None
        operator.attrgetter("models", self.interface)(client)  # imports them: here, in a thread, and not in the loop
        client._make_sse_decoder = decoder_class()  # type: ignore[method-assign]
        return client

    def longest_billed(self, request: Request) -> int:
        """With room to think beside the answer itself, for models that do."""
        asked, model = read_parameters(request), openai_model(request.model)
        own = asked.own_limit(*LIMITS)
        return request.max_tokens + model.room_to_think(model.effort(asked.reasoning)) if own is None else own

    async def validate(self) -> Diagnosis:
        """By the list of models, which costs nothing."""
        return await self.diagnosed(lambda client: client.models.list())

    async def count_tokens(self, request: Request) -> TokenCount:
        """Exact where OpenAI counts, which costs nothing; an estimate for other servers."""
        if not self.is_openai:
            return estimate_count(request, self.name)
        counted = await self.asked(
            lambda client: client.responses.input_tokens.count(**counted_body(request)),
            self._new_call(request),
            model=request.model,
        )
        return TokenCount(tokens=counted.input_tokens, exact=True)

    def _words_of(self, error: BaseException) -> VendorWords | None:
        import openai

        if not isinstance(error, openai.APIError) or isinstance(error, openai.APIConnectionError):
            return None
        if isinstance(error, openai.APIResponseValidationError):
            return None
        words = words_from(error.body, status=getattr(error, "status_code", 0), otherwise=error.message)
        return replace(words, message=_SHOWN_KEY.sub("provided.", words.message))


def counted_body(request: Request) -> dict[str, Any]:
    """The request's input, as the endpoint that counts takes it."""
    turns = [{"role": message.role, "content": message.text} for message in request.messages]
    body: dict[str, Any] = {"model": request.model, "input": turns}
    asked = read_parameters(request)
    if asked.json_schema is not None:
        body["text"] = {"format": {"type": "json_schema", **named_schema(asked)}}
    return body


def named_schema(asked: Parameters) -> dict[str, Any]:
    """Strict where the schema can be: then every answer fits it."""
    closed = closed_schema(asked.json_schema or {})
    schema = dict(asked.json_schema or {}) if closed is None else closed
    return {"name": asked.schema_name, "schema": schema, "strict": closed is not None}


def words_from(body: object, *, status: int = 0, otherwise: str = "") -> VendorWords:
    """The vendor's words from an error's body, which compatible servers fill each in their own way."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    if not isinstance(body, Mapping):
        return VendorWords(status=status, message=body if isinstance(body, str) else otherwise)
    code = body.get("code") or body.get("type") or ""
    if str(code).isdigit():  # a status in place of a word: OpenRouter, vLLM
        status, code = status if status >= 400 else int(code), str(body.get("type") or "")
    if status and str(code).lower() in _WITHOUT_STATUS:
        code = ""
    message = body.get("message") or body.get("detail") or body.get("error") or otherwise
    return VendorWords(status=status, code=str(code), message=str(message))
