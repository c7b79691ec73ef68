"""Claude, by Anthropic's Messages API.

Source: https://platform.claude.com/docs/en/api/messages and .../build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ghostkit.errors import (
    AuthError,
    BadRequest,
    ModelNotFound,
    Overloaded,
    ProviderTimeout,
    QuotaExceeded,
    RateLimited,
    ServerError,
    UnknownName,
)
from ghostkit.providers.adapters.claude_models import ROOM_TO_THINK, generation_of
from ghostkit.providers.adapters.parameters import Parameters, not_taken, read_parameters
from ghostkit.providers.contract import (
    Completion,
    Diagnosis,
    Ending,
    Finished,
    Message,
    ModelInfo,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
    TokenCount,
    Usage,
    UsageUpdate,
)
from ghostkit.providers.prices import model_facts
from ghostkit.providers.wire import ErrorTable, Reader, VendorProvider, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.settings import get_settings

ENDINGS: Final = {
    "end_turn": Ending.COMPLETE, "stop_sequence": Ending.COMPLETE,
    "max_tokens": Ending.LENGTH, "model_context_window_exceeded": Ending.LENGTH, "pause_turn": Ending.LENGTH,
    "refusal": Ending.REFUSED,
}  # fmt: skip
MOST_BREAKPOINTS: Final = 4
WITH_SAMPLING: Final = "2023-06-01"
"""The last version of the API that takes `temperature` and `top_p`, from the models that still do."""


class AnthropicProvider(VendorProvider):
    """`anthropic:NAME`, for example `anthropic:claude-sonnet-5-5`."""

    name = "anthropic"
    package = extra = "anthropic"
    default_base_url = "https://api.anthropic.com"
    table = ErrorTable(
        vendor="Anthropic",
        provider="anthropic",
        codes={
            "authentication_error": AuthError, "permission_error": AuthError, "billing_error": QuotaExceeded,
            "not_found_error": ModelNotFound, "rate_limit_error": RateLimited, "overloaded_error": Overloaded,
            "timeout_error": ProviderTimeout, "api_error": ServerError, "invalid_request_error": BadRequest,
            "contract_spend_limit_reached": QuotaExceeded, "enforced_spend_limit_reached": QuotaExceeded,
            "linked_organization_spend_limit_reached": QuotaExceeded,
        },
        phrases={"credit balance is too low": QuotaExceeded, "usage limits. you will regain": QuotaExceeded},
    )  # fmt: skip

    def info(self, model: str) -> ModelInfo:
        if not model:
            raise UnknownName(
                "No model of Anthropic's is named.",
                fix="Name one, for example anthropic:claude-sonnet-5-5, anthropic:claude-opus-5-5"
                " or anthropic:claude-haiku-5-5.",
            )
        return model_facts(self.name, model).as_info(base_url=self.base_url)

    async def validate(self) -> Diagnosis:
        return await self.diagnosed(lambda client: client.models.list(limit=1))

    async def count_tokens(self, request: Request) -> TokenCount:
        """As Anthropic counts, which costs nothing."""
        body = self._body(request)
        asked = {
            name: body[name] for name in ("model", "messages", "system", "thinking", "output_config") if name in body
        }
        counted = await self.asked(
            lambda client: client.messages.count_tokens(**asked), self._new_call(request), model=request.model
        )
        return TokenCount(tokens=counted.input_tokens, exact=True)

    def longest_billed(self, request: Request) -> int:
        return int(self._body(request)["max_tokens"])

    def _base_url_set(self) -> str | None:
        return get_settings().anthropic_base_url

    def _new_client(self, key: str, http: Any) -> Any:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(api_key=key, base_url=self.base_url, http_client=http, max_retries=0, timeout=None)

    async def _open(self, client: Any, request: Request) -> Any:
        return await client.messages.create(**self._body(request), stream=True)

    def _reader(self, request: Request) -> Reader:
        return AnthropicReader()

    async def _complete(self, client: Any, request: Request) -> Completion:
        message = await client.messages.create(**self._body(request))
        blocks = getattr(message, "content", None)
        if not isinstance(blocks, list):
            raise misshapen(self.table.vendor, current_call())
        usage = UsageSoFar()
        usage.add(getattr(message, "usage", None), whole=True)
        call = current_call()
        return Completion(
            text="".join(block.text for block in blocks if block.type == "text"),
            reasoning="".join(block.thinking for block in blocks if block.type == "thinking"),
            ending=ENDINGS.get(message.stop_reason, Ending.ERROR) if message.stop_reason else Ending.TRUNCATED,
            reason=message.stop_reason or "",
            usage=usage.final or Usage(),
            limits=call.limits if call else None,
            request_id=call.request_id if call else "",
        )

    def _words_of(self, error: BaseException) -> VendorWords | None:
        from anthropic import APIStatusError

        if not isinstance(error, APIStatusError):
            return None
        code = error.error_code if error.error_code in self.table.codes else error.type
        # An error within an answer comes with the status of that answer, which says nothing.
        status = error.status_code if error.status_code >= 300 else 0
        return VendorWords(status=status, code=str(code or ""), message=str(error.api_message or error.message))

    def _body(self, request: Request) -> dict[str, Any]:
        asked = read_parameters(request)
        body: dict[str, Any] = {"model": request.model, "max_tokens": request.max_tokens, **_messages(request)}
        if asked.stop:
            body["stop_sequences"] = list(asked.stop)
        output: dict[str, Any] = {}
        if asked.json_schema is not None:
            from anthropic import transform_schema

            output["format"] = {"type": "json_schema", "schema": transform_schema(dict(asked.json_schema))}
        effort = self._think(request, asked, body)
        if effort:
            output["effort"] = effort
        if output:
            body["output_config"] = output
        extra = {**self._sampling(request.model, asked, body), **asked.extra}
        if extra:
            body["extra_body"] = extra
        return body

    def _think(self, request: Request, asked: Parameters, body: dict[str, Any]) -> str:
        """Whether to think, into `body`, with room for it; gives the effort. Thinking gives way to sampling."""
        kind = generation_of(request.model)
        level: str | None = asked.reasoning
        if kind.thinks == "never" or asked.temperature is not None or asked.top_p is not None:
            level = "none"
        if level in (None, "none") and kind.off is not None:
            if kind.off:
                body["thinking"] = dict(kind.off)
            return ""
        effort = "low" if level == "none" else level or ""
        longest = max(model_facts(self.name, request.model).max_output, request.max_tokens)
        body["max_tokens"] = min(request.max_tokens + ROOM_TO_THINK[effort or "medium"], longest)
        if kind.thinks == "by budget":
            body["thinking"] = {"type": "enabled", "budget_tokens": body["max_tokens"] - request.max_tokens}
            return ""
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        return effort

    def _sampling(self, model: str, asked: Parameters, body: dict[str, Any]) -> dict[str, Any]:
        """What newer models refuse: the SDK has no argument for it, and the newest version of the API no field."""
        if asked.temperature is None and asked.top_p is None:
            return {}
        name = "top_p" if asked.temperature is None else "temperature"
        if not generation_of(model).samples:
            raise not_taken(name, f"Anthropic's {model}", "choose a model up to Claude 4.6")
        body["extra_headers"] = {"anthropic-version": WITH_SAMPLING}
        # Newer ones of these take one of the two and not both; Anthropic's scale of temperatures ends at 1.
        return {name: min(asked.temperature if asked.temperature is not None else asked.top_p or 1.0, 1.0)}


class AnthropicReader(Reader):
    """`message_stop` is the terminal event, `message_delta` before it says how the answer ended."""

    def __init__(self) -> None:
        self._usage = UsageSoFar()
        self._reason = ""

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        kind = event.type
        if kind == "content_block_delta":
            delta = event.delta
            if delta.type == "text_delta":
                return (TextDelta(delta.text),) if delta.text else ()
            return (ReasoningDelta(delta.thinking),) if delta.type == "thinking_delta" and delta.thinking else ()
        if kind == "content_block_start":
            begun = getattr(event.content_block, "text", "")
            return (TextDelta(begun),) if begun else ()
        if kind == "message_start":
            return self._usage.add(getattr(event.message, "usage", None), whole=False)
        if kind == "message_delta":
            self._reason = event.delta.stop_reason or self._reason
            return self._usage.add(getattr(event, "usage", None), whole=True)
        if kind == "message_stop" and self._reason:
            self.finished = True
            ending = ENDINGS.get(self._reason, Ending.ERROR)
            return (Finished(ending=ending, usage=self._usage.final, reason=self._reason),)
        return ()


class UsageSoFar:
    """Adds up what Anthropic says in pieces: each counts all that came before it."""

    def __init__(self) -> None:
        self._parts: dict[str, int] = {}
        self.final: Usage | None = None

    def add(self, said: Any, *, whole: bool) -> Iterable[StreamEvent]:
        """`whole`: the output is counted to its end. Input that the cache held or took comes beside `input_tokens`."""
        if said is None:
            return ()
        for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
            tokens = getattr(said, name, None)
            if tokens is not None:
                self._parts[name] = tokens
        details = getattr(said, "output_tokens_details", None)
        read, written = (self._parts.get(f"cache_{name}_input_tokens", 0) for name in ("read", "creation"))
        usage = Usage(
            input_tokens=self._parts.get("input_tokens", 0) + read + written,
            output_tokens=self._parts.get("output_tokens", 0),
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=getattr(details, "thinking_tokens", None) or 0,
            source="reported" if whole else "estimated",
        )
        self.final = usage if whole else None
        return () if whole else (UsageUpdate(usage=usage),)


def _messages(request: Request) -> dict[str, Any]:
    """`system` and `messages`: a block for each part, so that what is stable stays the same byte for byte."""
    marked = [index for index, message in enumerate(request.messages) if message.stable]
    # Each begins where the other ends: the first serves every request of a book, the last the next of this kind.
    cached = set(marked[:1] + marked[1:][-(MOST_BREAKPOINTS - 1) :])
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for index, message in enumerate(request.messages):
        blocks = _blocks(message, breakpoint=index in cached, follows=bool(system and message.role == "system"))
        if message.role == "system":
            system += blocks
        elif blocks:
            turns.append({"role": message.role, "content": blocks})
    return {"messages": turns, **({"system": system} if system else {})}


def _blocks(message: Message, *, breakpoint: bool, follows: bool) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    last_stable: dict[str, Any] | None = None
    for number, part in enumerate(message.parts, start=1):
        if not part.strip():  # an empty block is refused
            continue
        # The blank line goes before a part: what stands in a block must not depend on what comes after it.
        blocks.append({"type": "text", "text": f"\n\n{part}" if blocks or follows else part})
        if number <= message.stable:
            last_stable = blocks[-1]
    if breakpoint and last_stable is not None:
        last_stable["cache_control"] = {"type": "ephemeral"}
    return blocks
