"""Chat completions event by event: text at once, all else by the SDK's own types."""

from __future__ import annotations

import json
from typing import Any

from ghostkit.providers.adapters.openai_streams import WholeStream


class ChatStream(WholeStream):
    """Chat completions as they come: a piece of text as plain `str`, all else as the SDK's own object.

    The SDK makes a tree of objects of every token, for more than all the rest of the way costs.
    """

    def __aiter__(self) -> ChatStream:
        return self

    async def __anext__(self) -> Any:
        """:raises openai.APIError: the vendor tells of an error in the middle of the answer."""
        data = json.loads((await self._below.__anext__()).data)
        text = plain_text(data)
        return text if text is not None else self._object(data)

    def _object(self, data: Any) -> Any:
        from openai._models import construct_type
        from openai.types.chat import ChatCompletionChunk

        problem = data.get("error") if isinstance(data, dict) else None
        if problem:
            raise self._told(problem)
        return construct_type(type_=ChatCompletionChunk, value=data)

    def _told(self, problem: Any) -> Exception:
        """As the SDK raises it."""
        from openai import APIError

        message = problem.get("message") if isinstance(problem, dict) else None
        said = message if isinstance(message, str) and message else "an error in the stream"
        return APIError(said, request=self._stream.response.request, body=problem)


def plain_text(data: Any) -> str | None:
    """The piece of text that is all an event has to say; None where there is more to it, or less."""
    try:
        choice = data["choices"][0]
        delta = choice["delta"]
        text = delta["content"]
    except (KeyError, IndexError, TypeError):
        return None
    more = choice.get("finish_reason") or data.get("usage") or data.get("error") or len(delta) > 2
    return text if isinstance(text, str) and text and not more else None
