"""The ledger's file: how it grows up, what is wrong with it in one sentence, and readers that never wait."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from ghostkit.errors import LedgerDamaged, LedgerError, LedgerTooNew, StorageError
from ghostkit.ledger import Slot, SqliteLedger
from ghostkit.ledger import connection as connection_module
from ghostkit.ledger.migrations import LATEST, MIGRATIONS, schema_version

from .makers import SLOT, WHO, event, intent, run_record, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def full(path: Path) -> Path:
    """A ledger with something in it, closed."""
    ledger = SqliteLedger(path)
    ledger.acquire_lease({})
    for number in range(30):
        written(ledger, f"text {number} " * 100, Slot(object_id=f"s-{number}", kind="section"))
    ledger.record([event()], WHO)
    ledger.release_lease()
    ledger.close()
    return path


def one_sentence(error: LedgerError) -> None:
    assert re.fullmatch(r"[^\n]+\.", error.message), error.message
    assert error.fix
    assert "Traceback" not in str(error)


# ── migrations ────────────────────────────────────────────────────────────────────────────────────────────────


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


@pytest.mark.parametrize("version", range(1, LATEST))
def test_a_ledger_of_each_older_version_comes_up_with_what_it_holds_after_a_backup(path: Path, version: int) -> None:
    SqliteLedger(path, upto=version).close()
    connection = sqlite3.connect(path)
    assert schema_version(connection) == version
    connection.execute("INSERT INTO who (actor, run_id, version) VALUES ('Ada', 'r', '0.1')")
    connection.execute(
        "INSERT INTO step (object, kind, variant, state, who_id, created_at, updated_at) "
        "VALUES ('s-1', 'section', 0, 'pending', 1, 1.0, 1.0)"
    )
    connection.commit()
    connection.close()
    before = tables(path)
    ledger = SqliteLedger(path)
    assert [str(step.slot) for step in ledger.steps()] == ["s-1/section/0"]
    with ledger._connection.reading() as sql:
        names = [row[0] for row in sql.execute("SELECT name FROM migration ORDER BY number")]
    assert names == [name for name, _ in MIGRATIONS]
    ledger.acquire_lease({})
    ledger.open_attempt(intent(), WHO, [event()])
    ledger.start_run(run_record(), WHO)
    ledger.release_lease()
    ledger.close()
    backup = path.with_name(f"ledger.sqlite.v{version}.backup")
    assert tables(backup) == before
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(["ledger.lock", path.name, backup.name])


def test_a_new_ledger_and_one_up_to_date_need_no_backup(path: Path) -> None:
    SqliteLedger(path).close()
    SqliteLedger(path).close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_migration_that_fails_leaves_the_version_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.ledger import migrations

    SqliteLedger(path, upto=2).close()
    before = tables(path)
    broken = (*MIGRATIONS[:2], ("broken", "CREATE TABLE half (id); CREATE TABLE step (id)"))
    monkeypatch.setattr(migrations, "MIGRATIONS", broken)
    with pytest.raises(LedgerError):
        SqliteLedger(path)
    assert tables(path) == before
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)
    SqliteLedger(path).close()
    assert "run" in tables(path)


def test_a_newer_ledger_is_refused_and_not_touched(full: Path) -> None:
    connection = sqlite3.connect(full)
    connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    connection.close()
    before = full.read_bytes()
    with pytest.raises(LedgerTooNew, match=f"schema {LATEST + 1}, newer") as refused:
        SqliteLedger(full)
    one_sentence(refused.value)
    assert "Upgrade ghostkit" in refused.value.fix
    assert full.read_bytes() == before


# ── damage ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("keep", [0, 1, 50, 99, 100, 512, 4096, 4097, -4096, -1])
def test_a_cut_off_ledger_is_told_in_one_sentence(full: Path, keep: int) -> None:
    data = full.read_bytes()
    full.write_bytes(data[:keep])
    with pytest.raises(LedgerDamaged) as refused:
        SqliteLedger(full)
    one_sentence(refused.value)
    assert str(full) in refused.value.message
    assert "backup" in refused.value.fix
    assert full.read_bytes() == data[:keep]


@pytest.mark.parametrize("garbage", [b"not a database", b"\0" * 9000, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_ledger_is_told_in_one_sentence(path: Path, garbage: bytes) -> None:
    path.write_bytes(garbage)
    with pytest.raises(LedgerDamaged) as refused:
        SqliteLedger(path)
    one_sentence(refused.value)
    assert path.read_bytes() == garbage


def test_pages_overwritten_in_the_middle_are_told_in_one_sentence(full: Path) -> None:
    data = bytearray(full.read_bytes())
    data[4096 : 4096 * 4] = b"\xa5" * (4096 * 3)
    full.write_bytes(data)
    with pytest.raises(LedgerDamaged) as refused:
        SqliteLedger(full)
    one_sentence(refused.value)


def test_another_programs_database_is_told_in_one_sentence(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE step (somebody TEXT)")
    connection.execute("PRAGMA user_version = 3")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerDamaged) as refused:
        SqliteLedger(path).steps()
    one_sentence(refused.value)


def test_an_empty_file_left_by_a_process_killed_while_it_made_the_ledger_is_a_new_ledger(path: Path) -> None:
    path.touch()
    ledger = SqliteLedger(path)
    assert ledger.steps() == []
    ledger.close()


def test_a_folder_that_is_missing_or_read_only_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Could not write the ledger") as refused:
        SqliteLedger(tmp_path / "nowhere" / "ledger.sqlite")
    one_sentence(refused.value)  # type: ignore[arg-type]


def test_what_was_committed_survives_a_close_that_never_came(path: Path, tmp_path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.acquire_lease({})
    written(ledger)
    (tmp_path / "copy").mkdir()
    for name in (path.name, path.name + "-wal"):
        (tmp_path / "copy" / name).write_bytes((tmp_path / name).read_bytes())
    ledger.release_lease()
    ledger.close()
    copy = SqliteLedger(tmp_path / "copy" / path.name)
    assert copy.finished_text(SLOT) == "Ada went home."
    copy.close()


def test_durability_is_what_the_design_asks_for(path: Path) -> None:
    ledger = SqliteLedger(path)
    with ledger._connection.reading() as sql:
        assert sql.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert sql.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert sql.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    ledger.close()
    ledger.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


# ── readers and writers side by side ──────────────────────────────────────────────────────────────────────────


def test_readers_do_not_wait_for_a_write_that_is_going_on(full: Path) -> None:
    writer, reader = SqliteLedger(full), SqliteLedger(full)
    writer.acquire_lease({})
    with writer._connection.transaction() as sql:
        sql.execute("UPDATE step SET state = 'superseded'")
        started = time.monotonic()
        assert len(reader.steps()) == 30
        assert reader.totals().calls == 30
        assert len(reader.events()) == 1
        assert time.monotonic() - started < 1
    assert reader.steps() == []
    writer.release_lease()
    writer.close()
    reader.close()


def test_a_second_writer_waits_its_turn_and_then_says_who_is_busy(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = SqliteLedger(full), SqliteLedger(full)
    two._connection.sqlite.execute("PRAGMA busy_timeout = 20")
    with one._connection.transaction(), pytest.raises(LedgerError, match="busy") as refused:
        two.record([event(n=1)], WHO)
    one_sentence(refused.value)
    two._connection.sqlite.execute("PRAGMA busy_timeout = 10000")
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        two.record([event(n=2)], WHO)
        done.set()

    with one._connection.transaction():
        thread = threading.Thread(target=write)
        thread.start()
        assert begun.wait(10)
        assert not done.wait(0.05)
    assert done.wait(10)
    thread.join()
    assert one.events()[-1].data == {"n": 2}
    one.close()
    two.close()


def test_many_threads_share_one_connection_without_mixing_their_changes(path: Path) -> None:
    ledger = SqliteLedger(path, synchronous="OFF")
    ledger.acquire_lease({})
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for place in range(5):
                written(ledger, f"{number}.{place}", Slot(object_id=f"s-{number}", kind="section", variant=place))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ledger.totals().steps == {"done": 40}
    for number in range(8):
        slot = Slot(object_id=f"s-{number}", kind="section", variant=4)
        assert ledger.finished_text(slot) == f"{number}.4"
    ledger.release_lease()
    ledger.close()


def test_a_transaction_inside_another_goes_with_it(path: Path) -> None:
    ledger = SqliteLedger(path)

    def half() -> None:
        with ledger._connection.transaction():
            ledger.record([event(n=1)], WHO)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert ledger.events() == []
    with ledger._connection.transaction():
        ledger.record([event(n=2)], WHO)
    assert [e.data["n"] for e in ledger.events()] == [2]
    ledger.close()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (sqlite3.OperationalError("database or disk is full"), StorageError),
        (sqlite3.OperationalError("attempt to write a readonly database"), StorageError),
        (sqlite3.OperationalError("disk I/O error"), StorageError),
        (sqlite3.OperationalError("database is locked"), LedgerError),
        (sqlite3.DatabaseError("database disk image is malformed"), LedgerDamaged),
        (sqlite3.OperationalError("no such table: step"), LedgerDamaged),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), sqlite3.IntegrityError),
    ],
)
def test_sqlites_own_errors_become_ours_at_one_place(said: sqlite3.Error, error: type[Exception]) -> None:
    with pytest.raises(error) as raised, connection_module.sqlite_errors("the ledger"):
        raise said
    if error is not sqlite3.IntegrityError:
        assert raised.value.__cause__ is said
