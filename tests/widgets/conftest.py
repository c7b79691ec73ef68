"""What the views' tests share: an outlined book, comms that record, a page in a real Chromium."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

import ghostkit as gk
from ghostkit.testing import ScriptedProvider
from ghostkit.workbench import Run, RunState
from ghostkit.writing.plan import Goal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Require

MakeRun = Callable[..., Run]


def make_book(folder: Path) -> gk.Book:
    """Two chapters of two sections, outlined, not a word written."""
    gk.registry.register_provider("scripted", ScriptedProvider)

    async def outlined() -> gk.Book:
        book = gk.Book.create(
            folder, title="The Salt Road", brief="A courier.", chapters=2, sections=2, model="scripted:x"
        )
        async with gk.background():
            await book.outline()
        return book

    return anyio.run(outlined)


@pytest.fixture
def book(tmp_path: Path) -> gk.Book:
    """A book to write in."""
    return make_book(tmp_path / "b")


@pytest.fixture(scope="module")
def outlined(tmp_path_factory: pytest.TempPathFactory) -> gk.Book:
    """A book that tests only look at."""
    return make_book(tmp_path_factory.mktemp("book") / "b")


@pytest.fixture
def make_run(outlined: gk.Book) -> MakeRun:
    """A run that nobody carries out: the test moves it and gives it text, as a session would."""

    def make(state: RunState = RunState.RUNNING) -> Run:
        run = Run(outlined, id="r-test", goal=Goal(), goal_text="the whole book", model="scripted:x", state=state)
        run.progress_meter.sections_total = 4
        run.progress_meter.begin()
        return run

    return make


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What widgets send, message by message: `{"type", "data", "bytes"}`; `bytes` is what its JSON takes."""
    import comm
    from comm.base_comm import BaseComm
    from ipywidgets import Widget

    sent: list[dict[str, Any]] = []

    class Recording(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any):  # type: ignore[no-untyped-def]
            size = len(json.dumps(data, ensure_ascii=False).encode())
            sent.append({"type": msg_type, "data": data, "bytes": size})

    monkeypatch.setattr(comm, "create_comm", lambda **options: Recording(**options))
    yield sent
    Widget.close_all()


@pytest.fixture(scope="module")
def browser(require: Require) -> Iterator[Browser]:
    """Chromium, for one module only: while Playwright is open its event loop stands in the way of `anyio.run`."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    require("chromium", chromium, "Chromium is not installed")
    require("chromium", find_spec("playwright"), "the Python package playwright is not installed")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=quiet)
        yield opened
        opened.close()


class RunPage:
    """A blank page with `run_view.js` in it and a stand-in for the widget's model; `asked` is what the view sent."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, snapshot: dict[str, Any], views: int = 1) -> None:
        from ghostkit_widgets import run_view

        here = Path(run_view.__file__).parent
        self.page.set_content("<!doctype html><body style='margin:8px'></body>")
        self.page.add_style_tag(content=(here / "run_view.css").read_text())
        self.page.add_script_tag(path=Path(__file__).parent / "stand_in_model.js")
        code = (here / "run_view.js").read_text()
        self.page.evaluate("([code, snapshot, views]) => openView(code, snapshot, views)", [code, snapshot, views])

    def tell(self, *messages: dict[str, Any]) -> None:
        self.page.evaluate("messages => messages.forEach(m => model.emit('msg:custom', m))", list(messages))

    def painted(self) -> None:
        """Wait for the frame after the next: what was told by now is on the page then."""
        self.page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    @property
    def asked(self) -> list[dict[str, Any]]:
        return list(self.page.evaluate("model.sent"))

    def paragraphs(self, view: int = 0) -> list[str]:
        script = "v => [...document.querySelectorAll('.gk-run')[v].querySelectorAll('p.gk-paragraph')]"
        return list(self.page.evaluate(script + ".map(p => p.textContent)", view))


@pytest.fixture
def run_page(browser: Browser) -> Iterator[RunPage]:
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        page = context.new_page()
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
        yield RunPage(page)
        assert trouble == []
