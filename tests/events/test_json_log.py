"""One JSON line an event, without secrets; the disk's troubles are the log's own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ghostkit.events import Event, EventManager, EventType
from ghostkit.events.error_log import ErrorHandler
from ghostkit.events.json_log import LONGEST_TEXT, LineHandler, LoggingHandler, level_of
from ghostkit.events.rotating_file import MOST_WAITING, RotatingFile, in_writer_thread

ROOT = Path(__file__).parents[2]
CANARY = "Zq8kW3vN5tLr2YbXc7Hd"
AT = datetime(2026, 11, 20, 9, 30, 0, 123_456, tzinfo=UTC)


def event(type: EventType = EventType.SECTION_COMPLETED, /, run_id: str = "", **data: Any) -> Event:
    return Event(type=type, data=data, timestamp=AT, source="writing", run_id=run_id)


def lines(handler: LineHandler) -> list[dict[str, Any]]:
    assert handler.flush()
    return [json.loads(line) for line in handler.file.path.read_text("utf-8").splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> LoggingHandler:
    return LoggingHandler(tmp_path / "logs" / "ghostkit.jsonl")


def test_a_line_has_its_time_level_event_and_place(log: LoggingHandler) -> None:
    log.handle(event(run_id="run-1", book="b-1", chapter="c-1", section="s-1", words=12))
    assert lines(log) == [
        {
            "timestamp": "2026-11-20T09:30:00.123+00:00", "level": "info", "event": "section_completed",
            "run": "run-1", "book": "b-1", "chapter": "c-1", "section": "s-1", "source": "writing",
            "data": {"book": "b-1", "chapter": "c-1", "section": "s-1", "words": 12},
        }
    ]  # fmt: skip
    assert (log.written, log.failures, log.dropped) == (1, 0, 0)


def test_the_fields_come_in_their_order(log: LoggingHandler) -> None:
    log.handle(event(run_id="r", section="s-1"))
    assert list(lines(log)[0]) == ["timestamp", "level", "event", "run", "section", "source", "data"]


def test_ids_that_an_event_does_not_carry_follow_from_those_before(log: LoggingHandler) -> None:
    log.handle(event(EventType.RUN_STARTED, run_id="run-7", goal="book", model="rehearsal:novelist"))
    log.handle(event(EventType.OUTLINE_ADOPTED, object="b-1", children=["c-1", "c-2"]))
    log.handle(event(EventType.OUTLINE_ADOPTED, object="c-2", children=["s-3", "s-4"]))
    log.handle(event(EventType.GENERATION_STARTED, slot="s-4/section/0", attempt="a"))
    log.handle(event(EventType.GENERATION_STARTED, slot="c-1/chapter_summary/0", attempt="b"))
    log.handle(event(EventType.SECTION_STARTED, section="s-3"))
    places = [tuple(line.get(name, "") for name in ("run", "book", "chapter", "section")) for line in lines(log)]
    assert places[2:] == [
        ("run-7", "b-1", "c-2", ""),
        ("run-7", "b-1", "c-2", "s-4"),
        ("run-7", "b-1", "c-1", ""),
        ("run-7", "b-1", "c-2", "s-3"),
    ]


def test_every_event_type_is_written_with_a_level(log: LoggingHandler) -> None:
    for type in EventType:
        log.handle(event(type))
    written = lines(log)
    assert [line["event"] for line in written] == [str(type) for type in EventType]
    assert {line["level"] for line in written} == {"debug", "info", "warning", "error"}
    assert level_of("section_failed") == "error"
    assert level_of("generation_retry") == "warning"


def test_no_field_and_no_traceback_lets_a_key_out(log: LoggingHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHERE_API_KEY", CANARY)
    data = {
        "reason": f"refused {CANARY}", "api_key": CANARY, CANARY: 1, "deep": [{"x": (CANARY.encode(),)}],
        "url": f"https://h/?key={CANARY}", "error": ValueError(CANARY), "object": {"a": {CANARY}},
    }  # fmt: skip
    try:
        raise RuntimeError(CANARY) from KeyError(CANARY)
    except RuntimeError:
        log.handle(Event(type=EventType.ERROR_OCCURRED, data=data, source=CANARY, run_id=CANARY))
    text = log.file.path.read_text("utf-8") if lines(log) else ""
    assert CANARY not in text
    assert text.count("[redacted]") >= 10
    assert "RuntimeError" in json.loads(text)["traceback"]


def test_a_failure_carries_the_traceback_of_the_error_at_hand(log: LoggingHandler) -> None:
    try:
        raise OSError(28, "No space left on device")
    except OSError:
        log.handle(event(EventType.SECTION_FAILED, section="s-1", reason="disk"))
        log.handle(event(EventType.SECTION_COMPLETED, section="s-1"))
    failed, completed = lines(log)
    assert "No space left on device" in failed["traceback"]
    assert "traceback" not in completed


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("\ud800 lone", "? lone"),
        ("two\nlines\u2028and more", "two\nlines\u2028and more"),
        ({1: "a", None: "b", (2, 3): "c"}, {"1": "a", "None": "b", "(2, 3)": "c"}),
        ({3}, [3]),
        (b"\xff\x00ok", "\\xff\x00ok"),
        (object, "<class 'object'>"),
        (Path("exports/x.epub"), "exports/x.epub"),
        ("Анна — 中文 🌊", "Анна — 中文 🌊"),
    ],
)
def test_anything_in_the_data_still_makes_one_line_of_strict_json(
    value: Any, written: Any, log: LoggingHandler
) -> None:
    log.handle(event(x=value))
    assert log.flush()
    raw = log.file.path.read_bytes()
    assert raw.count(b"\n") == 1

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(raw, parse_constant=refuse)["data"]["x"] == written


def test_long_text_is_cut_and_says_so(log: LoggingHandler) -> None:
    log.handle(event(x="a" * (LONGEST_TEXT + 5)))
    assert lines(log)[0]["data"]["x"] == "a" * LONGEST_TEXT + "… (5 more characters)"


def test_the_log_stays_within_its_size_and_loses_only_the_oldest(tmp_path: Path) -> None:
    log = LoggingHandler(tmp_path / "g.jsonl", max_bytes=2_000, keep=2)
    for number in range(100):
        log.handle(event(number=number))
    assert log.flush()
    files = sorted(tmp_path.iterdir(), reverse=True)
    assert [path.name for path in files] == ["g.jsonl.2", "g.jsonl.1", "g.jsonl"]
    assert all(path.stat().st_size <= 2_000 for path in files)
    numbers = [json.loads(line)["data"]["number"] for path in files for line in path.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 100))


def test_a_line_longer_than_the_file_may_be_is_kept_alone(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path / "g", max_bytes=10, keep=1)
    for line in (b"short", b"x" * 50, b"after"):
        file.append(line)
    assert (tmp_path / "g").read_bytes() == b"after\n"
    assert (tmp_path / "g.1").read_bytes() == b"x" * 50 + b"\n"


def test_without_old_files_the_log_starts_anew(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path / "g", max_bytes=10, keep=0)
    for line in (b"first of all", b"second"):
        file.append(line)
    assert [path.name for path in tmp_path.iterdir()] == ["g"]
    assert file.path.read_bytes() == b"second\n"


def test_two_writers_share_a_file_through_rotations(tmp_path: Path) -> None:
    writers = [RotatingFile(tmp_path / "g", max_bytes=300, keep=50) for _ in range(2)]
    for number in range(60):
        writers[number % 2].append(b"line %d" % number)
    files = sorted(tmp_path.iterdir(), key=lambda path: -int(path.suffix[1:] or 0))
    assert len(files) > 1
    assert b"".join(path.read_bytes() for path in files) == b"".join(b"line %d\n" % n for n in range(60))


def test_the_log_is_readable_by_its_owner_only(log: LoggingHandler) -> None:
    log.handle(event())
    assert log.flush()
    assert log.file.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [28, 5, 30])
def test_a_disk_that_refuses_is_counted_and_hurts_nobody(
    number: int, log: LoggingHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes) -> None:
        raise OSError(number, os.strerror(number), f"/x/?key={CANARY}")

    monkeypatch.setattr(log.file, "_write", refuse)
    manager = EventManager()
    manager.subscribe_all(log)
    seen: list[Event] = []
    manager.subscribe_all(seen.append)
    manager.emit(event())
    assert log.flush()
    assert (log.failures, log.written, manager.failures, len(seen)) == (1, 0, 0, 1)
    assert os.strerror(number) in log.last_error
    assert CANARY not in log.last_error
    monkeypatch.undo()
    log.handle(event(words=2))
    assert [line["data"] for line in lines(log)] == [{"words": 2}]


def test_a_folder_where_the_log_should_be_is_counted(tmp_path: Path) -> None:
    (tmp_path / "g.jsonl").mkdir()
    log = LoggingHandler(tmp_path / "g.jsonl")
    log.handle(event())
    assert log.flush()
    assert log.failures == 1


def test_a_disk_that_hangs_does_not_hold_the_run_up(log: LoggingHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    in_writer_thread(lambda: [hanging.wait(10), None][1])
    try:
        monkeypatch.setattr("ghostkit.events.json_log.MOST_WAITING", 50)
        assert MOST_WAITING > 50
        for number in range(60):
            log.handle(event(number=number))
        assert log.dropped == 10
        assert log.flush(timeout_s=0.0) is False
    finally:
        hanging.set()
    assert len(lines(log)) == 50


def test_lines_from_several_threads_are_whole(log: LoggingHandler) -> None:
    def write(name: str) -> None:
        for number in range(20):
            log.handle(event(name=name, number=number))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [line["data"] for line in lines(log)]
    for name in "abc":
        assert [data["number"] for data in written if data["name"] == name] == list(range(20))


def test_what_is_waiting_at_exit_is_written(tmp_path: Path) -> None:
    code = (
        "from ghostkit.events import Event, EventType\n"
        "from ghostkit.events.json_log import LoggingHandler\n"
        f"log = LoggingHandler({str(tmp_path / 'g.jsonl')!r})\n"
        "for number in range(200): log.handle(Event(type=EventType.CACHE_HIT, data={'n': number}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert len((tmp_path / "g.jsonl").read_text().splitlines()) == 200


def test_a_forked_child_writes_its_own_lines(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from ghostkit.events import Event, EventType\n"
        "from ghostkit.events.json_log import LoggingHandler\n"
        f"log = LoggingHandler({str(tmp_path / 'g.jsonl')!r})\n"
        "log.handle(Event(type=EventType.CACHE_HIT)); log.flush()\n"
        "child = os.fork()\n"
        "log.handle(Event(type=EventType.CACHE_MISS)); assert log.flush()\n"
        "if child == 0: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)
    assert len((tmp_path / "g.jsonl").read_text().splitlines()) == 3


def test_structlog_and_logging_stay_as_the_user_set_them(log: LoggingHandler) -> None:
    import structlog

    configured, handlers = structlog.is_configured(), list(logging.getLogger().handlers)
    log.handle(event())
    assert lines(log)
    assert structlog.is_configured() is configured
    assert logging.getLogger().handlers == handlers


def test_structlog_is_imported_with_the_first_line_only() -> None:
    code = (
        "import sys, ghostkit.events, ghostkit.events.json_log as j, ghostkit.events.error_log\n"
        "assert 'structlog' not in sys.modules, 'heavy import'\n"
        "j.render({'event': 'x', 'level': 'info'})\n"
        "assert 'structlog' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


async def test_a_handler_does_no_blocking_work_in_the_event_loop(tmp_path: Path) -> None:
    from blockbuster import blockbuster_ctx

    log, errors = LoggingHandler(tmp_path / "g.jsonl"), ErrorHandler(tmp_path / "e.jsonl")
    manager = EventManager(on_error=errors.handler_failed)
    for handler in (log, errors, _careless):
        manager.subscribe_all(handler)
    with blockbuster_ctx():
        for type in EventType:
            try:
                raise OSError(28, "full")
            except OSError:
                manager.emit(event(type))
    assert manager.failures == len(EventType), "blocking work was done, or the careless handler was not called"
    assert errors.counts["handler_failed"] == len(EventType)
    assert len(lines(log)) == len(EventType)
    assert all("Traceback" in line["traceback"] for line in lines(errors))


def _careless(event: Event) -> None:
    raise ZeroDivisionError


# The error log


@pytest.fixture
def errors(tmp_path: Path) -> ErrorHandler:
    return ErrorHandler(tmp_path / "logs" / "errors.jsonl")


def test_failures_are_recorded_with_context_and_traceback_and_counted(errors: ErrorHandler) -> None:
    manager = EventManager()
    manager.subscribe_all(errors)
    manager.emit(event(EventType.OUTLINE_ADOPTED, object="c-1", children=["s-1"]))
    manager.emit(event(EventType.GENERATION_FAILED, slot="s-1/section/0", kind="rate", reason="slow down"))
    manager.emit(event(EventType.GENERATION_FAILED, slot="s-1/section/0", kind="rate", reason="slow down"))
    manager.emit(event(EventType.SECTION_COMPLETED, section="s-1"))
    try:
        raise OSError(28, f"No space, api_key={CANARY}")
    except OSError as error:
        manager.emit(event(EventType.ERROR_OCCURRED, where="files", error="OSError", reason="no space"))
        kept = error
    manager.emit(event(EventType.SECTION_FAILED, section="s-1", reason="x", exception=kept))
    assert errors.counts == {"generation_failed": 2, "error_occurred": 1, "section_failed": 1}
    assert errors.kinds == {"rate": 2, "OSError": 1, "section_failed": 1}
    written = lines(errors)
    types = [line["event"] for line in written]
    assert types == ["generation_failed", "generation_failed", "error_occurred", "section_failed"]
    assert (written[0]["chapter"], written[0]["section"], written[0]["data"]["reason"]) == ("c-1", "s-1", "slow down")
    assert "No space" in written[2]["traceback"]
    assert "No space" in written[3]["traceback"]
    assert "exception" not in written[3]["data"]
    assert CANARY not in errors.file.path.read_text()


def test_a_handler_that_raised_is_recorded_through_on_error(errors: ErrorHandler) -> None:
    manager = EventManager(on_error=errors.handler_failed)

    def careless(event: Event) -> None:
        raise ZeroDivisionError(f"password={CANARY}")

    manager.subscribe_all(careless)
    manager.emit(event(section="s-1"))
    assert errors.counts == {"handler_failed": 1}
    assert errors.kinds == {"ZeroDivisionError": 1}
    (line,) = lines(errors)
    assert line["data"]["handler"].endswith("careless")
    assert (line["data"]["while"], line["section"]) == ("section_completed", "s-1")
    assert "ZeroDivisionError" in line["traceback"]
    assert CANARY not in json.dumps(line)
