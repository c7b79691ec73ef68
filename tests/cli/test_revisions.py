"""Other texts for what is written, on the command line: asked for, looked at, decided on, gone back to, forgotten."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command, words_of

SECTION = "chapters/chapter_01/sections/section_01.md"


@pytest.fixture
def offered(ghostkit: Command, finished: Path) -> tuple[Path, int]:
    """A written book, and a proposal for 1.1."""
    ran = ghostkit("rewrite", finished, "1.1", "--note", "Colder.", "--json")
    assert (ran.code, ran.err) == (0, "")
    return finished, ran.json["proposals"][0]["id"]


def test_a_rewrite_says_what_waits_and_what_to_do_next_and_the_book_is_as_it_was(
    ghostkit: Command, finished: Path
) -> None:
    before = words_of(finished)
    ran = ghostkit("rewrite", finished, "1.1", "--note", "Colder.", "--variants", "2")
    assert ran.code == 0
    assert "2 calls" in ran.out
    assert "2 new proposals, 0 texts taken" in ran.out
    assert re.search(rf"ghostkit diff {re.escape(str(finished))} 1\.1 --to \d+", ran.out)
    assert words_of(finished) == before
    again = ghostkit("rewrite", finished, "1.1", "--note", "Colder.", "--variants", "2")
    assert "Nothing was asked for: 2 proposals of exactly this wait already." in again.out


def test_taken_at_once_it_is_in_the_book(ghostkit: Command, finished: Path) -> None:
    before = words_of(finished)
    ran = ghostkit("rewrite", finished, "1", "--accept", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (len(ran.json["accepted"]), ran.json["proposals"], ran.json["calls"]) == (2, [], 2)
    changed = {name for name, text in words_of(finished).items() if text != before[name]}
    assert changed == {SECTION, SECTION.replace("section_01", "section_02")}


def test_what_is_out_of_date_is_written_anew_with_its_summaries(ghostkit: Command, finished: Path) -> None:
    file = finished / SECTION
    file.write_text(
        file.read_text("utf-8") + "\nIlse counted 412 sacks that Bo Tarn had never seen.\n", encoding="utf-8"
    )
    before = ghostkit("stale", finished, "--json").json["stale"]
    assert "chapter_summary" in [row["kind"] for row in before]
    ahead = ghostkit("rewrite", finished, "--stale", "--dry-run", "--json").json
    assert ahead["calls_by_kind"]["chapter_summary"] == 1
    ran = ghostkit("rewrite", finished, "--stale", "--accept")
    assert ran.code == 0, ran
    assert "made again." in ran.out
    assert "chapter_summary" not in [row["kind"] for row in ghostkit("stale", finished, "--json").json["stale"]]
    assert "412 sacks" in file.read_text("utf-8")


def test_a_forecast_sends_nothing(ghostkit: Command, finished: Path) -> None:
    ran = ghostkit("rewrite", finished, "2", "--variants", "3", "--dry-run")
    assert "calls     6: 6 sections" in ran.out
    assert ghostkit("rewrite", finished, "2", "--dry-run", "--json").json["calls"] == 2
    assert ghostkit("proposals", finished, "--json").json == []


def test_proposals_are_listed_compared_and_accepted(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    listed = ghostkit("proposals", path)
    assert re.search(rf"^{number} +1\.1 .+ rewrite .+ Colder\.$", listed.out, re.MULTILINE)
    assert ghostkit("proposals", path, "1.2").out == "Nothing waits for a decision.\n"
    shown = ghostkit("diff", path, "1.1")
    assert "{+" in shown.out
    assert "[-" in shown.out
    row = ghostkit("diff", path, "1.1", "--json").json
    assert "".join(p["text"] for p in row["pieces"] if p["op"] != "in").strip() in words_of(path)[SECTION]
    accepted = ghostkit("accept", path, number)
    assert (accepted.code, accepted.err) == (0, "")
    assert f"has the text of proposal {number} now." in accepted.out
    new = "".join(p["text"] for p in row["pieces"] if p["op"] != "out").strip()
    assert new in words_of(path)[SECTION]
    states = [version["state"] for version in ghostkit("history", path, "1.1", "--json").json]
    assert states == ["earlier", "current"]
    assert ghostkit("accept", path, number).code == 0  # so already


def test_rejecting_puts_aside(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    assert ghostkit("reject", path, "1.1", "--note", "too cold", "--json").json["rejected"][0]["state"] == "rejected"
    refused = ghostkit("accept", path, number)
    assert refused.code == 1
    assert re.match(rf"Proposal {number} was rejected by .+ on \d{{4}}", refused.sentence)
    assert "rejected" in ghostkit("history", path, "1.1").out


def test_all_accepts_what_is_clear_and_names_what_is_not(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, _ = offered
    ghostkit("rewrite", path, "1.2", "--variants", "2", "--quiet")
    ran = ghostkit("accept", path, "--all")
    assert ran.code == 2
    assert ran.sentence == "2 proposals wait for section 1.2."
    assert "has the text of proposal" in ran.out
    assert [row["number"] for row in ghostkit("proposals", path, "--json").json] == ["1.2", "1.2"]
    assert ghostkit("reject", path, "--all").out.count("put aside") == 2


def test_a_moved_base_is_told_with_what_changed_and_over_takes_it(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    file = path / SECTION
    file.write_text(file.read_text("utf-8") + "\nIlse said no.\n", encoding="utf-8")
    ran = ghostkit("accept", path, number, "--json")
    assert ran.code == 1
    assert ran.error["code"] == "stale_base"
    assert "but the book has revision" in ran.error["message"]
    assert "--over" in ran.error["fix"]
    assert "Ilse said no." in file.read_text("utf-8")
    assert "(the text has changed since)" in ghostkit("proposals", path).out
    assert ghostkit("accept", path, number, "--over").code == 0
    assert "Ilse said no." not in file.read_text("utf-8")
    assert "Ilse said no." in str(ghostkit("diff", path, "1.1", "--json").json["pieces"])


def test_an_earlier_text_comes_back(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    before = words_of(path)
    ghostkit("accept", path, number)
    first = ghostkit("history", path, "1.1", "--json").json[0]["id"]
    assert ghostkit("restore", path, "1.1", "--revision", first).code == 0
    assert words_of(path) == before
    again = ghostkit("restore", path, "1.1", "--revision", first)
    assert (again.code, again.sentence) == (1, f"Revision {first} is the text the book has.")


def test_checkpoints_are_listed_restored_undone_and_pruned(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    before = words_of(path)
    names = [row["name"] for row in ghostkit("checkpoints", path, "--json").json]
    assert len(names) == 2
    assert "chapter 2" in ghostkit("checkpoints", path).out
    ghostkit("accept", path, number)
    after = words_of(path)
    ran = ghostkit("checkpoints", path, "restore")
    assert "1 text went back" in ran.out
    assert words_of(path) == before
    undo = ran.out.split("--checkpoint ")[1].strip()
    assert ghostkit("restore", path, "--checkpoint", undo).code == 0
    assert words_of(path) == after
    assert ghostkit("restore", path, "1.1", "--checkpoint", names[-1]).code == 0
    assert words_of(path) == before
    assert "Nothing would change" in ghostkit("restore", path, "--checkpoint", names[-1]).sentence
    pruned = ghostkit("checkpoints", path, "prune", "--keep", 1, "--json").json
    assert len(pruned["kept"]) == 1
    assert names[0] in pruned["pruned"]


def test_a_text_is_forgotten_and_a_second_time_says_so(ghostkit: Command, offered: tuple[Path, int]) -> None:
    path, number = offered
    text = ghostkit("proposals", path, "--text", "--json").json[0]["text"]
    ran = ghostkit("purge", path, "1.1", "--revision", number, "--reason", "a real name")
    assert (ran.code, ran.err) == (0, "")
    assert f"Revision {number} of 1.1 is forgotten" in ran.out
    assert "purged" in ghostkit("history", path, "1.1").out
    again = ghostkit("purge", path, "1.1", "--revision", number, "--reason", "a real name")
    assert (again.code, again.out) == (0, f"Revision {number} of 1.1 was purged before; nothing of it was left.\n")
    assert ghostkit("proposals", path, "--json").json == []
    assert text not in "".join(words_of(path).values())
    compared = ghostkit("diff", path, "1.1", "--to", number)
    assert "was purged" in compared.sentence


def test_rewriting_what_is_stale_where_nothing_is_does_nothing_and_is_no_failure(
    ghostkit: Command, finished: Path
) -> None:
    ran = ghostkit("rewrite", finished, "--stale")
    assert (ran.code, ran.out) == (0, "Nothing is out of date.\n")
    told = ghostkit("rewrite", finished, "--stale", "--json")
    assert (told.code, json.loads(told.out)) == (0, {"proposals": [], "accepted": []})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rewrite", "BOOK"), 2, "Say what to write anew"),
        (("rewrite", "BOOK", "1.1", "--all"), 2, "Say what to write anew"),
        (("rewrite", "BOOK", "1.1", "--note", " "), 2, "The note is empty"),
        (("rewrite", "BOOK", "1.1", "--variants", "0"), 2, "0 variants"),
        (("rewrite", "BOOK", "1.1", "--variants", "1000"), 2, "1000 variants"),
        (("rewrite", "BOOK", "7.7"), 2, "no section '7.7'"),
        (("accept", "BOOK"), 2, "Say which proposals"),
        (("accept", "BOOK", "99999"), 2, "no proposal 99999"),
        (("accept", "BOOK", "1" * 40), 2, "no proposal 1111"),
        (("accept", "BOOK", "1.1"), 2, "Nothing waits for section 1.1"),
        (("reject", "BOOK", "1.1", "--all"), 2, "Say which proposals"),
        (("history", "BOOK", "x"), 2, "no section 'x'"),
        (("diff", "BOOK", "1.1"), 2, "has had one text only"),
        (("diff", "BOOK", "1.1", "--from", "99"), 2, "no revision 99"),
        (("restore", "BOOK", "1.1"), 2, "Say what to go back to"),
        (("restore", "BOOK", "--revision", "3"), 2, "one section's"),
        (("restore", "BOOK", "--checkpoint", "nope"), 2, "no checkpoint 'nope'"),
        (("checkpoints", "BOOK", "prune"), 2, "how many checkpoints"),
        (("checkpoints", "BOOK", "prune", "--keep", "0"), 2, "keep is 0"),
        (("purge", "BOOK", "1.1", "--revision", "99", "--reason", "x"), 2, "no revision 99"),
        (("purge", "BOOK", "1.1", "--revision", "99", "--reason", " "), 2, "needs a reason"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(
    ghostkit: Command, finished: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = ghostkit(*(finished if argument == "BOOK" else argument for argument in arguments))
    assert ran.code == code, ran
    assert said in ran.sentence


def test_nothing_can_be_written_anew_before_it_is_written(ghostkit: Command, fresh: Path) -> None:
    ran = ghostkit("rewrite", fresh, "--all")
    assert (ran.code, ran.sentence) == (2, "Nothing of the book is written yet.")
