"""Ollama's answers read: line by line or whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ghostkit.providers.contract import (
    Completion,
    Ending,
    Finished,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    Usage,
)
from ghostkit.providers.wire import Reader, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.providers.wire.reading import VendorError

ENDINGS: Final = {"stop": Ending.COMPLETE, "": Ending.COMPLETE, "length": Ending.LENGTH}
"""Old servers give no reason."""


@dataclass(frozen=True, kw_only=True)
class PullState:
    """How far the fetching of a model is: bytes of the layer that is under way, 0 where none is."""

    status: str
    completed: int = 0
    total: int = 0

    @classmethod
    def read(cls, line: dict[str, Any]) -> PullState:
        """Raises `VendorError` for a line that is an error."""
        if "error" in line:
            raise VendorError(VendorWords(message=str(line["error"])))
        completed, total = (int(line.get(name) or 0) for name in ("completed", "total"))
        return cls(status=str(line.get("status") or ""), completed=completed, total=total)


def completion_from(answer: dict[str, Any], vendor: str) -> Completion:
    """Raises `BadAnswer` for what has no message."""
    call, message = current_call(), answer.get("message")
    if not isinstance(message, dict):
        raise misshapen(vendor, call)
    reason = str(answer.get("done_reason") or "")
    return Completion(
        text=message.get("content") or "",
        reasoning=message.get("thinking") or "",
        ending=ENDINGS.get(reason, Ending.ERROR) if answer.get("done") else Ending.TRUNCATED,
        reason=reason,
        usage=usage_from(answer) or Usage(),
        limits=call.limits if call else None,
    )


class OllamaReader(Reader):
    """One JSON object a line; the one with `done` is the last."""

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        if "error" in event:
            raise VendorError(VendorWords(message=str(event["error"])))
        message = event.get("message") or {}
        text, thought, done = message.get("content"), message.get("thinking"), event.get("done")
        if text and not thought and not done:
            return (TextDelta(text),)
        said: list[StreamEvent] = []
        if thought:
            said.append(ReasoningDelta(thought))
        if text:
            said.append(TextDelta(text))
        if done:
            self.finished = True
            reason = str(event.get("done_reason") or "")
            ending = ENDINGS.get(reason, Ending.ERROR)
            said.append(Finished(ending=ending, usage=usage_from(event), reason=reason))
        return said


def usage_from(event: dict[str, Any]) -> Usage | None:
    """None where nothing is counted. A prompt that was kept from the call before isn't counted by older servers."""
    came, went = event.get("prompt_eval_count"), event.get("eval_count")
    if went is None:
        return None
    return Usage(input_tokens=came or 0, output_tokens=went, source="estimated" if came is None else "reported")
