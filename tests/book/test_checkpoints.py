"""The latest checkpoint is the newest, written whole or not at all, and a damaged one is passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ghostkit import faults
from ghostkit.book.checkpoints import CheckpointManager
from ghostkit.errors import BookDamaged, InputError, StorageError, UnknownName

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def manager(tmp_path: Path) -> CheckpointManager:
    return CheckpointManager(tmp_path / "checkpoints")


def files_of(manager: CheckpointManager) -> list[str]:
    return sorted(path.name for path in manager.folder.iterdir())


def test_a_checkpoint_is_saved_under_its_time_and_as_the_latest(manager: CheckpointManager) -> None:
    assert manager.save({"title": "Маяк"}, NOON) == "20261105T120000000000Z"
    assert files_of(manager) == ["checkpoint_20261105T120000000000Z.json", "checkpoint_latest.json"]
    first, latest = (manager.folder / name for name in files_of(manager))
    assert first.read_bytes() == latest.read_bytes()
    assert json.loads(latest.read_text("utf-8")) == {"title": "Маяк"}


def test_names_are_utc_whatever_the_clock(manager: CheckpointManager) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert manager.save({}, east) == manager.save({}, NOON) == manager.save({}, NOON.replace(tzinfo=None))
    assert len(manager.list()) == 1


def test_the_same_time_again_is_the_same_checkpoint(manager: CheckpointManager) -> None:
    manager.save({"n": 1}, NOON)
    before = [(manager.folder / name).stat().st_ino for name in files_of(manager)]
    manager.save({"n": 1}, NOON)
    assert [(manager.folder / name).stat().st_ino for name in files_of(manager)] == before


def test_the_latest_is_always_the_newest(manager: CheckpointManager) -> None:
    for minute in (0, 5, 3, 4):
        manager.save({"minute": minute}, at(minute))
    newest = manager.folder / f"checkpoint_{manager.list()[-1]}.json"
    assert newest.read_bytes() == (manager.folder / "checkpoint_latest.json").read_bytes()
    assert manager.load() == {"minute": 5}
    assert list(manager.list()) == sorted(manager.list())


def test_one_is_loaded_by_its_name_or_its_files(manager: CheckpointManager) -> None:
    name = manager.save({"n": 1}, at(0))
    manager.save({"n": 2}, at(1))
    assert manager.load(name) == manager.load(f"checkpoint_{name}.json") == {"n": 1}
    assert manager.load("latest") == {"n": 2}


@pytest.mark.parametrize("name", ["20200101T000000000000Z", "../../book", "", "checkpoint_latest.json"])
def test_an_unknown_name_lists_those_there_are(manager: CheckpointManager, name: str) -> None:
    known = manager.save({"n": 1}, NOON)
    with pytest.raises(UnknownName) as caught:
        manager.load(name)
    assert known in caught.value.fix


def test_before_the_first_one_there_is_none(manager: CheckpointManager) -> None:
    assert manager.list() == ()
    assert manager.prune(keep=1) == ()
    with pytest.raises(UnknownName, match="none yet"):
        manager.load()


@pytest.mark.parametrize("damage", [b"", b'{"n": 2', b"\xff\xfe\x00", b"[]"])
def test_a_damaged_newest_is_passed_over(manager: CheckpointManager, damage: bytes) -> None:
    manager.save({"n": 1}, at(0))
    name = manager.save({"n": 2}, at(1))
    latest, newest = manager.folder / "checkpoint_latest.json", manager.folder / f"checkpoint_{name}.json"
    latest.write_bytes(damage)
    assert manager.load() == {"n": 2}
    manager.save({"n": 2}, at(1))
    newest.write_bytes(damage)
    assert manager.load() == {"n": 2}
    latest.write_bytes(damage)
    assert manager.load() == {"n": 1}
    with pytest.raises(BookDamaged, match=name):
        manager.load(name)


def test_where_none_can_be_read_the_error_says_so(manager: CheckpointManager) -> None:
    manager.save({"n": 1}, NOON)
    for name in files_of(manager):
        (manager.folder / name).write_text("{")
    with pytest.raises(BookDamaged, match="None of the checkpoints"):
        manager.load()


def test_the_latest_alone_is_enough(manager: CheckpointManager) -> None:
    name = manager.save({"n": 1}, NOON)
    (manager.folder / f"checkpoint_{name}.json").unlink()
    assert manager.load() == {"n": 1}


@pytest.mark.parametrize("point", ["file.checkpoint_latest.before", "file.checkpoint_latest.synced"])
def test_a_disk_filling_between_the_two_files_loses_nothing(
    manager: CheckpointManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, point: str
) -> None:
    manager.save({"n": 1}, at(0))
    monkeypatch.setenv("GHOSTKIT_FAULT_LOG", str(tmp_path / "fired.log"))
    faults.load({"GHOSTKIT_FAULT": f"{point}:1:enospc"})
    try:
        with pytest.raises(StorageError):
            manager.save({"n": 2}, at(1))
    finally:
        faults.load({})
    assert (tmp_path / "fired.log").read_text() == f"{point}:1:enospc\n"
    assert manager.load() == {"n": 2}
    manager.save({"n": 2}, at(1))
    assert json.loads((manager.folder / "checkpoint_latest.json").read_text()) == {"n": 2}


def test_pruning_keeps_the_newest_and_the_latest(manager: CheckpointManager) -> None:
    saved = [manager.save({"n": minute}, at(minute)) for minute in range(5)]
    (manager.folder / "notes.txt").touch()
    assert manager.prune(keep=2) == tuple(saved[:3])
    assert manager.list() == tuple(saved[3:])
    assert manager.prune(keep=9) == ()
    assert files_of(manager)[-2:] == ["checkpoint_latest.json", "notes.txt"]
    assert manager.load() == {"n": 4}
    with pytest.raises(InputError):
        manager.prune(keep=0)


def test_what_json_cannot_hold_writes_nothing(manager: CheckpointManager) -> None:
    with pytest.raises(InputError):
        manager.save({"when": NOON}, NOON)
    assert manager.list() == ()
