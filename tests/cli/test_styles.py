"""`ghostkit styles` and `ghostkit templates`: one shape, one list, an editor that loses nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ghostkit import sync
from ghostkit.book import list_styles, style_fields, style_named

from .conftest import BRIEF, Command


@pytest.fixture
def book(tmp_path: Path) -> Path:
    sync.Book.create(tmp_path / "pans", brief=BRIEF, chapters=2, sections=1, words=60).close()
    return tmp_path / "pans"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`editor(old, new)`: what the person in front of $EDITOR does."""

    def acts(old: str, new: str) -> None:
        script = tmp_path / "edit.py"
        script.write_text(
            "import pathlib, sys\n"
            "path = pathlib.Path(sys.argv[1]); text = path.read_text('utf-8')\n"
            f"assert {old!r} in text\n"
            f"path.write_text(text.replace({old!r}, {new!r}), 'utf-8')\n"
        )
        monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
        monkeypatch.delenv("VISUAL", raising=False)

    return acts


# ── styles ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_that_of_the_api(ghostkit: Command, book: Path) -> None:
    shipped = ghostkit("styles", "--json").json
    assert [row["name"] for row in shipped] == [row.name for row in list_styles()]
    rows = ghostkit("styles", book, "--json").json
    assert [row["name"] for row in rows if row["in_use"]] == ["plain"]
    shown = ghostkit("styles", book, "list").out
    assert "*  plain" in shown
    assert "noir" in shown
    assert json.loads(ghostkit("styles", "show", "noir", "--json").out) == style_fields(style_named("noir"))
    assert "Say what things cost." in ghostkit("styles", "show", "noir").out


def test_a_style_is_added_edited_chosen_and_removed(ghostkit: Command, book: Path, tmp_path: Path) -> None:
    file = tmp_path / "harbour.json"
    file.write_text('{"name": "harbour", "guide": "Let the tide decide."}', "utf-8")
    assert ghostkit("styles", book, "add", file).code == 0
    edited = ghostkit(
        "styles", book, "edit", "harbour", "--do", "Boats.", "--do", "Rope.", "--kind", "fiction", "--json"
    )
    assert edited.json["style"]["do"] == ["Boats.", "Rope."]
    assert edited.json["style"]["guide"] == "Let the tide decide."
    used = ghostkit("styles", book, "use", "harbour")
    assert "The Salt Pans is written in harbour from now on." in used.out
    assert json.loads((book / "book.json").read_text("utf-8"))["style"] == "harbour"
    assert "written in 'harbour'" in ghostkit("styles", book, "remove", "harbour").sentence
    assert ghostkit("styles", book, "use", "plain").code == 0
    assert ghostkit("styles", book, "remove", "harbour").code == 0
    assert not (book / "styles" / "harbour.json").exists()


def test_a_style_is_edited_in_an_editor_and_a_mistake_loses_nothing(ghostkit: Command, book: Path, editor: Any) -> None:
    editor("Say what happens", "Shout what happens")
    assert ghostkit("styles", book, "edit", "plain").code == 0
    assert "Shout what happens" in ghostkit("styles", book, "show", "plain").out
    editor('"guide"', '"guidance"')
    ran = ghostkit("styles", book, "edit", "plain")
    assert ran.code == 2
    assert "guidance: a style has no such field; did you mean 'guide'?" in ran.err
    draft = book / "styles" / "plain.json.draft"
    assert str(draft) in ran.err
    draft.write_text(draft.read_text("utf-8").replace("guidance", "guide"), "utf-8")
    assert ghostkit("styles", book, "edit", "plain", "--file", draft).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["styles", "BOOK", "pick", "noir"], "There is nothing called 'pick' to do."),
        (["styles", "BOOK", "shwo", "noir"], "Did you mean 'show'?"),
        (["styles", "BOOK", "use"], "Say what to use."),
        (["styles", "use", "noir"], "Say in which book"),
        (["styles", "BOOK", "use", "noir", "now"], "'now' is one word too many."),
        (["styles", "BOOK", "use", "noirr"], "There is no style 'noirr'; did you mean 'noir'?"),
        (["styles", "BOOK", "use", "noir", "--guide", "x"], "--guide goes with edit."),
        (["styles", "BOOK", "edit", "noir", "--kind", "poem"], "kind: 'poem' is not one of any, fiction, non-fiction"),
        (["styles", "BOOK", "add", "/nowhere.json"], "There is no file /nowhere.json."),
        (["styles", "nowhere", "use", "noir"], "nowhere does not exist."),
        (["styles", "show", "noirr"], "There is no style 'noirr'; did you mean 'noir'?"),
        (["templates", "show", "sectoin"], "There is no prompt template 'sectoin'; did you mean 'section'?"),
        (["templates", "BOOK", "show", "section@9"], "There is no version '9' of the template 'section'."),
        (["templates", "BOOK", "reset", "x"], "There is no prompt template 'x'."),
        (["templates", "BOOK", "show", "section", "--allow-drop"], "--allow-drop goes with edit."),
        (["templates", "BOOK", "edit", "section", "--file", "/nowhere"], "There is no file /nowhere."),
        (["templates", "edit", "section"], "Say in which book"),
    ],
)
def test_what_can_t_be_done_is_a_sentence(ghostkit: Command, book: Path, arguments: list[str], said: str) -> None:
    ran = ghostkit(*[str(book) if word == "BOOK" else word for word in arguments])
    assert ran.code in (1, 2)
    assert said in ran.sentence


