"""JupyterLab in a real Chromium: a newcomer's first cells, prose that arrives, and a Stop button that stops."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from .kernels import WIDGET

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import Require

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

START_S = 40.0
CELLS = [
    "import ghostkit as gk",
    'book = gk.Book.create("salt-road", title="The Salt Road", brief="A courier crosses a dying sea.", chapters=3)',
    "await book.outline()",
    "%env GHOSTKIT_REHEARSAL_TOKENS_PER_S=40\nrun = book.chapters[0].write()\nrun",
    "run.state, len(run.text())",
]
QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


class Lab:
    """A JupyterLab server on a folder of its own, with nothing of this machine's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = folder / "config" / "labconfig"
        settings.mkdir(parents=True)
        (settings / "default_setting_overrides.json").write_text(json.dumps(QUIET))
        (folder / "books").mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    def notebook(self, name: str, cells: list[str]) -> Path:
        path = self.folder / "books" / f"{name}.ipynb"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(made, path)
        return path

    def url(self, notebook: Path) -> str:
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook.name}?reset&token={self.token}"

    def start(self) -> None:
        places = {
            name: str(self.folder / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        environment = {
            **os.environ, **places, "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        options = [
            "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}", "--expose-app-in-browser",
            "--LabApp.extension_manager=readonly", f"--ServerApp.root_dir={self.folder / 'books'}",
        ]  # fmt: skip
        with (self.folder / "lab.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log,
                cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((self.folder / "lab.log").read_text())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)

    def _answers(self) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/status", headers={"Authorization": f"token {self.token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    pytest.importorskip("jupyterlab")
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def page(require: Require) -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    require("chromium", chromium, "Chromium is not installed")
    require("chromium", find_spec("playwright"), "the Python package playwright is not installed")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=quiet)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


class Notebook:
    """A notebook open in the page."""

    def __init__(self, page: Page, lab: Lab, path: Path) -> None:
        self.page = page
        self.path = path
        page.goto(lab.url(path))
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=START_S * 1000)
        page.wait_for_function(
            "() => window.jupyterapp && !document.querySelector('#jupyterlab-splash')", timeout=30_000
        )
        self.command("filebrowser:hide-main")
        page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=START_S * 1000)

    def command(self, name: str, **arguments: Any) -> None:
        self.page.evaluate("([name, args]) => { jupyterapp.commands.execute(name, args); }", [name, arguments])

    def run(self, number: int) -> Any:
        """Run one cell and wait until it is done; gives its output area."""
        self.page.evaluate(
            """async (number) => {
              const panel = jupyterapp.shell.currentWidget;
              await panel.sessionContext.ready;
              panel.content.activeCellIndex = number;
              await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            number,
        )
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".jp-OutputArea").first

    def saved(self) -> Any:
        with self.page.expect_response(lambda r: r.request.method == "PUT" and self.path.name in r.url):
            self.command("docmanager:save")
        return nbformat.read(self.path, as_version=4)


def words_in(page: Page) -> int:
    return len(page.locator(".gk-prose").inner_text().split())


def wait_for_more_words(page: Page, than: int) -> None:
    page.wait_for_function("n => document.querySelector('.gk-prose').innerText.split(/\\s+/).length > n", arg=than)


def test_prose_arrives_and_stop_keeps_it(page: Page, lab: Lab, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    notebook = Notebook(page, lab, lab.notebook("first", CELLS))
    for number in range(2):
        notebook.run(number)
    assert "The Salt Road" in notebook.run(2).inner_text()
    output = notebook.run(3)
    view = output.locator(".gk-run")
    view.get_by_role("status").get_by_text("writing").wait_for()
    view.locator(".gk-paragraph").first.wait_for()
    words = words_in(page)
    wait_for_more_words(page, words + 20)

    themes = {"Dark": "rgb(31, 31, 33)", "Light": "rgb(253, 252, 249)"}
    for theme, ground in themes.items():
        notebook.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        page.wait_for_function(
            "g => getComputedStyle(document.querySelector('.gk-run')).backgroundColor === g", arg=ground
        )
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        for width in (1280, 800, 420):
            page.set_viewport_size({"width": width, "height": 900})
            view.scroll_into_view_if_needed()
            page.screenshot(path=tmp_path / f"{theme}-{width}.png")
            assert view.evaluate("v => v.scrollWidth <= v.clientWidth && v.clientWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})

    words = words_in(page)
    view.get_by_role("button", name="Stop").click()
    finished = output.locator("div[style*='max-height']")
    finished.wait_for(timeout=5000)
    text = " ".join(finished.inner_text().split())
    assert view.count() == 0
    assert "cancelled" in text
    assert len(text.split()) > words
    assert "CANCELLED" in notebook.run(4).inner_text()
    page.screenshot(path=tmp_path / "stopped.png")

    saved = notebook.saved().cells[3].outputs[-1]
    assert WIDGET not in saved.data
    assert text.split()[-1] in saved.data["text/html"]
    assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{lab.port}/", "data:", "blob:"))] == []
