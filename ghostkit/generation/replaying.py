"""A ledger as a recording for the provider `replay`: what joins the two."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, Literal, cast

from ghostkit.book.files import write_atomic
from ghostkit.errors import InputError, UnknownName, storage_errors
from ghostkit.ledger.recorded import RecordedLedger
from ghostkit.providers import Ending, Usage
from ghostkit.providers.replay import Recorded, Recording, ReplayProvider, Reply
from ghostkit.providers.replay.exported import MARK, ExportedRecording, lines_of

LEDGER: Final = "ledger.sqlite"


class LedgerRecording:
    """See `Recording`; `path` is a ledger's file."""

    def __init__(self, path: Path) -> None:
        self._ledger = RecordedLedger(path)

    def models(self) -> list[str]:
        return self._ledger.models()

    def requests(self, known: Collection[int] = ()) -> list[Recorded]:
        return [
            Recorded(
                number=one.number,
                slot=one.slot,
                model=one.model,
                ending=Ending(one.ending),
                parameters=one.parameters,
                messages=one.messages,
            )
            for one in self._ledger.requests(known)
        ]

    def reply(self, number: int) -> Reply | None:
        found = self._ledger.answer(number)
        if found is None:
            return None
        return Reply(
            attempt_id=found.attempt_id,
            model=found.model,
            text=found.text,
            ending=Ending(found.ending),
            usage=Usage(
                input_tokens=found.input_tokens,
                output_tokens=found.output_tokens,
                cached_tokens=found.cached_tokens,
                cache_write_tokens=found.cache_write_tokens,
                reasoning_tokens=found.reasoning_tokens,
                source=cast(Literal["reported", "estimated"], found.usage_source),
            ),
            first_token_s=found.first_token_s,
            total_s=found.total_s,
        )


def open_recording(path: str) -> Recording:
    """The recording in a book's folder, a ledger or an exported file; raises `UnknownName` where there is none."""
    found = Path(path).expanduser() if "\0" not in path else Path()
    if found.is_dir():
        found = found / LEDGER
    if not found.is_file():
        raise UnknownName(
            f"There is no recording at {path!r}.",
            fix=f"Name a book's folder or its {LEDGER}, such as replay:projects/salt-road.",
        )
    with storage_errors(found, "read the recording"), open(found, "rb") as file:
        exported = file.read(len(MARK)) == MARK
    return ExportedRecording(found) if exported else LedgerRecording(found)


def export_recording(source: str | Path, target: str | Path) -> int:
    """Write the answers recorded at `source` to the text file `target`, for `replay:target`; how many there are.

    Prompts and answers are in it, nothing else of the ledger's; put beside a notebook it makes that its own test.
    """
    recording = open_recording(str(source))
    if not recording.requests():
        raise InputError(f"The recording at {source} holds no answer.", fix="Record a run first.")
    data = "".join(lines_of(recording)).encode("utf-8", "surrogatepass")
    write_atomic(Path(target).expanduser(), data, "export")
    return len(recording.requests())


def replay_provider(**config: Any) -> ReplayProvider:
    """The provider `replay` over ledgers; `config` may hold `path`, `otherwise`, `pace` and `providers`."""
    return ReplayProvider(open_recording=open_recording, **config)