# ── templates ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_templates_are_listed_shown_edited_compared_and_reset(ghostkit: Command, book: Path, editor: Any) -> None:
    assert ghostkit("templates", book, "--json").json == ghostkit("templates", "--json").json
    shown = ghostkit("templates", "show", "section").out
    assert shown.startswith("name: section\n")
    assert ghostkit("templates", book, "diff", "section").out == "section is as it ships.\n"
    editor("</task>", "Be brave.\n</task>")
    edited = ghostkit("templates", book, "edit", "section", "--json").json["template"]
    assert edited["origin"] == "changed"
    assert "+Be brave." in ghostkit("templates", book, "diff", "section").out
    history = ghostkit("templates", book, "history", "section", "--json").json
    assert [kept["version"] for kept in history["earlier"]] == [edited["version"] - 1]
    assert "in force, changed" in ghostkit("templates", book, "history", "section").out
    assert "1 earlier kept" in ghostkit("templates", book).out
    assert "shipped one again" in ghostkit("templates", book, "reset", "section").out
    assert "already" in ghostkit("templates", book, "reset", "section").out
    assert ghostkit("templates", book, "show", "section").out == shown


def test_a_dropped_variable_is_refused_until_it_is_meant_and_the_text_is_kept(
    ghostkit: Command, book: Path, editor: Any
) -> None:
    editor("=== each plan\n", "")
    ran = ghostkit("templates", book, "edit", "section")
    assert "drops plan, which the template 'section' needs." in ran.err
    draft = book / "templates" / "section.md.draft"
    assert str(draft) in ran.err
    done = ghostkit("templates", book, "edit", "section", "--file", draft, "--allow-drop", "--json")
    assert done.json["template"]["drops"] == ["plan"]


def test_a_broken_template_stops_write_and_dry_run_with_file_and_line(ghostkit: Command, book: Path) -> None:
    (book / "templates").mkdir()
    text = ghostkit("templates", "show", "section").out
    (book / "templates" / "section.md").write_text(text.replace("{{ words }}", "{{ words }"), "utf-8")
    for arguments in (["write", book, "--quiet"], ["write", book, "--dry-run"]):
        ran = ghostkit(*arguments)
        assert ran.code != 0
        assert "section.md, line " in ran.err
        assert "Traceback" not in ran.err
    assert ghostkit("stats", book, "--json").json["calls"] == 0


def test_the_style_chosen_is_in_the_prompt_that_would_be_sent(ghostkit: Command, book: Path) -> None:
    assert ghostkit("outline", book, "--quiet").code == 0
    prompts = {}
    for name in ("noir", "epic"):
        assert ghostkit("styles", book, "use", name).code == 0
        prompts[name] = ghostkit("write", book, "--dry-run", "--show-prompt", "1.1").out
        assert style_named(name).guide in prompts[name]
    assert prompts["noir"] != prompts["epic"]
