"""What is purged is gone from the rows, the pages, the log and the backups; hash, cost and reason stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit.errors import LedgerError, StorageError
from ghostkit.events import Event, EventType
from ghostkit.ledger import AttemptState, Origin, Slot, SqliteLedger, Who, text_hash
from ghostkit.ledger.blobs import compress
from ghostkit.ledger.erasing import passages_of

from .makers import SLOT, WHO, answer, intent, written

CANARY = "QxZvUnmistakableCanary7731"
SECRET = (
    f"The password of the house is {CANARY}, and nobody but Mira ever knew it. "
    "She wrote it on the back of a map that she kept in the cellar."
)
OTHER = "The road went on past the wells, and the evening was long and quiet as evenings are."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteLedger]:
    made = SqliteLedger(path)
    made._connection.sqlite.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite have it on to begin with
    made.acquire_lease({})
    yield made
    made.release_lease()
    made.close()


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def needles() -> list[bytes]:
    """The text as it is stored, compressed, and as it lies in partial texts: any 24 bytes from the middle of either."""
    packed = compress(SECRET.encode())
    return [CANARY.encode(), packed[10:34], packed[-34:-10]]


def found(folder: Path) -> list[bytes]:
    data = raw(folder)
    return [needle for needle in needles() if needle in data]


def write_in_pieces(ledger: SqliteLedger, slot: Slot = SLOT) -> int:
    """As a stream does: pieces first, then the whole; returns the revision."""
    opened = ledger.open_attempt(intent(slot), WHO)
    for seq in range(0, len(SECRET), 80):
        ledger.add_partial(opened.id, seq, SECRET[seq : seq + 80])
    _, revision = ledger.close_attempt(opened.id, answer(SECRET), WHO)
    assert revision is not None
    return revision.id


def test_no_byte_of_a_purged_text_is_left_in_any_file(file: SqliteLedger, tmp_path: Path) -> None:
    revision = write_in_pieces(file)
    for number in range(40):
        written(file, f"{OTHER} {number} " * 30, Slot(object_id=f"s-{number + 2}", kind="section"))
    assert len(found(tmp_path)) >= 2
    assert file.purge(revision, "asked for by Ada", Who(actor="Ada"))
    assert found(tmp_path) == []
    assert not (tmp_path / "ledger.sqlite-wal").stat().st_size
    assert file.finished_text(Slot(object_id="s-30", kind="section")) == f"{OTHER} 28 " * 30
    told = file.events()[-1]
    assert (told.type, told.actor) == ("text_purged", "Ada")
    assert told.data == {"digest": text_hash(SECRET), "reason": "asked for by Ada"}
    assert file.totals().cost_usd == pytest.approx(0.41)


def test_purging_twice_says_that_there_was_nothing_left(ledger: SqliteLedger) -> None:
    revision = write_in_pieces(ledger)
    assert ledger.purge(revision, "once") is True
    count = len(ledger.events())
    assert ledger.purge(revision, "twice") is False
    assert ledger.purge(text_hash(SECRET), "thrice") is False
    assert len(ledger.events()) == count


def test_what_quotes_it_goes_too_but_no_other_revision(ledger: SqliteLedger) -> None:
    """A prompt that carried it, cut or whole; an unfinished beginning of it; a stream that is just repeating it."""
    slot = Slot(object_id="s-1", kind="section", variant=1)
    begun = ledger.open_attempt(intent(slot), WHO)
    ledger.close_attempt(begun.id, answer(SECRET[:90], state=AttemptState.TRUNCATED), WHO)
    revision = write_in_pieces(ledger)
    mine = ledger.add_human_revision("s-1", "section", f"{SECRET} {OTHER}", WHO, base_id=revision)
    quoting = f"<previous>\n{SECRET[40:]}\n</previous>"
    reader = ledger.open_attempt(
        intent(Slot(object_id="s-2", kind="section"), messages=(("user", (quoting, "Go on.")),)), WHO
    )
    ledger.add_partial(reader.id, 1, SECRET[:80])
    ledger.add_partial(reader.id, 2, SECRET[80:])
    assert ledger.purge(revision, "asked for")
    assert ledger.revision(revision).purged
    # Mira's own text has every sentence of it, so that nothing of the first can tell it from hers.
    assert ledger.request(reader.id)["messages"][0]["parts"] == [quoting, "Go on."]
    assert ledger.purge(mine.id, "asked for")
    assert [r.purged for r in ledger.history("s-1", "section")] == [True, True]
    assert ledger.request(reader.id)["messages"][0]["parts"] == ["[purged]", "Go on."]
    assert ledger.partial_text(begun.id) == ""
    assert ledger.partial_text(reader.id) == ""
    again = ledger.add_human_revision("s-1", "section", OTHER, WHO, base_id=mine.id)
    assert not again.purged


def test_a_question_that_quotes_it_goes_and_others_stay(file: SqliteLedger, tmp_path: Path) -> None:
    revision = write_in_pieces(file)
    asked = [f"Is it true? {SECRET}", SECRET[4:70], "who knew the password", OTHER]
    events = [Event(type=EventType.RAG_RETRIEVAL_COMPLETED, data={"query": query, "hits": []}) for query in asked]
    file.record(events, WHO)
    assert file.purge(revision, "asked for")
    kept = file.events(types=["rag_retrieval_completed"])
    assert [event.data["query"] for event in kept] == ["[purged]", "[purged]", "who knew the password", OTHER]
    assert found(tmp_path) == []


def test_a_text_that_stands_elsewhere_is_gone_there_too_and_can_be_written_anew(ledger: SqliteLedger) -> None:
    """Equal texts are one blob: purging one purges what is the same, and new words are new."""
    revision = write_in_pieces(ledger)
    twin = ledger.add_revision("s-9", "section", SECRET, WHO, base_id=None, origin=Origin.HUMAN)
    assert ledger.purge(revision, "asked for")
    assert ledger.revision(twin.id).purged
    written_anew = ledger.add_human_revision("s-9", "section", OTHER, WHO, base_id=twin.id)
    assert ledger.head("s-9", "section") == written_anew


def test_backups_of_older_schemas_are_cleared_too_and_stay_sound(path: Path, tmp_path: Path) -> None:
    SqliteLedger(path, upto=3).close()
    sql = sqlite3.connect(path)
    sql.execute("INSERT INTO who (actor, run_id, version) VALUES ('Ada', 'r-1', '0.1')")
    from ghostkit.ledger import blobs

    blob = blobs.put(sql, SECRET)
    sql.execute(
        "INSERT INTO step (object, kind, variant, state, who_id, created_at, updated_at) "
        "VALUES ('s-1', 'section', 0, 'done', 1, 1.0, 1.0)"
    )
    sql.execute("INSERT INTO revision VALUES (1, 's-1', 'section', NULL, 'human', ?, NULL, 1, 1.0)", (blob,))
    sql.execute("INSERT INTO head VALUES ('s-1', 'section', 1)")
    sql.commit()
    sql.close()
    ledger = SqliteLedger(path)
    backup = path.with_name("ledger.sqlite.v3.backup")
    assert needles()[1] in backup.read_bytes()
    assert ledger.purge(1, "asked for")
    assert found(tmp_path) == []
    copy = sqlite3.connect(backup)
    assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert copy.execute("SELECT count(*) FROM revision").fetchone()[0] == 1
    copy.close()
    ledger.close()


def test_a_purge_that_was_interrupted_after_its_commit_is_finished_by_the_next(
    file: SqliteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit.ledger import erasing

    revision = write_in_pieces(file)
    real = erasing.scrub
    monkeypatch.setattr(erasing, "scrub", lambda *_: (_ for _ in ()).throw(ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        file.purge(revision, "asked for")
    assert file.revision(revision).purged
    assert found(tmp_path)
    monkeypatch.setattr(erasing, "scrub", real)
    assert file.purge(revision, "again") is True
    assert found(tmp_path) == []
    assert file.purge(revision, "a third time") is False


def test_a_reader_in_the_way_is_told_and_the_purge_can_be_finished_later(
    file: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    revision = write_in_pieces(file)
    file._connection.sqlite.execute("PRAGMA busy_timeout = 50")
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM blob").fetchone()
    with pytest.raises(LedgerError, match="another process is reading") as told:
        file.purge(revision, "asked for")
    assert "purge again" in told.value.fix
    reader.close()
    assert file.purge(revision, "asked for") is True
    assert found(tmp_path) == []


def test_a_backup_that_can_not_be_cleared_is_named_and_the_purge_finished_without_it(
    file: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    revision = write_in_pieces(file)
    backup = path.with_name("ledger.sqlite.v3.backup")
    backup.write_bytes(b"not a database, but it may hold anything" * 99)
    with pytest.raises(StorageError, match=r"the backup .*v3\.backup can't be cleared") as told:
        file.purge(revision, "asked for")
    assert "Delete the backup" in told.value.fix
    backup.unlink()
    assert file.purge(revision, "asked for") is True
    assert found(tmp_path) == []


def test_sentences_tell_a_text_in_any_language() -> None:
    assert passages_of("Short. A sentence that is long enough to be told from every other one! Yes.") == [
        "A sentence that is long enough to be told from every other one!"
    ]
    assert passages_of("他从港口出发，沿着盐路走了三天三夜才到。好。") == ["他从港口出发，沿着盐路走了三天三夜才到。"]
    assert passages_of("  A short text.  ") == ["A short text."]
    assert passages_of("No.") == []
    assert passages_of("") == []
