"""The live view on a pretended terminal: what is drawn fits, whatever is written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from ghostkit.cli.live import LiveView, _cut, _fitted
from ghostkit.cli.views import JsonView, PlainView, SilentView, choose_view
from ghostkit.cli.watch import EndedSection, OpenSection, Watch
from ghostkit.cli.writing import carry_out
from ghostkit.providers import Request, registry
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench import Book

EVERY = 8


def _terminal(width: int, height: int = 24) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)


class _Recorder(LiveView):
    """Keeps the pictures of a run, one in `EVERY` moments."""

    interval_s = 0.0

    def __init__(self, width: int, height: int = 24) -> None:
        super().__init__(_terminal(width, height))
        self.moments = -1
        self.pictures: list[list[str]] = []
        self.told: list[str] = []

    def tick(self, watch: Watch) -> None:
        self.moments += 1
        if self.moments % EVERY and not watch.run.done:
            return
        self.told += [self._drawn(self.ended_line(ended))[0] for ended in watch.ended]
        self.pictures.append(self._drawn(self.render(watch)))
        super().tick(watch)

    def _drawn(self, what: object) -> list[str]:
        console = _terminal(self.console.width, self.console.height)
        console.print(what)
        return console.file.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


def _write(path: Path, view: _Recorder, text: str, parallel: int = 1) -> None:
    def answer(kind: str, request: Request) -> str | None:
        return text if kind == "section" else None

    registry.register_provider("scripted", lambda: ScriptedProvider(answer))
    book = Book.open(path)
    carry_out(lambda: book.write(model="scripted", parallel=parallel), view)
    book.close()


TEXTS = {
    "prose": "The pans lay white under the wind. " * 16,
    "no blanks": "salt" * 200,
    "wide": "海は塩になり、道は続く。" * 30,
    "hostile": "Salt\x1b[2J\x1b]0;owned\x07 [red]not red[/red] \\[x] " * 12,
    "lines": "\n\n\n".join(["Short."] * 30),
}


@pytest.mark.parametrize("width", [40, 110])
@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_every_picture_fits_and_none_jumps(fresh: Path, text: str, width: int) -> None:
    view = _Recorder(width)
    _write(fresh, view, text)
    assert len(view.pictures) > 5
    assert {len(picture) for picture in view.pictures} == {len(view.pictures[0])}
    assert len(view.pictures[0]) < 24
    assert max(cell_len(line) for picture in view.pictures for line in picture) <= width
    assert not any("\x1b" in line for picture in view.pictures for line in picture)
    assert [line.split()[1] for line in view.told] == ["1.1", "1.2", "2.1", "2.2"]
    assert all(cell_len(line) <= width for line in view.told)


def test_it_shows_the_text_the_share_and_how_to_stop(fresh: Path) -> None:
    view = _Recorder(80)
    _write(fresh, view, TEXTS["prose"])
    seen = "\n".join(line for picture in view.pictures for line in picture)
    assert "│ " in seen
    assert "under the wind" in seen
    assert "Planning" in seen
    assert "of 4 sections" in seen
    assert "Ctrl-C stops" in seen
    assert "100%" in "\n".join(view.pictures[-1])


def test_texts_written_at_the_same_time_are_named(fresh: Path) -> None:
    view = _Recorder(80)
    settings = fresh / "book.json"
    settings.write_text(settings.read_text().replace('"continuity_lag": 1', '"continuity_lag": 2'))
    _write(fresh, view, TEXTS["prose"], parallel=4)
    assert any("at the same time: 2.1" in line for picture in view.pictures for line in picture)


def test_a_terminal_that_goes_away_does_not_hurt_the_run(fresh: Path) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    view = LiveView(Console(file=Gone(), force_terminal=True, width=80))
    registry.register_provider("scripted", ScriptedProvider)
    book = Book.open(fresh)
    run = carry_out(lambda: book.write(model="scripted"), view)
    assert str(run.state) == "done"


def test_the_view_follows_from_the_options() -> None:
    assert isinstance(choose_view(quiet=False, as_json=False, progress=False), PlainView)
    assert isinstance(choose_view(quiet=True, as_json=False, progress=False), SilentView)
    assert isinstance(choose_view(quiet=False, as_json=True, progress=False), SilentView)
    assert isinstance(choose_view(quiet=False, as_json=True, progress=True), JsonView)


def test_words_of_pieces_are_those_of_the_text() -> None:
    text = "  The pans   lay white,\nunder the wind. Ilse-Marie counted."
    for size in range(1, len(text)):
        section = OpenSection(id="s", place=(1, 1), title="T", chapter="C")
        for start in range(0, len(text), size):
            section.add(text[start : start + size])
        assert section.words == len(text.split())


def test_a_section_that_failed_says_why() -> None:
    line = LiveView(_terminal(80)).ended_line(
        EndedSection(number="1.2", title="T", words=0, seconds=1, whole=False, reason="the key was refused")
    )
    assert str(line) == "✗ 1.2 T: the key was refused"


@pytest.mark.parametrize("width", [1, 2, 5, 11, 30])
def test_cutting_keeps_to_the_width(width: int) -> None:
    for text in ("", "salt", "海は塩になり、道は続く", "The pans lay white"):
        assert cell_len(_cut(text, width)) <= width
        assert cell_len(_fitted(text, width)) == width


def test_what_keeps_a_run_from_starting_is_raised_as_it_is(fresh: Path) -> None:
    def refuse() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        carry_out(refuse, SilentView())  # type: ignore[arg-type]
