"""Ways of looking at a place, each with a way of planting a key there: a look that can't see a key proves nothing."""

from __future__ import annotations

import io
import json
import sqlite3
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostkit.errors import AuthError
from ghostkit.ledger import Intent, Outcome, Slot, SqliteLedger, Who, blobs, receipts
from ghostkit.ledger.values import AttemptState

Text = str | bytes


@dataclass(frozen=True)
class Look:
    """`see` makes text of a place's subject; `plant` makes a subject of the same kind that has `key` in it."""

    see: Callable[[Any], Text]
    plant: Callable[[str, Path], Any]


# ── text and files ────────────────────────────────────────────────────────────────────────────────────────


def _as_json(value: Any) -> str:
    return json.dumps(value, default=repr, ensure_ascii=False)


def _read(paths: list[Path]) -> bytes:
    """Names and bytes of files, and of all files of folders."""
    seen = []
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                seen += [str(file).encode(), file.read_bytes()]
    return b"\n".join(seen)


def _file_with(key: str, folder: Path) -> list[Path]:
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "deep" / "file.bin").write_bytes(b"\x00\xff before " + key.encode() + b" after")
    return [folder / "deep"]


def _unzip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"\n".join(info.filename.encode() + archive.read(info) for info in archive.infolist())


def _zip_with(key: str, folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.epub", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("OEBPS/package.opf", f"<meta>{key}</meta>" * 20)
    return folder / "a.epub"


TEXT = Look(see=str, plant=lambda key, folder: f"before {key} after")
VALUE = Look(see=_as_json, plant=lambda key, folder: {"a": [{"b": key}]})
FILES = Look(see=_read, plant=_file_with)
ZIP = Look(see=_unzip, plant=_zip_with)


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────


def _ledger_with(key: str, folder: Path, where: str) -> Path:
    """A ledger that has the key in its texts, in its events, in a request's parameters or in an error."""
    from ghostkit.events import Event, EventType

    path = folder / "ledger.sqlite"
    ledger = SqliteLedger(path, synchronous="OFF")
    ledger.acquire_lease({"pid": 1})
    say = {name: key if where == name else "nothing" for name in ("text", "event", "request", "error")}
    intent = Intent(
        attempt_id="a-1", slot=Slot(object_id="s-1", kind="section"), model="x:y", base_url="", fingerprint="00" * 32,
        messages=(("user", ("ask",)),), parameters={"extra": say["request"]}, inputs={}, cost_ceiling_usd=0.0,
    )  # fmt: skip
    event = Event(type=EventType.ERROR_OCCURRED, data={"reason": say["event"]}, source="test")
    ledger.open_attempt(intent, Who(), [event])
    ledger.close_attempt("a-1", Outcome(state=AttemptState.ERROR, text=say["text"], error=say["error"]), Who())
    ledger.close()
    return path


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _stored_texts(path: Path) -> bytes:
    connection = _opened(path)
    try:
        rows = connection.execute("SELECT data FROM blob WHERE data IS NOT NULL")
        return b"\n".join(blobs.decompress(row[0]) for row in rows)
    finally:
        connection.close()


def _stored_events(path: Path) -> bytes:
    connection = _opened(path)
    try:
        rows = connection.execute("SELECT type, data FROM event")
        return b"\n".join(row[0].encode() + b" " + blobs.decompress(row[1]) for row in rows)
    finally:
        connection.close()


def _stored_requests(path: Path) -> bytes:
    connection = _opened(path)
    try:
        return b"\n".join(receipts.unpack(connection, row[0]) for row in connection.execute("SELECT id FROM attempt"))
    finally:
        connection.close()


def _plain_columns(path: Path) -> str:
    """Every column that is text or a number, of every table."""
    connection = _opened(path)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return "\n".join(repr(tuple(row)) for table in tables for row in connection.execute(f"SELECT * FROM {table}"))
    finally:
        connection.close()


LEDGER_FILES = Look(
    see=lambda path: _read(sorted(path.parent.glob(path.name + "*"))),
    plant=lambda key, folder: _ledger_with(key, folder, "error"),
)
LEDGER_COLUMNS = Look(see=_plain_columns, plant=lambda key, folder: _ledger_with(key, folder, "error"))
LEDGER_TEXTS = Look(see=_stored_texts, plant=lambda key, folder: _ledger_with(key, folder, "text"))
LEDGER_EVENTS = Look(see=_stored_events, plant=lambda key, folder: _ledger_with(key, folder, "event"))
LEDGER_REQUESTS = Look(see=_stored_requests, plant=lambda key, folder: _ledger_with(key, folder, "request"))


# ── objects ───────────────────────────────────────────────────────────────────────────────────────────────


class _Held:
    """Shows what it holds, as a careless class does."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return f"_Held({self.key})"


REPR = Look(see=lambda things: "\n".join(map(repr, things)), plant=lambda key, folder: [_Held(key)])
STR = Look(see=lambda things: "\n".join(map(str, things)), plant=lambda key, folder: [_Held(key)])
VARS = Look(see=lambda things: "\n".join(repr(vars(thing)) for thing in things), plant=lambda k, folder: [_Held(k)])
STATE = Look(
    see=lambda things: "\n".join(repr(thing.__reduce_ex__(4)) for thing in things),
    plant=lambda key, folder: [_Held(key)],
)


# ── exceptions ────────────────────────────────────────────────────────────────────────────────────────────


def raised(work: Callable[[], object]) -> BaseException:
    """What `work` raises."""
    try:
        work()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def _with_message(key: str, folder: Path) -> list[BaseException]:
    return [AuthError(f"not accepted: {key}")]


def _with_cause(key: str, folder: Path) -> list[BaseException]:
    def work() -> None:
        try:
            raise ValueError(key)
        except ValueError as error:
            raise AuthError("not accepted") from error

    return [raised(work)]


def _with_local(key: str, folder: Path) -> list[BaseException]:
    def work(sent: str) -> None:
        raise AuthError("not accepted")

    return [raised(lambda: work(key))]


def _chain(error: BaseException) -> str:
    found, queue = [], [error]
    while queue:
        one = queue.pop()
        if any(one is other for other in found):
            continue
        found.append(one)
        queue += [below for below in (one.__cause__, one.__context__) if below is not None]
        queue += list(getattr(one, "exceptions", ()))
    below = found[1:]
    return "\n".join([f"{len(below)} below", *(f"{one!r} {one} {one.args!r} {vars(one)!r}" for one in below)])


def _rich(error: BaseException) -> str:
    from rich.console import Console
    from rich.traceback import Traceback

    screen = io.StringIO()
    shown = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_length=None, locals_max_string=None,
        width=400, max_frames=0,
    )  # fmt: skip
    Console(file=screen, width=400, color_system=None).print(shown)
    return screen.getvalue()


def _verbose(error: BaseException) -> str:
    from IPython.core.ultratb import VerboseTB

    shown = VerboseTB(theme_name="nocolor", include_vars=True)
    return str(shown.text(type(error), error, error.__traceback__))


def _locals(error: BaseException) -> str:
    """Every local of every frame, by its repr, which is what shows locals shows."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return "\n".join({f"{name}={value!r}" for frame in frames for name, value in frame.f_locals.items()})


def _logged(error: BaseException) -> str:
    import logging

    screen = io.StringIO()
    handler = logging.StreamHandler(screen)
    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "it failed: %s", (error,), None)
    record.exc_info = (type(error), error, error.__traceback__)
    handler.handle(record)
    return screen.getvalue()


def of_each(see: Callable[[BaseException], str]) -> Callable[[list[BaseException]], str]:
    return lambda errors: "\n".join(see(error) for error in errors)


ERROR_TEXT = Look(see=of_each(str), plant=_with_message)
ERROR_REPR = Look(see=of_each(repr), plant=_with_message)
ERROR_FACTS = Look(see=of_each(lambda error: f"{error.args!r} {vars(error)!r}"), plant=_with_message)
ERROR_CHAIN = Look(see=of_each(_chain), plant=_with_cause)
ERROR_TRACEBACK = Look(see=of_each(lambda error: "".join(traceback.format_exception(error))), plant=_with_cause)
ERROR_RICH = Look(see=of_each(_rich), plant=_with_local)
ERROR_VERBOSE = Look(see=of_each(_verbose), plant=_with_local)
ERROR_LOCALS = Look(see=of_each(_locals), plant=_with_local)
ERROR_LOGGED = Look(see=of_each(_logged), plant=_with_cause)
