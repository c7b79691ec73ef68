"""Claude's answers read: event by event or whole.

`message_stop` is the terminal event; `message_delta` before it says why the answer ended, and counts its tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ghostkit.providers.contract import (
    Completion,
    Ending,
    Finished,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
    UsageUpdate,
)
from ghostkit.providers.wire import Reader, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.providers.wire.reading import VendorError

ENDINGS: Final[Mapping[str, Ending]] = {
    "end_turn": Ending.COMPLETE, "stop_sequence": Ending.COMPLETE,
    "max_tokens": Ending.LENGTH, "model_context_window_exceeded": Ending.LENGTH, "pause_turn": Ending.LENGTH,
    "refusal": Ending.REFUSED,
}  # fmt: skip
_VENDOR: Final = "Anthropic"


class AnthropicReader(Reader):
    """Takes server-sent events as they come, not the SDK's models of them: those take longer to make than all else."""

    def __init__(self) -> None:
        self._usage = _UsageSoFar()
        self._reason = ""

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        name = event.event
        if name == "ping" or not event.data:
            return ()
        said = json.loads(event.data)
        try:
            name = name or said["type"]  # which is the same, where something in between left out the event's own line
            if name == "content_block_delta":
                delta = said["delta"]
                if delta["type"] == "text_delta":
                    return (TextDelta(delta["text"]),) if delta["text"] else ()
                return (ReasoningDelta(delta["thinking"]),) if delta.get("thinking") else ()
            return self._seldom(name, said)
        except (KeyError, TypeError, AttributeError):
            raise misshapen(_VENDOR, current_call()) from None

    def _seldom(self, name: str | None, said: Any) -> Iterable[StreamEvent]:
        if name == "content_block_start":
            begun = said["content_block"].get("text")
            return (TextDelta(begun),) if begun else ()
        if name == "message_start":
            return self._usage.add(said["message"].get("usage"), whole=False)
        if name == "message_delta":
            self._reason = said["delta"].get("stop_reason") or self._reason
            return self._usage.add(said.get("usage"), whole=True)
        if name == "message_stop" and self._reason:
            self.finished = True
            ending = ENDINGS.get(self._reason, Ending.ERROR)
            return (Finished(ending=ending, usage=self._usage.final, reason=self._reason),)
        if name == "error":
            raise VendorError(words_from(said))
        return ()


def completion_from(message: Any) -> Completion:
    """From the body of an answer; raises `BadAnswer` for what is none."""
    call, usage = current_call(), _UsageSoFar()
    try:
        blocks, reason = message["content"], message.get("stop_reason") or ""
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        thought = "".join(block["thinking"] for block in blocks if block["type"] == "thinking")
        usage.add(message.get("usage"), whole=True)
    except (KeyError, TypeError, AttributeError):
        raise misshapen(_VENDOR, call) from None
    return Completion(
        text=text,
        reasoning=thought,
        ending=ENDINGS.get(reason, Ending.ERROR) if reason else Ending.TRUNCATED,
        reason=reason,
        usage=usage.final or Usage(),
        limits=call.limits if call else None,
        request_id=call.request_id if call else "",
    )


def words_from(body: Any, status: int = 0) -> VendorWords:
    """From an error's body; `details.error_code` says more than the error's type, where it is there."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return VendorWords(status=status, message=body if isinstance(body, str) else "")
    details = error.get("details")
    spent = details.get("error_code") if isinstance(details, Mapping) else ""
    code = spent if spent in SPENT else error.get("type") or ""
    return VendorWords(
        status=status,
        code="" if status and code in _SAYS_LITTLE else str(code),
        message=str(error.get("message") or ""),
    )


_SAYS_LITTLE: Final = ("invalid_request_error", "api_error")
"""Of these kinds is much for which the status has a word of its own."""
SPENT: Final = (
    "contract_spend_limit_reached", "enforced_spend_limit_reached", "linked_organization_spend_limit_reached",
)  # fmt: skip


class _UsageSoFar:
    """What Anthropic says in pieces, each of which counts all before it."""

    def __init__(self) -> None:
        self._parts: dict[str, int] = {}
        self.final: Usage | None = None

    def add(self, said: Any, *, whole: bool) -> Iterable[StreamEvent]:
        """`whole`: the output is counted to its end. What the cache held or took is not in their `input_tokens`."""
        if not said:
            return ()
        self._parts |= {name: count for name, count in said.items() if isinstance(count, int)}
        read, written = (self._parts.get(f"cache_{kind}_input_tokens", 0) for kind in ("read", "creation"))
        usage = Usage(
            input_tokens=self._parts.get("input_tokens", 0) + read + written,
            output_tokens=self._parts.get("output_tokens", 0),
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=(said.get("output_tokens_details") or {}).get("thinking_tokens") or 0,
            source="reported" if whole else "estimated",
        )
        if not whole:
            return (UsageUpdate(usage=usage),)
        self.final = usage
        return ()
