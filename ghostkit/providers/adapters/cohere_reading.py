"""Cohere's answers read: event by event or whole.

`message-end` is the terminal event. It also comes for answers that failed, and then says so in its `finish_reason`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ghostkit.providers.contract import Completion, Ending, Finished, ReasoningDelta, StreamEvent, TextDelta, Usage
from ghostkit.providers.wire import Reader, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.providers.wire.reading import VendorError

ENDINGS: Final[Mapping[str, Ending]] = {
    "COMPLETE": Ending.COMPLETE, "STOP_SEQUENCE": Ending.COMPLETE,
    "MAX_TOKENS": Ending.LENGTH, "ERROR_LIMIT": Ending.LENGTH, "ERROR_TOXIC": Ending.REFUSED,
}  # fmt: skip
FAILED, TIMED_OUT, FLAGGED = "error", "timeout", "flagged"
_FAILURES: Final[Mapping[str, str]] = {"ERROR": FAILED, "TIMEOUT": TIMED_OUT}
BLOCKED: Final = ("blocked output", "blocked input")
_VENDOR: Final = "Cohere"


class CohereReader(Reader):
    """Takes server-sent events as they come: the SDK's own reading leaves out, in silence, what it can't read."""

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        if not event.data or event.data == "[DONE]":
            return ()
        said = json.loads(event.data)
        try:
            kind = said["type"]
            if kind == "content-delta":
                return _pieces(said["delta"]["message"]["content"])
            if kind == "content-start":
                return _pieces(((said.get("delta") or {}).get("message") or {}).get("content") or {})
            if kind == "message-end":
                return self._finish(said["delta"])
        except (KeyError, TypeError, AttributeError):
            raise misshapen(_VENDOR, current_call()) from None
        return ()

    def _finish(self, delta: Any) -> Iterable[StreamEvent]:
        reason = str(delta.get("finish_reason") or "")
        if not reason:
            return ()
        ending, word = ending_of(reason, str(delta.get("error") or ""))
        self.finished = True
        return (Finished(ending=ending, usage=usage_from(delta.get("usage")), reason=word),)


def _pieces(content: Mapping[str, Any]) -> Iterable[StreamEvent]:
    text = content.get("text")
    if text:
        return (TextDelta(text),)
    thought = content.get("thinking")
    return (ReasoningDelta(thought),) if thought else ()


def completion_from(answer: Any) -> Completion:
    """From the body of an answer; raises `VendorError` for one that failed, `BadAnswer` for what is none."""
    call = current_call()
    try:
        parts = answer["message"].get("content") or []
        texts, thoughts = ([part.get(kind) or "" for part in parts] for kind in ("text", "thinking"))
        reason, usage = str(answer.get("finish_reason") or ""), usage_from(answer.get("usage"))
        failure = str(answer.get("error") or "".join(texts))
    except (KeyError, TypeError, AttributeError):
        raise misshapen(_VENDOR, call) from None
    ending, word = ending_of(reason, failure) if reason else (Ending.TRUNCATED, "")
    return Completion(
        text="".join(texts),
        reasoning="".join(thoughts),
        ending=ending,
        reason=word,
        usage=usage or Usage(),
        limits=call.limits if call else None,
        request_id=call.request_id if call else "",
    )


def ending_of(reason: str, error: str = "") -> tuple[Ending, str]:
    """The ending and Cohere's word for it; raises `VendorError` where the word means that the answer failed."""
    if reason not in _FAILURES:
        return ENDINGS.get(reason, Ending.ERROR), reason
    if any(phrase in error.lower() for phrase in BLOCKED):
        return Ending.REFUSED, f"{reason}: {error}"[:500]
    raise VendorError(VendorWords(code=_FAILURES[reason], message=error))


def usage_from(usage: Any) -> Usage | None:
    """What is billed, which leaves out what Cohere adds to a prompt of its own; None where nothing was counted."""
    if not usage:
        return None
    counted = {**(usage.get("tokens") or {}), **(usage.get("billed_units") or {})}
    came, went = (int(counted.get(f"{side}_tokens") or 0) for side in ("input", "output"))
    if not came and not went:
        return None
    cached = min(int(usage.get("cached_tokens") or 0), came)
    return Usage(input_tokens=came, output_tokens=went, cached_tokens=cached, source="reported")


def words_from(status: int, body: Any) -> VendorWords:
    """From an error's body, `{"message": …}`; 498 is said of texts with words that may not be."""
    message = body.get("message") or body.get("error") if isinstance(body, Mapping) else getattr(body, "message", body)
    return VendorWords(status=status, code=FLAGGED if status == 498 else "", message=str(message or ""))
