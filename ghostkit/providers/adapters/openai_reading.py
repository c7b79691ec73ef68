"""Chat completions read: piece by piece or whole, with what compatible servers add.

A `finish_reason` says that the text is whole; `[DONE]` after it says nothing more, and some servers leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ghostkit.providers.adapters.openai_service import words_from
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
    "stop": Ending.COMPLETE, "eos": Ending.COMPLETE, "end_turn": Ending.COMPLETE, "stop_sequence": Ending.COMPLETE,
    "length": Ending.LENGTH, "max_tokens": Ending.LENGTH, "model_length": Ending.LENGTH,
    "content_filter": Ending.REFUSED, "refusal": Ending.REFUSED, "safety": Ending.REFUSED,
}  # fmt: skip


class ChatReader(Reader):
    """The text is whole once a `finish_reason` came; the usage follows it, or doesn't."""

    def __init__(self) -> None:
        self._reason = ""
        self._refusal = ""
        self._usage: Usage | None = None

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        """`event` is a piece of text, or the SDK's object of all else."""
        return (TextDelta(event),) if type(event) is str else self._seldom(event)

    def _seldom(self, event: Any) -> list[StreamEvent]:
        """All but a plain piece of text."""
        said: list[StreamEvent] = []
        for choice in (event.choices or ())[:1]:
            delta = choice.delta
            if delta is not None:
                thought = thought_in(delta)
                if thought:
                    said.append(ReasoningDelta(thought))
                if delta.content:
                    said.append(TextDelta(delta.content))
                self._refusal += delta.refusal or ""
            self._reason = choice.finish_reason or self._reason
        if event.usage is not None:
            self._usage = usage_from(event.usage)
        if self._reason and self._usage is not None:
            said.extend(self.end())
        elif event.usage is not None and self._usage is not None:
            said.append(UsageUpdate(usage=self._usage))
        return said

    def end(self) -> Iterable[StreamEvent]:
        if not self._reason or self.finished:
            return ()
        ending, reason = ending_of(self._reason, self._refusal)  # raises for a failure, which is no end
        self.finished = True
        return (Finished(ending=ending, usage=self._usage, reason=reason),)


def completion_from(answer: Any, vendor: str) -> Completion:
    """Raises `VendorError` for an error in the place of an answer, `BadAnswer` for what is neither."""
    problem = getattr(answer, "error", None)
    if problem:
        raise VendorError(words_from(problem))
    call, choices = current_call(), getattr(answer, "choices", None)
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    if choices is None or message is None:
        raise misshapen(vendor, call)
    reason = choices[0].finish_reason or ""
    ending, word = ending_of(reason, message.refusal or "") if reason else (Ending.TRUNCATED, "")
    return Completion(
        text=message.content or "",
        ending=ending,
        usage=usage_from(getattr(answer, "usage", None)) or Usage(),
        reasoning=thought_in(message),
        reason=word,
        limits=call.limits if call else None,
        request_id=call.request_id if call else "",
    )


def thought_in(delta: Any) -> str:
    """What compatible servers' models think; OpenAI's own keep it to themselves here."""
    extra = delta.model_extra or {}
    thought = extra.get("reasoning_content") or extra.get("reasoning")
    return thought if isinstance(thought, str) else ""


def ending_of(reason: str, refusal: str) -> tuple[Ending, str]:
    """The ending and the vendor's word for it; raises `VendorError` for a `finish_reason` that is an error."""
    if reason == "error":
        raise VendorError(VendorWords(code="server_error", message="the model failed in the middle of its answer"))
    if refusal:
        return Ending.REFUSED, f"refusal: {refusal}"[:500]
    return ENDINGS.get(reason.lower(), Ending.ERROR), reason


def usage_from(usage: Any) -> Usage | None:
    """None where the server reported nothing."""
    came, went = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if not came and not went:
        return None
    extra = usage.model_extra or {}
    of_input, of_output = (getattr(usage, f"{part}_tokens_details", None) for part in ("prompt", "completion"))
    cost = extra.get("cost")
    return Usage(
        input_tokens=came,
        output_tokens=went,
        cached_tokens=_count(of_input, "cached_tokens") or int(extra.get("prompt_cache_hit_tokens") or 0),
        cache_write_tokens=_count(of_input, "cache_write_tokens"),
        reasoning_tokens=_count(of_output, "reasoning_tokens"),
        cost_usd=float(cost) if isinstance(cost, int | float) else None,
        source="reported",
    )


def _count(holder: Any, name: str) -> int:
    found = getattr(holder, name, None)
    return found if isinstance(found, int) else 0
