"""ghostkit in a real kernel: the first cells work, nothing blocks, and everything can be stopped."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .kernels import WIDGET, Kernel, Ran

pytestmark = pytest.mark.kernel

SETUP = """
import re, threading, anyio, ghostkit as gk
from ghostkit.hosts import jupyter
from ghostkit.providers import Ending
from ghostkit.testing import ScriptedProvider

PACE_S = 0.0
PROSE = "Ada opened the gate & counted <b>eleven</b> lamps. " * 12

def answer(kind, request):
    if kind == "section" and PACE_S:
        return [part for word in re.findall(r"\\S+\\s*", PROSE) for part in (word, PACE_S)] + [Ending.COMPLETE]
    return PROSE if kind == "section" else None

async def outlined(folder):
    book = gk.Book.create(folder, title="The Salt Road", brief="A courier.", chapters=2, sections=2, model="scripted:x")
    await book.outline()
    return book

gk.registry.register_provider("scripted", lambda: ScriptedProvider(answer))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("kernel")) as kernel:
        kernel.cell(SETUP)
        yield kernel


@pytest.fixture
def kernel(shared: Kernel, request: pytest.FixtureRequest) -> Kernel:
    """The shared kernel with a fresh book, outlined, in `book`."""
    name = re.sub(r"\W", "_", request.node.name)
    shared.cell(f"PACE_S = 0.0; book = await outlined({name!r})")
    return shared


def view_of(ran: Ran) -> str:
    """The comm of the run's view, as a page learns it."""
    model: str = ran.shown[WIDGET]["model_id"]
    return model


def test_the_first_cells_work_as_they_stand(tmp_path: Path) -> None:
    with Kernel(tmp_path) as kernel:
        kernel.cell("import ghostkit as gk")
        kernel.cell(
            'book = gk.Book.create("projects/salt-road", title="The Salt Road", brief="A courier crosses a dying sea.")'
        )
        outline = kernel.cell("await book.outline()").shown
        assert "The Salt Road" in outline["text/html"]
        kernel.cell("run = book.chapters[0].write()")
        shown = kernel.cell("run").shown
        assert re.fullmatch(r"<Run: chapter 1 of 'The Salt Road' .*>", shown["text/plain"])
        done = kernel.cell("await run").shown
        assert done["text/plain"].endswith(": done>")
        assert done["text/html"].count("<p dir=") > 10
        assert re.match(r"shape: \([1-9], 10\)", kernel.cell("run.frame").shown["text/plain"])
        prose = kernel.cell("print(book.chapters[0].text)").printed
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=30)
        kernel.cell("import ghostkit as gk")
        again = kernel.cell('book = gk.Book.open("projects/salt-road"); book.runs[-1]').shown
        assert again["text/html"] == done["text/html"]
        assert again["text/plain"] == done["text/plain"]
        assert kernel.cell("print(book.chapters[0].text)").printed == prose


