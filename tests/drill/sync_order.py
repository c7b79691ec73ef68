"""What a system-call trace says about the order of writes and syncs; and the short book that is traced.

SIGKILL can't see a missing fsync, because the kernel keeps what was written; only the order of the calls can.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "fsync,fdatasync,rename,renameat,renameat2,write,pwrite64,sendto"
SABOTAGES = ("ledger", "file", "folder")
"""What the short book can be told not to sync, to show that the trace then tells of it."""

_LINE = re.compile(r"^(\d+) +(?:(\w+)\((.*?)(?: <unfinished \.\.\.>|\) += (-?\w+).*)|<\.\.\. (\w+) resumed>(.*))$")
_PATH = re.compile(r"^\d+<([^>]*)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(kw_only=True)
class Call:
    """One system call; `began` and `ended` are places in the trace, whatever thread made it."""

    thread: str
    name: str
    arguments: str
    began: int
    ended: int

    @property
    def path(self) -> str:
        """The file or folder it was made on."""
        found = _PATH.match(self.arguments)
        return found[1] if found else ""

    @property
    def names(self) -> list[str]:
        """The paths of a rename: from, to."""
        return _QUOTED.findall(self.arguments)


def read_trace(text: str) -> list[Call]:
    """The calls in the order in which they began."""
    calls: list[Call] = []
    unfinished: dict[str, Call] = {}
    for place, line in enumerate(text.splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue
        thread, name, arguments, _, resumed, rest = found.groups()
        if resumed:
            call = unfinished.pop(thread, None)
            if call is not None:
                call.ended = place
                call.arguments += rest
            continue
        call = Call(thread=thread, name=name, arguments=arguments, began=place, ended=place)
        calls.append(call)
        if "<unfinished" in line:
            unfinished[thread] = call
    return calls


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────


def violations(calls: list[Call], folder: Path) -> dict[str, list[str]]:
    """What is out of order, by rule; and under `seen` how often each rule had something to look at."""
    wrong: dict[str, list[str]] = {"request": [], "result": [], "file": [], "folder": []}
    seen = dict.fromkeys(wrong, 0)
    for call in calls:
        if _is_request(call):
            seen["request"] += 1
            wrong["request"] += _request_before_sync(calls, call)
        elif call.name.startswith("rename") and _is_kept(call.names[-1], folder):
            seen["file"] += 1
            seen["folder"] += 1
            wrong["file"] += _rename_before_sync(calls, call)
            wrong["folder"] += _folder_not_synced(calls, call)
            if "/sections/" in call.names[-1]:
                seen["result"] += 1
                wrong["result"] += _rename_before_result(calls, call)
    wrong["seen"] = [f"{rule}: {times}" for rule, times in seen.items() if times]
    return wrong


def _is_kept(name: str, folder: Path) -> bool:
    """A file of the book that must survive a power cut: a torn entry of the cache is told by its digest and dropped."""
    return str(folder) in name and not name.startswith(str(folder / "cache"))


def _is_request(call: Call) -> bool:
    return call.name == "write" and call.path.endswith("bill.jsonl") and r"\"begun\"" in call.arguments


def _is_log(call: Call) -> bool:
    return call.path.endswith("ledger.sqlite-wal")


def _synced(call: Call) -> bool:
    return call.name in ("fsync", "fdatasync")


def _unsynced_log(calls: list[Call], before: Call) -> Iterator[str]:
    """Writes to the write-ahead log that no finished sync covers when `before` begins."""
    written = [c for c in calls if _is_log(c) and c.name in ("write", "pwrite64") and c.began < before.began]
    if not written:
        yield "nothing was written to the ledger's log before it"
        return
    last = written[-1]
    if not any(_is_log(c) and _synced(c) and c.began > last.ended and c.ended < before.began for c in calls):
        yield f"the ledger's log was written at line {last.began} and not synced by line {before.began}"


def _request_before_sync(calls: list[Call], request: Call) -> Iterator[str]:
    yield from _unsynced_log(calls, request)
    attempt = re.search(r"a-[0-9a-f]{16}", request.arguments)
    assert attempt is not None
    if not any(_is_log(c) and attempt[0] in c.arguments and c.ended < request.began for c in calls):
        yield f"attempt {attempt[0]} was not in the ledger's log when its request left"


def _rename_before_result(calls: list[Call], rename: Call) -> Iterator[str]:
    """The answer came, then went into the log, then the log was synced, then the file got its name."""
    answers = [c for c in calls if c.path.endswith("bill.jsonl") and r"\"answered\"" in c.arguments]
    answer = [c for c in answers if c.ended < rename.began][-1]
    if not any(_is_log(c) and answer.ended < c.began < rename.began for c in calls):
        yield f"{rename.names[-1]} got its name before its result was recorded"
    yield from _unsynced_log(calls, rename)


def _rename_before_sync(calls: list[Call], rename: Call) -> Iterator[str]:
    temporary = rename.names[0]
    written = [c.ended for c in calls if c.path == temporary and c.name in ("write", "pwrite64")]
    syncs = [c for c in calls if c.path == temporary and _synced(c) and c.ended < rename.began]
    if not any(c.began > max(written, default=-1) for c in syncs):
        yield f"{rename.names[-1]} got its name at line {rename.began} before its bytes were synced"


def _folder_not_synced(calls: list[Call], rename: Call) -> Iterator[str]:
    """The thread that renamed must sync the folder before it writes or renames anything else."""
    folder = os.path.dirname(rename.names[-1])
    for call in (c for c in calls if c.thread == rename.thread and c.began > rename.ended):
        if _synced(call) and call.path == folder:
            return
        if call.name.startswith("rename") or call.name in ("write", "pwrite64"):
            break
    yield f"{rename.names[-1]} got its name at line {rename.began} and its folder was not synced next"


# ── the book that is traced ───────────────────────────────────────────────────────────────────────────────


def main(folder: Path, sabotage: str) -> int:
    """Write the first two sections of the drill's book, without one kind of sync if `sabotage` names it."""
    import anyio

    from tests.drill.scenario import bill_of, create, start_with_an_older_ledger

    os.environ["GHOSTKIT_REHEARSAL_BILL"] = str(bill_of(folder))
    if sabotage:
        _SABOTAGE[sabotage]()

    async def write() -> None:
        start_with_an_older_ledger(folder)
        book = create(folder)
        await book.write(until="1.2")
        book.close()

    anyio.run(write)
    return 0


def _leave_the_ledger_unsynced() -> None:
    from ghostkit.ledger import SqliteLedger

    kept = SqliteLedger.__init__

    def init(self: SqliteLedger, path: Path | None, **options: object) -> None:
        kept(self, path, **{**options, "synchronous": "OFF"})  # type: ignore[arg-type]

    SqliteLedger.__init__ = init  # type: ignore[method-assign]


def _leave_unsynced(kind: Callable[[int], bool]) -> None:
    kept, files = os.fsync, os

    def fsync(descriptor: int) -> None:
        if not kind(os.fstat(descriptor).st_mode):
            kept(descriptor)

    files.fsync = fsync  # type: ignore[assignment]


def _leave_files_unsynced() -> None:
    import stat

    _leave_unsynced(stat.S_ISREG)


def _leave_folders_unsynced() -> None:
    import stat

    _leave_unsynced(stat.S_ISDIR)


_SABOTAGE: dict[str, Callable[[], None]] = {
    "ledger": _leave_the_ledger_unsynced,
    "file": _leave_files_unsynced,
    "folder": _leave_folders_unsynced,
}

if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
