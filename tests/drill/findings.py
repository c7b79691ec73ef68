"""What must hold of a book after a kill, and after the run that followed it: each function lists what doesn't."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

from ghostkit.ledger.blobs import decompress
from tests.drill.scenario import CHAPTERS, EDITS, SECTIONS, bill_of

OWN = ("ledger.", ".ledger.", "checkpoints/", "logs/", "cache/", "rag/")
"""Files that differ between two runs of one book: they hold times, ids and attempts."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a ledger says: completed attempts by slot, counts by state, answers' states by attempt, keyed events."""

    complete: dict[str, str]
    states: Counter[str]
    attempts: dict[str, tuple[str, str]]
    events: Counter[str]
    human: Counter[str]
    trouble: list[str]


# ── the moment after a kill ───────────────────────────────────────────────────────────────────────────────


def after_kill(folder: Path, workshop: Path) -> tuple[list[str], Record | None]:
    """Everything there must open as it lies, before anything has tidied up; and what the ledger had by then."""
    wrong = list(unopenable(folder)) if folder.exists() else []
    record = ledger_record(folder, workshop)
    return wrong + (record.trouble if record else []), record


def unopenable(folder: Path) -> Iterator[str]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        name = path.relative_to(folder).as_posix()
        try:
            if path.suffix == ".json":
                json.loads(path.read_text("utf-8"))
            elif path.suffix in (".md", ".html"):
                assert path.read_text("utf-8").endswith("\n"), "it is cut off"
            elif path.suffix == ".epub":
                with zipfile.ZipFile(path) as book:
                    assert book.testzip() is None, "a member of it is damaged"
            elif path.suffix == ".entry":
                head, _, value = path.read_bytes().partition(b"\n")
                assert json.loads(head)["size"] == len(value), "it is torn"
            elif path.suffix == ".backup":
                yield from (f"{name}: {problem}" for problem in unsound(path, as_it_lies=True))
        except (ValueError, AssertionError, zipfile.BadZipFile) as error:
            yield f"{name} won't open: {error}"


def unsound(database: Path, *, as_it_lies: bool = False) -> list[str]:
    """What SQLite finds wrong; `as_it_lies` without its log, which must be folded in, and without touching a disk."""
    how = f"{database.absolute().as_uri()}?{'immutable=1' if as_it_lies else ''}"
    connection = sqlite3.connect(how, uri=True)
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [answer for answer in answers if answer != "ok"]
    except sqlite3.DatabaseError as error:
        return [f"won't open: {error}"]
    finally:
        connection.close()


def ledger_record(folder: Path, workshop: Path) -> Record | None:
    """Read a copy of the ledger, so that looking at it repairs nothing."""
    if not (folder / "ledger.sqlite").exists():
        return None
    for suffix in ("", "-wal"):
        source, copy = folder / f"ledger.sqlite{suffix}", workshop / f"copy.sqlite{suffix}"
        copy.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, copy)
    (workshop / "copy.sqlite-shm").unlink(missing_ok=True)
    trouble = [f"ledger.sqlite: {problem}" for problem in unsound(workshop / "copy.sqlite")]
    connection = sqlite3.connect(workshop / "copy.sqlite")
    try:
        return _read(connection, trouble)
    finally:
        connection.close()


def _read(connection: sqlite3.Connection, trouble: list[str]) -> Record:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    attempts: list[Any] = []
    events: list[Any] = []
    human: list[Any] = []
    if "attempt" in tables:
        attempts = connection.execute(
            "SELECT attempt.uid, step.object || '/' || step.kind || '/' || step.variant, attempt.state "
            "FROM attempt JOIN step ON step.id = attempt.step_id ORDER BY attempt.id"
        ).fetchall()
    if "event" in tables:
        events = connection.execute("SELECT key, type, data FROM event WHERE key IS NOT NULL").fetchall()
        human = connection.execute("SELECT object || '/' || kind FROM revision WHERE origin = 'human'").fetchall()
    return Record(
        complete={slot: uid for uid, slot, state in attempts if state == "complete"},
        states=Counter(state for _, _, state in attempts),
        attempts={uid: (slot, state) for uid, slot, state in attempts},
        events=Counter(_moment(*row) for row in events),
        human=Counter(row[0] for row in human),
        trouble=trouble,
    )


def _moment(key: bytes, type: str, packed: bytes) -> str:
    """What a keyed event announces, told without attempts, which belong to one run alone."""
    if type == "generation_in_doubt":
        return "in_doubt"
    data = json.loads(decompress(packed))
    about = [data[name] for name in ("book", "chapter", "section", "digest") if name in data]
    return ":".join([type, *about])


# ── the end ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Book:
    """An undisturbed run's result, to compare with."""

    files: dict[str, bytes]
    record: Record


def finished_book(folder: Path, workshop: Path) -> Book:
    record = ledger_record(folder, workshop)
    assert record is not None
    return Book(files=book_files(folder), record=record)