def test_a_run_is_a_live_view_with_html_and_text_beside_it(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.01")
    shown = kernel.cell("run = book.chapters[0].write(); run").shown
    assert set(shown) == {WIDGET, "text/html", "text/plain"}
    kernel.cell("run.cancel(); await run.wait()")


def test_while_a_run_goes_on_the_kernel_answers_other_cells(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.02")
    kernel.cell("run = book.chapters[0].write(); run")
    kernel.wait_for_text()
    slowest = max(kernel.cell("6 * 7").seconds for _ in range(5))
    assert kernel.cell("str(run.state)").shown["text/plain"] == "'running'"
    assert slowest < 1
    kernel.cell("run.cancel(); await run.wait()")


def test_its_output_becomes_the_finished_prose_without_a_widget(kernel: Kernel) -> None:
    shown = kernel.cell("run = book.chapters[0].write(); run")
    assert "eleven" not in shown.shown["text/html"]
    updated = kernel.cell("await run;").updates
    assert len(updated) == 1
    assert set(updated[0]) == {"text/html", "text/plain"}
    assert updated[0]["text/html"].count("&lt;b&gt;eleven&lt;/b&gt;") == 24
    assert "<b>" not in updated[0]["text/html"]


def test_the_update_belongs_to_the_cell_that_waits(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.002")
    kernel.cell("run = book.chapters[0].write(); run")
    cell = kernel.begin("await run;")
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "update_display_data":
            break
    assert message["parent_header"]["msg_id"] == cell
    kernel.finish(cell)


def test_running_the_cell_again_gives_the_same_run_or_a_finished_one(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.01")
    cell = "run = book.chapters[0].write(); run"
    first, second = kernel.cell(cell), kernel.cell(cell)
    assert view_of(first) == view_of(second)
    kernel.cell("run.cancel(); await run.wait(); PACE_S = 0.0")
    kernel.cell(cell)
    kernel.cell("await run;")
    third = kernel.cell(cell)
    assert kernel.cell("await run").shown["text/plain"].endswith(": done>")
    assert view_of(third) != view_of(first)
    assert kernel.cell("all(r.done for r in book.runs)").shown["text/plain"] == "True"
    assert kernel.cell("book.chapters[0].status").shown["text/plain"] == "'complete'"


def test_creating_and_opening_again_gives_the_same_live_book(kernel: Kernel) -> None:
    kernel.cell("again = gk.Book.open(book.folder.root)")
    assert kernel.cell("again is book").shown["text/plain"] == "True"


def test_the_stop_button_stops_between_cells_and_keeps_the_text(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.01")
    view = view_of(kernel.cell("run = book.chapters[0].write(); run"))
    kernel.wait_for_text()
    kernel.send_to_widget(view, {"kind": "stop", "page": "p"})
    ended = kernel.cell("await run.wait()")
    assert "CANCELLED" in ended.shown["text/plain"]
    assert kernel.cell("PROSE.startswith(run.text()) and len(run.text()) > 5").shown["text/plain"] == "True"
    assert kernel.cell("run._listeners").shown["text/plain"] == "[]"


def test_a_stopped_run_shows_its_partial_text_when_the_book_is_opened_again(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.01")
    kernel.cell("run = book.chapters[0].write(); run")
    kernel.wait_for_text()
    kernel.cell("run.cancel(); await run.wait(); text = run.text(); book.close()")
    shown = kernel.cell("again = gk.Book.open(book.folder.root); again.runs[-1]").shown
    assert "cancelled" in shown["text/html"]
    assert "Ada opened" in shown["text/html"]
    assert kernel.cell("again.runs[-1].text() == text").shown["text/plain"] == "True"


def test_the_stop_button_stops_while_a_cell_awaits_the_run(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.05")
    view = view_of(kernel.cell("run = book.chapters[0].write(); run"))
    cell = kernel.begin("await run.wait()")
    kernel.wait_for_text()
    kernel.send_to_widget(view, {"kind": "stop", "page": "p"})
    ran = kernel.finish(cell)
    assert "CANCELLED" in ran.shown["text/plain"]
    assert ran.seconds < 5


def test_pause_and_resume_by_button(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.005")
    view = view_of(kernel.cell("run = book.chapters[0].write(); run"))
    kernel.wait_for_text()
    kernel.send_to_widget(view, {"kind": "pause", "page": "p"})
    assert kernel.cell("str(run.state)").shown["text/plain"] == "'paused'"
    kernel.send_to_widget(view, {"kind": "resume", "page": "p"})
    assert kernel.cell("await run").shown["text/plain"].endswith(": done>")


def test_a_page_that_comes_late_is_told_everything(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 0.01")
    view = view_of(kernel.cell("run = book.chapters[0].write(); run"))
    kernel.wait_for_text()
    kernel.send_to_widget(view, {"kind": "resync", "page": "late", "have": {}})
    told = [
        comm["data"]["content"]
        for comm in kernel.cell("run.cancel(); await run.wait()").comms
        if comm["data"].get("method") == "custom"
    ]
    snapshot = next(message for message in told if message["kind"] == "snapshot")
    assert snapshot["sections"][0]["text"].startswith("Ada opened")


def test_interrupting_a_cell_that_awaits_a_silent_run_ends_the_waiting_at_once(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 60.0")
    kernel.cell("run = book.chapters[0].write(); run")
    kernel.wait_for_text()
    cell = kernel.begin("print('waiting', flush=True)\nawait run")
    kernel.wait_for_print()
    began = time.perf_counter()
    kernel.manager.interrupt_kernel()
    ran = kernel.finish(cell)
    waited = time.perf_counter() - began
    print(f"{waited * 1000:.0f} ms")
    assert ran.error in ("CancelledError", "KeyboardInterrupt")
    assert waited < 2
    assert kernel.cell("str(run.state)").shown["text/plain"] == "'running'"  # the run itself goes on
    kernel.cell("run.cancel(); await run.wait()")


def test_the_loop_is_not_woken_between_cells(kernel: Kernel) -> None:
    kernel.cell("assert jupyter._ticker._handle is not None")
    kernel.cell(
        "loop = __import__('asyncio').get_running_loop()\n"
        "loop.call_later(0.2, lambda: print('ticking:', jupyter._ticker._handle is not None, flush=True));"
    )
    assert kernel.wait_for_print() == "ticking: False\n"


def test_cancel_from_another_thread_stops_the_run(kernel: Kernel) -> None:
    kernel.cell("PACE_S = 60.0")
    kernel.cell("run = book.chapters[0].write(); run")
    kernel.wait_for_text()
    ran = kernel.cell("threading.Timer(0.1, run.cancel).start(); str(await run.wait())")
    assert ran.shown["text/plain"] == "'cancelled'"


def test_two_books_are_written_side_by_side(kernel: Kernel) -> None:
    kernel.cell("other = await outlined('another')")
    kernel.cell("PACE_S = 0.002; runs = [book.chapters[0].write(), other.chapters[0].write()]")
    views = [view_of(kernel.cell(f"runs[{n}]")) for n in (0, 1)]
    assert len(set(views)) == 2
    kernel.cell("for run in runs: await run")
    assert kernel.cell("[str(run.state) for run in runs]").shown["text/plain"] == "['done', 'done']"
    assert (
        kernel.cell("runs[0].started_at < runs[1].ended_at and runs[1].started_at < runs[0].ended_at").shown[
            "text/plain"
        ]
        == "True"
    )


def test_without_anywidget_a_run_shows_itself_as_html(kernel: Kernel) -> None:
    kernel.cell("find_spec, jupyter.find_spec = jupyter.find_spec, lambda name: None")
    shown = kernel.cell("run = book.chapters[0].write(); run").shown
    assert set(shown) == {"text/html", "text/plain"}
    assert "eleven" in kernel.cell("await run;").updates[0]["text/html"]
    kernel.cell("jupyter.find_spec = find_spec")


def test_outside_a_kernel_nothing_is_installed_and_nothing_heavy_imported() -> None:
    code = (
        "import sys; from ghostkit.hosts import jupyter; jupyter.use(); jupyter.use()\n"
        "from ghostkit.ports import installed_display\n"
        "assert installed_display() is None\n"
        "assert not {'IPython', 'anywidget', 'ipywidgets', 'ghostkit_widgets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
