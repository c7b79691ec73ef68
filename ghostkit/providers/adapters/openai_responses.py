"""OpenAI's Responses: numbered events, summaries of what was thought, and nothing kept at the vendor.

Source: `openai/types/responses` of the SDK.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ghostkit.providers.adapters.openai_chat import split_at_stable, with_extra
from ghostkit.providers.adapters.openai_models import openai_model
from ghostkit.providers.adapters.openai_service import OpenAIService, named_schema, words_from
from ghostkit.providers.adapters.openai_streams import WholeStream
from ghostkit.providers.adapters.parameters import Parameters, not_taken, read_parameters
from ghostkit.providers.contract import (
    Completion,
    Ending,
    Finished,
    ReasoningDelta,
    Request,
    StreamEvent,
    TextDelta,
    Usage,
)
from ghostkit.providers.wire import Reader, VendorWords
from ghostkit.providers.wire.call import current_call
from ghostkit.providers.wire.errors import misshapen
from ghostkit.providers.wire.reading import VendorError

INCOMPLETE: Final[Mapping[str, Ending]] = {
    "max_output_tokens": Ending.LENGTH, "max_messages": Ending.LENGTH, "content_filter": Ending.REFUSED,
}  # fmt: skip
_LAST: Final = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_THOUGHTS: Final = frozenset({"response.reasoning_summary_text.delta", "response.reasoning_text.delta"})
_MOST_MARKS: Final = 4
_MARK: Final = {"prompt_cache_breakpoint": {"mode": "explicit"}}


class OpenAIResponsesProvider(OpenAIService):
    """`openai-responses:MODEL`."""

    name = "openai-responses"
    interface = "responses.input_tokens"
    sample = (
        'data: {"type":"response.output_text.delta","sequence_number":1,"item_id":"i","output_index":0,'
        '"content_index":0,"delta":"a","logprobs":[]}\n\n'
        'data: {"type":"response.completed","sequence_number":2,"response":{"id":"r","object":"response",'
        '"created_at":1,"status":"completed","model":"m","output":[{"id":"i","type":"message","role":"assistant",'
        '"status":"completed","content":[{"type":"output_text","text":"a","annotations":[]}]}],"tools":[],'
        '"tool_choice":"auto","parallel_tool_calls":true,"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2,'
        '"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}}}}\n\n'
    )

    def _reader(self, request: Request) -> Reader:
        return ResponsesReader()

    async def _open(self, client: Any, request: Request) -> Any:
        return WholeStream(await client.responses.create(stream=True, **self.body(request)))

    async def _complete(self, client: Any, request: Request) -> Completion:
        response, call = await client.responses.create(**self.body(request)), current_call()
        if not isinstance(getattr(response, "output", None), list):
            raise misshapen(self.table.vendor, call)
        text, thoughts, refusal = read_output(response)
        ended = ending_of(response, refusal)
        ending, reason = ended or (Ending.TRUNCATED, str(response.status or ""))
        return Completion(
            text=text,
            reasoning=thoughts,
            ending=ending,
            reason=reason,
            usage=usage_from(response) or Usage(),
            limits=call.limits if call else None,
            request_id=call.request_id if call else "",
        )

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent, as arguments of the SDK's `create`."""
        asked, model = read_parameters(request), openai_model(request.model)
        if asked.stop:
            raise not_taken("stop", "OpenAI's Responses", f"use openai:{request.model}")
        effort = model.effort(asked.reasoning)
        samples = model.samples(effort)
        body: dict[str, Any] = {
            "model": request.model,
            **self._turns(request),
            "max_output_tokens": self.longest_billed(request),
            "temperature": asked.temperature if samples else None,
            "top_p": asked.top_p if samples else None,
            "text": _format(asked),
            "reasoning": {"effort": effort} if effort else None,
            "prompt_cache_key": request.cache_key or None,
            "store": False,
        }
        return with_extra({name: value for name, value in body.items() if value is not None}, asked.extra)

    def _turns(self, request: Request) -> dict[str, Any]:
        """`instructions` and `input`; where the cache can be marked, a system text with a mark is input too."""
        marks = _MOST_MARKS if self.is_openai and openai_model(request.model).marks_its_cache else 0
        instructions: list[str] = []
        turns: list[dict[str, Any]] = []
        for message in request.messages:
            content: Any = message.text
            if marks and message.stable and message.role != "assistant":
                marks -= 1
                content = [
                    {"type": "input_text", "text": text, **kept} for text, kept in split_at_stable(message, _MARK)
                ]
            elif message.role == "system" and not turns:
                instructions.append(message.text)
                continue
            turns.append({"role": message.role, "content": content})
        return {"input": turns, **({"instructions": "\n\n".join(instructions)} if instructions else {})}