def book_files(folder: Path) -> dict[str, bytes]:
    """Every file by name, but for the ledger and checkpoints; `book.json` without its times."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(OWN):
            found[name] = path.read_bytes() if name != "book.json" else _without_times(path)
    return found


def _without_times(path: Path) -> bytes:
    structure: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return json.dumps({k: v for k, v in structure.items() if not k.endswith("_at")}, indent=1).encode()


def at_the_end(
    folder: Path, workshop: Path, undisturbed: Book, earlier: list[Record]
) -> tuple[Record | None, list[str]]:
    """Compare with the undisturbed run, with the bill, and with what the ledger held after each kill."""
    record = ledger_record(folder, workshop)
    if record is None:
        return None, ["there is no ledger"]
    return record, [
        *record.trouble,
        *unopenable(folder),
        *different_files(book_files(folder), undisturbed.files),
        *left_over(folder),
        *lost(record, earlier),
        *wrong_bill(bill_of(folder), record),
        *wrong_events(record, undisturbed.record),
        *lost_human_words(folder),
    ]


def different_files(there: dict[str, bytes], wanted: dict[str, bytes]) -> Iterator[str]:
    for name in sorted(there.keys() | wanted.keys()):
        if name not in there:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is there but belongs to no undisturbed book"
        elif there[name] != wanted[name]:
            yield f"{name} differs from the undisturbed run's: {_difference(there[name], wanted[name])}"


def _difference(there: bytes, wanted: bytes) -> str:
    """The lines that differ, where it is text."""
    try:
        old, new = wanted.decode().split("\n"), there.decode().split("\n")
    except UnicodeDecodeError:
        return f"{len(there)} bytes, {len(wanted)} undisturbed"
    return "\n".join(islice(unified_diff(old, new, "undisturbed", "killed", n=0, lineterm=""), 12))


def left_over(folder: Path) -> Iterator[str]:
    for path in folder.rglob(".*"):
        yield f"{path.relative_to(folder)} was left over"


def lost(record: Record, earlier: list[Record]) -> Iterator[str]:
    sections = [slot for slot in record.complete if slot.split("/")[1:] == ["section", "0"]]
    if len(sections) != CHAPTERS * SECTIONS:
        yield f"{len(sections)} sections are complete, not {CHAPTERS * SECTIONS}"
    for then in earlier:
        for slot, uid in then.complete.items():
            if record.complete.get(slot) != uid:
                yield f"{slot} was complete as {uid} at a kill and is {record.complete.get(slot)} now"
        for uid in then.attempts.keys() - record.attempts.keys():
            yield f"attempt {uid} was recorded at a kill and is gone"


def wrong_bill(bill: Path, record: Record) -> Iterator[str]:
    """The provider's own record against the ledger's: nothing sent unrecorded, nothing bought twice."""
    lines = [json.loads(line) for line in bill.read_text("utf-8").splitlines()]
    slots = {uid: slot for uid, (slot, _) in record.attempts.items()}
    begun = [line for line in lines if line["event"] == "begun"]
    answered = [line for line in lines if line["event"] == "answered"]
    doubtful = Counter(slot for slot, state in record.attempts.values() if state == "in_doubt")
    closed = sum(record.states.values()) - record.states["open"] - record.states["in_doubt"]
    if len(begun) > len(record.attempts):
        yield f"{len(begun)} calls were begun, {len(record.attempts)} attempts recorded"
    if len(answered) - closed > record.states["in_doubt"]:
        yield f"{len(answered)} answers, {closed} closed attempts, {record.states['in_doubt']} in doubt"
    if record.states["open"]:
        yield f"{record.states['open']} attempts are still open"
    for line in lines:
        if line["attempt_id"] not in slots:
            yield f"call {line['attempt_id']} of {line.get('slot', 'a vendor')} is on the bill and not in the ledger"
    for line in answered:
        slot, state = record.attempts.get(line["attempt_id"], ("nowhere", "missing"))
        if state not in ("complete", "in_doubt"):
            yield f"call {line['attempt_id']} of {slot} was answered and is recorded as {state}"
    for slot, times in Counter(slots.get(line["attempt_id"], "") for line in answered).items():
        if times > 1 + doubtful[slot]:
            yield f"{slot} was answered {times} times with {doubtful[slot]} in doubt"
    complete = Counter(slot for slot, state in record.attempts.values() if state == "complete")
    yield from (f"{slot} was completed {times} times" for slot, times in complete.items() if times != 1)


def wrong_events(record: Record, undisturbed: Record) -> Iterator[str]:
    if record.events["in_doubt"] != record.states["in_doubt"]:
        yield f"{record.events['in_doubt']} in-doubt events, {record.states['in_doubt']} attempts in doubt"
    for key in sorted((record.events.keys() | undisturbed.events.keys()) - {"in_doubt"}):
        if record.events[key] != undisturbed.events[key]:
            yield f"event {key} is there {record.events[key]} times, undisturbed {undisturbed.events[key]} times"
    if record.human != undisturbed.human:
        yield f"human revisions are {dict(record.human)}, undisturbed {dict(undisturbed.human)}"


def lost_human_words(folder: Path) -> Iterator[str]:
    """Section files and profiles are as the person saved them to the byte; the outline goes on with their words."""
    for name, (words, _) in EDITS.items():
        copy = folder.parent / "person" / name.replace("/", "-")
        if not copy.with_name(copy.name + ".saved").exists():
            yield f"nobody edited {name}"
            continue
        saved, there = copy.read_bytes(), (folder / name).read_bytes()
        if saved != there and name != "outline.md":
            yield f"{name} is not what the person saved: {_difference(there, saved)}"
        if words.encode() not in there:
            yield f"the person's words are gone from {name}"
