"""Gemini's answers read: chunk by chunk or whole.

A candidate's `finishReason` says that the answer is whole, a prompt's `blockReason` that there will be none.
"""

from __future__ import annotations

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

_REFUSALS: Final = (
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "JAILBREAK", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "PUP_LIMITED_DISABLED",
)  # fmt: skip
ENDINGS: Final[Mapping[str, Ending]] = {
    "STOP": Ending.COMPLETE, "MAX_TOKENS": Ending.LENGTH, "CONTINUATION": Ending.LENGTH,
    **dict.fromkeys(_REFUSALS, Ending.REFUSED),
}  # fmt: skip


class GeminiReader(Reader):
    """Takes the SDK's `GenerateContentResponse`s."""

    def __init__(self) -> None:
        self._usage: Usage | None = None
        self._reason = ""
        self._blocked = False

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        said: list[StreamEvent] = []
        for candidate in (event.candidates or ())[:1]:
            for part in (candidate.content and candidate.content.parts) or ():
                if part.text:
                    said.append(ReasoningDelta(part.text) if part.thought else TextDelta(part.text))
            if candidate.finish_reason is not None:
                self._reason = _word(candidate.finish_reason)
        if event.prompt_feedback is not None:
            self._block(event.prompt_feedback)
        if self._reason or self._usage is None:
            said.extend(self._count(event.usage_metadata))
        return said

    def _block(self, feedback: Any) -> None:
        reason = _word(feedback.block_reason)
        if reason:
            self._reason, self._blocked = reason, True

    def _count(self, metadata: Any) -> Iterable[StreamEvent]:
        """Every chunk counts what came so far: the first is told for what the input costs, and the last."""
        final = bool(self._reason)
        usage = usage_from(metadata, final=final)
        if usage is None:
            return ()
        self._usage = usage
        return self.end() if final else (UsageUpdate(usage=usage),)

    def end(self) -> Iterable[StreamEvent]:
        if not self._reason or self.finished:
            return ()
        self.finished = True
        usage = self._usage if self._usage and self._usage.source == "reported" else None
        return (Finished(ending=ending_of(self._reason, blocked=self._blocked), usage=usage, reason=self._reason),)


def completion_from(answer: Any) -> Completion:
    """From the SDK's `GenerateContentResponse`."""
    call = current_call()
    candidate = answer.candidates[0] if answer.candidates else None
    parts = [part for part in (candidate and candidate.content and candidate.content.parts) or () if part.text]
    blocked = _word(answer.prompt_feedback.block_reason) if answer.prompt_feedback else ""
    reason = blocked or (_word(candidate.finish_reason) if candidate else "")
    return Completion(
        text="".join(part.text for part in parts if not part.thought),
        reasoning="".join(part.text for part in parts if part.thought),
        ending=ending_of(reason, blocked=bool(blocked)) if reason else Ending.TRUNCATED,
        reason=reason,
        usage=usage_from(answer.usage_metadata, final=True) or Usage(),
        limits=call.limits if call else None,
        request_id=call.request_id if call else "",
    )


def ending_of(reason: str, *, blocked: bool) -> Ending:
    return Ending.REFUSED if blocked else ENDINGS.get(reason, Ending.ERROR)


def usage_from(metadata: Any, *, final: bool) -> Usage | None:
    """None where nothing was counted. What was thought is not among the candidates' tokens."""
    if metadata is None or not (metadata.prompt_token_count or metadata.candidates_token_count):
        return None
    thought = metadata.thoughts_token_count or 0
    return Usage(
        input_tokens=(metadata.prompt_token_count or 0) + (metadata.tool_use_prompt_token_count or 0),
        output_tokens=(metadata.candidates_token_count or 0) + thought,
        cached_tokens=metadata.cached_content_token_count or 0,
        reasoning_tokens=thought,
        source="reported" if final else "estimated",
    )


def words_from(status: int, body: Any) -> VendorWords:
    """From an error's body (google.rpc.Status): `details` say what the status doesn't."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    if not isinstance(error, Mapping):
        error = {"message": str(error)}
    details = [detail for detail in error.get("details") or () if isinstance(detail, Mapping)]
    code = next((str(detail["reason"]) for detail in details if detail.get("reason") in REASONS), "")
    violations = [one for detail in details for one in detail.get("violations") or () if isinstance(one, Mapping)]
    if any("perday" in str(one.get("quotaId", "")).lower() for one in violations):
        code = SPENT_FOR_TODAY
    waits = next((_seconds(str(detail["retryDelay"])) for detail in details if "retryDelay" in detail), None)
    return VendorWords(
        status=status,
        code=code or str(error.get("status") or ""),
        message=str(error.get("message") or ""),
        waits_s=waits,
    )


REASONS: Final = ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "BILLING_DISABLED", "SERVICE_DISABLED")
SPENT_FOR_TODAY: Final = "daily quota"


def _seconds(duration: str) -> float | None:
    """A protobuf Duration as JSON writes it: "34.07s"."""
    try:
        return max(float(duration.removesuffix("s")), 0.0)
    except ValueError:
        return None


def _word(reason: Any) -> str:
    word = str(getattr(reason, "value", reason) or "")
    return "" if word.endswith("UNSPECIFIED") else word