def _format(asked: Parameters) -> dict[str, Any] | None:
    if asked.json_schema is None:
        return None
    return {"format": {"type": "json_schema", **named_schema(asked)}}


class ResponsesReader(Reader):
    """Events are numbered: one that came already is left out. The terminal event carries the whole response."""

    def __init__(self) -> None:
        self._last = -1
        self._wrote = False
        self._thought = False
        self._refusal = ""

    def feed(self, event: Any) -> Iterable[StreamEvent]:
        number = event.sequence_number
        if number is not None:
            if number <= self._last:
                return ()
            self._last = number
        if event.type == "response.output_text.delta":
            self._wrote = True
            return (TextDelta(event.delta),) if event.delta else ()
        return self._seldom(event, event.type)

    def _seldom(self, event: Any, kind: str) -> Iterable[StreamEvent]:
        """All but a piece of text."""
        if kind in _LAST:
            return self._end_with(event.response)
        if kind in _THOUGHTS:
            self._thought = True
            return (ReasoningDelta(event.delta),)
        if kind == "response.reasoning_summary_part.added" and self._thought:
            return (ReasoningDelta("\n\n"),)
        if kind == "response.refusal.delta":
            self._refusal += event.delta
        elif kind == "error":
            raise VendorError(words_from(event.to_dict(), otherwise="an error in the stream"))
        return ()

    def _end_with(self, response: Any) -> list[StreamEvent]:
        text, _thoughts, refusal = read_output(response)
        ended = ending_of(response, refusal or self._refusal)
        if ended is None:
            return []
        self.finished = True
        said: list[StreamEvent] = [TextDelta(text)] if text and not self._wrote else []
        return [*said, Finished(ending=ended[0], usage=usage_from(response), reason=ended[1])]


def read_output(response: Any) -> tuple[str, str, str]:
    """(text, summaries of thoughts, refusal) of a whole response."""
    text, thoughts, refusal = [], [], []
    for item in response.output or ():
        if item.type == "message":
            text += [part.text for part in item.content if part.type == "output_text"]
            refusal += [part.refusal for part in item.content if part.type == "refusal"]
        elif item.type == "reasoning":
            thoughts += [part.text for part in (item.summary or item.content or ())]
    return "".join(text), "\n\n".join(thoughts), "".join(refusal)


def ending_of(response: Any, refusal: str) -> tuple[Ending, str] | None:
    """The ending and the vendor's word for it, None while there is none; raises `VendorError` for a failure."""
    if response.status in ("failed", "cancelled"):
        error = response.error
        raise VendorError(
            words_from(error.to_dict())
            if error is not None
            else VendorWords(code="server_error", message=f"the response was {response.status}")
        )
    if response.status == "incomplete":
        reason = str(getattr(response.incomplete_details, "reason", None) or "incomplete")
        return INCOMPLETE.get(reason, Ending.ERROR), reason
    if response.status != "completed":
        return None
    return (Ending.REFUSED, f"refusal: {refusal}"[:500]) if refusal else (Ending.COMPLETE, "completed")


def usage_from(response: Any) -> Usage | None:
    """None where nothing is reported."""
    usage = response.usage
    if usage is None:
        return None
    read, written = (getattr(usage.input_tokens_details, f"{name}_tokens", None) for name in ("cached", "cache_write"))
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=read or 0,
        cache_write_tokens=written or 0,
        reasoning_tokens=getattr(usage.output_tokens_details, "reasoning_tokens", None) or 0,
        source="reported",
    )
