"""The file: damaged anywhere, killed at any moment, held by others, it costs time and never an answer."""

# ruff: noqa: E501  # queries and events read best on one line
from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ghostkit.analytics import connect, snapshot
from ghostkit.rag.index.seal import seal_key

from .conftest import FULL, everything
from .histories import Desk, make_book, write_section

PLACES = 200 if FULL else 6


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a file of its projection; copied before it is hurt."""
    desk = make_book(tmp_path_factory.mktemp("written") / "book")
    for number in range(6):
        write_section(desk, f"s-{1 + number % 3}-{1 + number % 2}", f"a-{number}")
    desk.close()
    with pytest.MonkeyPatch.context() as environment:  # where each test will look for the key, too
        environment.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        connect(desk.folder.root).close()
    return desk.folder.root


def test_a_strangers_file_is_not_opened_even_with_sums_that_fit(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's key: file and sums are whole, and DuckDB is not given the file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    seal_key(create=True)
    with connect(project) as analytics:
        assert "somebody else's" in " ".join(analytics.healed)
        assert analytics.frame("generations").height == 6


@pytest.fixture
def project(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "book"))


def test_a_whole_file_is_used_and_not_written_again(project: Path) -> None:
    before = (project / "analytics.duckdb").stat()
    with connect(project) as analytics:
        assert analytics.healed == []
        assert analytics.frame("generations").height == 6
    after = (project / "analytics.duckdb").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_damage_anywhere_is_seen_before_duckdb_reads_it(project: Path) -> None:
    """Each time: set aside, made anew, and the same answers. A process that DuckDB ends would end this test."""
    file, dice = project / "analytics.duckdb", random.Random(5)
    whole = file.read_bytes()
    with connect(project, memory=True) as analytics:
        expected = everything(analytics)
    for _ in range(PLACES):
        data = bytearray(whole)
        at = dice.randrange(len(data))
        how = dice.choice(["bit", "bytes", "cut", "zeros"])
        if how == "bit":
            data[at] ^= 1 << dice.randrange(8)
        elif how == "bytes":
            data[at : at + 64] = dice.randbytes(min(64, len(data) - at))
        elif how == "cut":
            del data[at:]
        else:
            data[at : at + 4096] = bytes(min(4096, len(data) - at))
        file.write_bytes(data)
        with connect(project) as analytics:
            assert analytics.healed or bytes(data) == whole, (how, at)
            assert everything(analytics) == expected, (how, at)
        whole = file.read_bytes()
        assert (project / "analytics.duckdb.damaged").exists()


@pytest.mark.parametrize(
    "left", [b"", b"{", b"[]", b'{"format": 1}', b'{"seals": ["0"], "format": 2, "schema": 1, "event": 2}']
)
def test_sums_that_say_nothing_of_the_file_cost_only_time(project: Path, left: bytes) -> None:
    (project / "analytics.duckdb.sum").write_bytes(left)
    with connect(project) as analytics:
        assert len(analytics.healed) == 1
        assert analytics.frame("generations").height == 6
    with connect(project) as analytics:
        assert analytics.healed == []


def test_a_file_of_another_schema_is_replaced_in_silence(project: Path) -> None:
    sums = project / "analytics.duckdb.sum"
    stored = json.loads(sums.read_text())
    sums.write_text(json.dumps({**stored, "schema": 0}))
    with connect(project) as analytics:
        assert (analytics.healed, analytics.frame("generations").height) == ([], 6)


def test_a_file_that_another_program_changed_is_not_believed(project: Path) -> None:
    with duckdb.connect(str(project / "analytics.duckdb")) as other:
        other.execute("UPDATE generations SET cost_usd = 1000000")
    with connect(project) as analytics:
        assert analytics.frame("SELECT sum(cost_usd) FROM costs").item() == pytest.approx(0.06)
        assert analytics.healed


def test_a_log_beside_the_file_is_never_replayed(project: Path) -> None:
    log = project / "analytics.duckdb.wal"
    log.write_bytes(os.urandom(5000))
    with connect(project) as analytics:
        assert analytics.frame("generations").height == 6
    assert not log.exists()


def test_whoever_holds_the_file_locks_nobody_out(project: Path) -> None:
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline(); c.close()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, project / "analytics.duckdb"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with connect(project) as first, connect(project) as second:
            assert everything(first) == everything(second)
    finally:
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.communicate(timeout=30)


def test_two_connections_of_one_process_see_each_others_ledger_and_not_each_others_tables(desk: Desk) -> None:
    with connect(desk.folder.root) as first, connect(desk.folder.root) as second:
        first.execute("CREATE TEMP TABLE mine AS SELECT 1")
        first.execute("DELETE FROM sections").fetchall()
        assert second.frame("sections").height == 6
        write_section(desk, "s-1-1", "a-1")
        assert second.refresh() > 0
        assert second.frame("generations").height == 1


def test_a_folder_that_takes_no_file_is_no_obstacle(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "_write", refused)
    with connect(desk.folder.root) as analytics:
        assert analytics.frame("sections").height == 6
    assert [path.name for path in desk.folder.root.glob("*analytics*") if not path.name.endswith(".lock")] == []


KILLED = """
import os, signal, sys
from ghostkit.analytics import connect, snapshot
steps, wanted = 0, int(sys.argv[2])
def counted(module, name):
    real = getattr(module, name)
    def passing(*given, **more):
        global steps
        steps += 1
        if steps == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **more)
    setattr(module, name, passing)
for name in ("replace", "fsync"):
    counted(os, name)
counted(snapshot, "_write"); counted(snapshot, "sync_folder"); counted(snapshot.SnapshotFile, "_sweep")
counted(snapshot.SnapshotFile, "_write_sums")
connect(sys.argv[1]).close()
"""


def test_a_kill_between_any_two_steps_of_writing_heals(desk: Desk) -> None:
    """At each in turn: the file is the old one, the new one, or gone, and whole; leftovers are swept."""
    write_section(desk, "s-1-1", "a-0")
    connect(desk.folder.root).close()
    killed = 0
    for wanted in range(1, 30):
        write_section(desk, "s-1-2", f"b-{wanted}")
        desk.ledger.purge(desk.ledger.history("s-1-2", "section")[-1].id, "so that the file is written again")
        ran = subprocess.run(
            [sys.executable, "-c", KILLED, desk.folder.root, str(wanted)], capture_output=True, timeout=60
        )
        if ran.returncode == 0:
            break
        assert ran.returncode == -9, ran.stderr
        killed += 1
        with connect(desk.folder.root) as analytics:
            assert analytics.healed == [], "a kill leaves no file that has to be set aside"
            assert analytics.frame("generations").height == wanted + 1
        if not FULL and killed == 3:
            break
    assert killed >= 3
    connect(desk.folder.root).close()
    assert list(desk.folder.root.glob(".analytics*")) == []
