"""`ghostkit sql` and `ghostkit report`, as a terminal sees them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ghostkit.analytics.report import pictures, write_report
from ghostkit.ledger import Slot

from .histories import WHO, Desk, intent, make_book, outcome, write_section

HOSTILE = '\x1b[2J"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_book(tmp_path_factory.mktemp("commands") / "book", title='The "><script>alert(1)</script> Road')
    write_section(desk, "s-1-1", "a-1", text="Ada went home.")
    slot = Slot(object_id="s-1-2", kind="section")
    desk.ledger.open_attempt(intent(slot, "a-2", model=f"x:{HOSTILE}"), WHO)
    desk.ledger.close_attempt("a-2", outcome(HOSTILE), WHO)
    desk.close()
    return desk.folder.root


def ran(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ghostkit", *map(str, words)], capture_output=True, text=True, timeout=60
    )


def test_an_answer_is_a_table_json_or_csv(project: Path) -> None:
    table = ran("sql", project, "select place, words, title from sections order by place", "--limit", 2)
    assert (table.returncode, table.stderr) == (0, "There are more than these 2 rows; --limit N shows more of them.\n")
    assert table.stdout.split()[:3] == ["place", "words", "title"]
    rows = json.loads(ran("sql", project, "select 1 as a, 2 as a, data from events limit 1", "--json").stdout)
    assert rows[0]["a_2"] == 2
    assert isinstance(rows[0]["data"], dict)
    lines = list(csv.reader(io.StringIO(ran("sql", project, "select text from revisions order by id", "--csv").stdout)))
    assert lines == [["text"], ["Ada went home."], [HOSTILE]]


def test_a_models_text_moves_no_cursor(project: Path) -> None:
    shown = ran("sql", project, "select text, model from revisions")
    assert "\x1b" not in shown.stdout
    assert "<script>" in shown.stdout


def test_mistakes_are_told(project: Path, tmp_path: Path) -> None:
    wrong = ran("sql", project, "selec 1")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith(
        'Error: The query can\'t be run (line 1, column 1): syntax error at or near "selec".\n'
    )
    missing = ran("sql", tmp_path / "nowhere", "select 1")
    assert missing.returncode == 1
    assert "does not exist" in missing.stderr
    assert ran("sql", project).returncode == 2
    assert ran("sql", project, "--tables").stdout.startswith("Tables:\n  books ")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [
            f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "xlink:href") or name.startswith("on")
        ]


@pytest.mark.parametrize("can_draw", [True, False])
def test_the_page_runs_nothing_and_fetches_nothing(
    project: Path, tmp_path: Path, can_draw: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if can_draw and not pictures.available():
        pytest.skip("no altair or vl-convert")
    monkeypatch.setattr(pictures, "available", lambda: can_draw)
    made = write_report(project, tmp_path / "page.html")
    text = made.path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert {"script", "img", "link", "iframe", "object", "embed", "form"} & set(page.tags) == set()
    assert page.fetched == []
    assert (page.tags.count("svg") > 3, made.pictures > 3) == (can_draw, can_draw)
    assert ("ghostkit[charts]" in text) is not can_draw
    assert "default-src 'none'" in text
    for heading in ("Cost and tokens", "Waiting", "Cache", "Retrieval", "Trouble", "Sections"):
        assert f"<h2>{heading}</h2>" in text


def test_the_page_of_an_empty_book_says_so(desk: Desk) -> None:
    made = write_report(desk.folder.root)
    assert made.path == desk.folder.exports / "report.html"
    assert "Nothing was asked of a model yet." in made.path.read_text(encoding="utf-8")
