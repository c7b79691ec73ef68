"""`ghostkit write`: it writes, resumes by itself, says how it ended, and keeps what a person did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ghostkit.providers import Ending, Request, registry
from ghostkit.testing import ScriptedProvider
from ghostkit.testing.scripted import Answer
from tests.cli.conftest import Command, words_of


def _scripted(answer: Answer, *, for_section: str = "1.2", usd_per_million: float = 0.0) -> None:
    """Make `scripted` answer normally, but `for_section` with `answer`."""

    def choose(kind: str, request: Request) -> Answer | None:
        return answer if kind == "section" and f'number="{for_section}"' in request.messages[-1].text else None

    provider = ScriptedProvider(choose, usd_per_million=usd_per_million)
    registry.register_provider("scripted", lambda: provider)


def test_it_writes_the_book_and_says_what_comes_next(ghostkit: Command, fresh: Path) -> None:
    ran = ghostkit("write", fresh)
    assert ran.code == 0
    assert "the whole book is written, 4 sections" in ran.out
    assert f"Next: ghostkit export {fresh}" in ran.out
    assert len(words_of(fresh)) == 4
    told = ran.err.splitlines()
    assert told[0].startswith("The Salt Pans: writing the whole book with rehearsal:novelist")
    assert [line.split()[1] for line in told if "✓" in line] == ["1.1", "1.2", "2.1", "2.2"]


def test_writing_a_finished_book_asks_for_nothing(ghostkit: Command, finished: Path) -> None:
    before = words_of(finished)
    ran = ghostkit("write", finished, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["state"], ran.json["calls"]) == ("done", 0)
    assert "nothing was left to write" in ghostkit("write", finished).out
    assert words_of(finished) == before


def test_json_is_one_line_on_stdout_alone(ghostkit: Command, fresh: Path) -> None:
    ran = ghostkit("write", fresh, "--json")
    assert ran.err == ""
    assert len(ran.out.splitlines()) == 1
    found = ran.json
    assert found["state"] == "done"
    assert (found["sections_done"], found["sections_total"]) == (4, 4)
    assert found["words"] == ghostkit("status", fresh, "--json").json["words"]
    assert found["calls"] == ghostkit("stats", fresh, "--json").json["calls"]
    assert found["path"] == str(fresh)


def test_progress_as_json_lines_goes_to_stderr(ghostkit: Command, fresh: Path) -> None:
    ran = ghostkit("write", fresh, "--json", "--progress")
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert lines[0]["type"] == "begin"
    assert [line["number"] for line in lines if line["type"] == "section"] == ["1.1", "1.2", "2.1", "2.2"]
    last = [line for line in lines if line["type"] == "progress"][-1]
    assert (last["state"], last["progress"]) == ("done", 1.0)
    assert ran.json["state"] == "done"


def test_quiet_says_nothing(ghostkit: Command, fresh: Path) -> None:
    assert ghostkit("write", fresh, "--quiet") == type(ghostkit("--version"))(0, "", "")


def test_until_stops_there_and_parallel_writes_the_same_book(ghostkit: Command, fresh: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(fresh, tmp_path / "other"))
    assert ghostkit("write", fresh, "--until", "1.1").code == 0
    assert len(words_of(fresh)) == 1
    assert ghostkit("write", fresh, "--until", "1").code == 0
    assert len(words_of(fresh)) == 2
    assert ghostkit("write", fresh).code == 0
    assert ghostkit("write", other, "--parallel", 4).code == 0
    assert words_of(other) == words_of(fresh)


def test_an_answer_cut_short_is_3_with_what_stopped_and_the_next_write_goes_on(ghostkit: Command, fresh: Path) -> None:
    _scripted(["half of it ", Ending.LENGTH])
    ran = ghostkit("write", fresh, "--model", "scripted")
    assert ran.code == 3
    assert "1.2" in ran.err
    assert f"ghostkit write {fresh}" in ran.err
    assert "Traceback" not in ran.err
    written = words_of(fresh)
    statuses = [s["status"] for c in ghostkit("status", fresh, "--json").json["chapters"] for s in c["sections"]]
    assert statuses[:2] == ["complete", "stopped"]
    as_json = ghostkit("write", fresh, "--json")
    assert (as_json.code, as_json.json["state"]) == (3, "incomplete")
    assert as_json.error["code"] == "incomplete"
    _scripted("never reached", for_section="9.9")
    assert ghostkit("write", fresh).code == 0
    assert words_of(fresh).items() >= written.items()


def test_a_budget_stops_before_the_call_that_could_break_it(ghostkit: Command, fresh: Path) -> None:
    _scripted("unused", for_section="9.9", usd_per_million=100.0)
    ran = ghostkit("write", fresh, "--model", "scripted", "--budget", "0.6", "--json")
    assert ran.code == 3
    assert ran.error["code"] == "budget"
    assert ran.json["cost_usd"] <= 0.6
    assert ran.json["calls"] >= 1


def test_a_provider_that_fails_is_told_in_its_own_words(ghostkit: Command, fresh: Path) -> None:
    from ghostkit.errors import AuthError

    _scripted(AuthError("The key for scripted was refused.", fix="Set another one."))
    ran = ghostkit("write", fresh, "--model", "scripted", "--quiet")
    assert ran.code in (1, 3)
    assert "The key for scripted was refused" in ran.sentence


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--until", "soon"), "no place in a book"),
        (("--until", "9"), "no chapter 9"),
        (("--until", "1.9"), "no section '1.9'"),
        (("--parallel", "0"), "from 1 to 64"),
        (("--budget", "-1"), "budget"),
        (("--budget", "nan"), "budget"),
        (("--model", "nobody:x"), "no provider"),
        (("--model", "rehearsal:poet"), "no model"),
        (("--dry-run", "--show-prompt", "9.9"), "no section '9.9'"),
        (("--dry-run", "--until", "1.9"), "no section '1.9'"),
        (("--dry-run", "--model", "nobody"), "no provider"),
    ],
)
def test_bad_values_are_usage_errors_and_change_nothing(
    ghostkit: Command, finished: Path, options: tuple[str, ...], says: str
) -> None:
    before = words_of(finished)
    ran = ghostkit("write", finished, *options)
    assert ran.code == 2
    assert says in ran.sentence
    assert words_of(finished) == before


def test_rehearsal_is_not_slipped_into_a_book_with_a_persons_words(ghostkit: Command, fresh: Path) -> None:
    ghostkit("write", fresh, "--until", "1.1")
    section = fresh / "chapters/chapter_01/sections/section_01.md"
    heading = section.read_text(encoding="utf-8").splitlines()[0]
    section.write_text(f"{heading}\n\nThe pans were white, and Ilse counted them again.\n", encoding="utf-8")
    ran = ghostkit("write", fresh)
    assert ran.code == 2
    assert "words of a person" in ran.sentence
    assert "rehearsal" in ran.err
    assert ghostkit("write", fresh, "--model", "rehearsal", "--quiet").code == 0
    assert "Ilse counted them again." in section.read_text(encoding="utf-8")


def test_the_projects_logs_hold_every_event(ghostkit: Command, fresh: Path) -> None:
    ghostkit("write", fresh, "--quiet")
    lines = (fresh / "logs" / "ghostkit.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line)["event"] for line in lines]
    recorded = ghostkit("events", fresh, "--all", "--json").json
    assert logged.count("section_completed") == 4
    assert set(logged) >= {event["type"] for event in recorded} - {"human_edit"}
