"""A real browser opens the page: nothing runs, nothing is fetched, nothing overflows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .books import make_document
from .payloads import PAYLOADS
from .test_html import HtmlExporter, render

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(require: Callable[[str, object, str], None]) -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    require("chromium", chromium, "Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def test_payloads_run_nothing_and_fetch_nothing(browser: Browser, tmp_path: Path) -> None:
    chapters = [(payload, [(payload, payload), ("List", f"- {payload}")]) for payload in PAYLOADS]
    page_file = tmp_path / "book.html"
    page_file.write_bytes(render(chapters, title=PAYLOADS[0]))
    asked: list[str] = []
    complaints: list[str] = []
    with browser.new_context() as context:
        context.add_init_script("window.pwned = []; window.pwn = x => window.pwned.push(x)")
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(page_file.as_uri(), wait_until="load")
        page.evaluate("document.querySelectorAll('a').forEach(a => a.focus())")
        assert page.evaluate("window.pwned") == []
        assert page.locator("article").count() == len(PAYLOADS)
        assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # the policy lets our style in
    assert asked == [page_file.as_uri()]
    assert complaints == []


def test_a_narrow_screen_never_scrolls_sideways(browser: Browser, tmp_path: Path) -> None:
    wide = (
        f"```\n{'x' * 400}\n```\n\n{'W' * 300}\n\n| {' | '.join('abcdefghij' * 2)} |\n|{'---|' * 20}\n\n`{'y' * 200}`"
    )
    page_file = tmp_path / "book.html"
    page_file.write_bytes(HtmlExporter().render(make_document([("T" * 120, [("S" * 120, wide)])], title="B" * 90)))
    with browser.new_context(viewport={"width": 320, "height": 700}) as context:
        page = context.new_page()
        page.goto(page_file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(browser: Browser, tmp_path: Path, scheme: str) -> None:
    from ghostkit.export.colour import contrast

    def hexed(colour: str) -> str:
        return "#" + "".join(f"{int(part):02x}" for part in colour[4:-1].split(","))

    page_file = tmp_path / "book.html"
    page_file.write_bytes(render(rehearsal=True, author="Ines"))
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(page_file.as_uri())
        ground = hexed(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for selector in ("article p", "#contents ul ul a", "#contents .number", ".back a", ".note"):
            colour = page.evaluate("s => getComputedStyle(document.querySelector(s)).color", selector)
            assert contrast(hexed(colour), ground) >= 4.5, selector
