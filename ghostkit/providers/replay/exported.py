"""A recording as a text file, to be kept beside a notebook: JSON lines, readable, small, without receipts or prices.

The first line is `{"ghostkit_recording": 1}`. Then `{"part": text}` is a part of messages, numbered from 0 as they
come, and `{"slot", "model", "ending", "parameters", "messages": [[role, [part numbers]]], "text", "usage", …}` an
answer. Most prompts share most of their parts: each is written once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from ghostkit.errors import InputError, storage_errors
from ghostkit.providers.contract import Ending, Usage
from ghostkit.providers.replay.recording import Recorded, Recording, Reply

VERSION: Final = 1
MARK: Final = b'{"ghostkit_recording":'
_COUNTS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")


def lines_of(recording: Recording) -> Iterator[str]:
    """The lines of the file, each ending in a newline."""
    yield _line({"ghostkit_recording": VERSION})
    numbers: dict[str, int] = {}
    for request in recording.requests():
        reply = recording.reply(request.number)
        if reply is None:
            continue
        for part in (part for _, parts in request.messages for part in parts):
            if part not in numbers:
                numbers[part] = len(numbers)
                yield _line({"part": part})
        yield _line(
            {
                "slot": request.slot,
                "model": request.model,
                "ending": str(reply.ending),
                "attempt": reply.attempt_id,
                "parameters": dict(request.parameters),
                "messages": [[role, [numbers[part] for part in parts]] for role, parts in request.messages],
                "text": reply.text,
                "usage": {name: getattr(reply.usage, name) for name in _COUNTS} | {"source": reply.usage.source},
                "first_token_s": reply.first_token_s,
                "total_s": reply.total_s,
            }
        )


class ExportedRecording:
    """See `Recording`; the whole of the file at `path` is read when it is opened.

    :raises InputError: it isn't one, is damaged, or was written by a newer ghostkit.
    """

    def __init__(self, path: Path) -> None:
        self._requests: list[Recorded] = []
        self._replies: list[Reply] = []
        parts: list[str] = []
        with storage_errors(path, "read the recording"), open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    self._take(json.loads(line), parts, first=number == 1)
                except InputError:
                    raise
                except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
                    raise InputError(
                        f"The recording {path} is damaged in line {number}.", fix="Export it again."
                    ) from None

    def _take(self, row: dict[str, Any], parts: list[str], *, first: bool) -> None:
        if first:
            if row["ghostkit_recording"] > VERSION:
                raise InputError("The recording was written by a newer ghostkit.", fix="Upgrade ghostkit.")
        elif "part" in row:
            parts.append(_text(row["part"]))
        else:
            self._add(row, parts)

    def _add(self, row: dict[str, Any], parts: list[str]) -> None:
        ending = Ending(row["ending"])
        usage = Usage(**{name: int(row["usage"][name]) for name in _COUNTS}, source=row["usage"]["source"])
        self._requests.append(
            Recorded(
                number=len(self._requests),
                slot=_text(row["slot"]),
                model=_text(row["model"]),
                ending=ending,
                parameters=dict(row["parameters"]),
                messages=tuple((_text(role), tuple(parts[place] for place in of)) for role, of in row["messages"]),
            )
        )
        self._replies.append(
            Reply(
                attempt_id=_text(row["attempt"]),
                model=_text(row["model"]),
                text=_text(row["text"]),
                ending=ending,
                usage=usage,
                first_token_s=_seconds(row["first_token_s"]),
                total_s=_seconds(row["total_s"]),
            )
        )

    def models(self) -> list[str]:
        return sorted({request.model for request in self._requests})

    def requests(self, known: Collection[int] = ()) -> list[Recorded]:
        return [request for request in self._requests if request.number not in known]

    def reply(self, number: int) -> Reply | None:
        return self._replies[number]


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
