"""The page's side, in a real Chromium: prose arrives whole and stays text, whatever is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import RunPage

pytestmark = pytest.mark.browser

STATUS: dict[str, Any] = {
    "run": "r-1", "goal": "chapter 1", "model": "rehearsal:novelist", "state": "running", "reason": "",
    "progress": 0.4, "words": 1312, "words_per_s": 48.2, "eta_s": 20.4, "elapsed_s": 9.0,
    "sections_done": 1, "sections_total": 3,
}  # fmt: skip
PAYLOADS = [
    "<img src=x onerror=\"window.pwned='img'\">",
    "<script>window.pwned='script'</script>",
    "<svg onload=\"window.pwned='svg'\"></svg>",
    "</p></article><iframe srcdoc=\"<script>parent.pwned='frame'</script>\"></iframe>",
    '<a href="javascript:window.pwned=1">&amp; click</a> {{constructor.constructor("window.pwned=2")()}}',
]


def snapshot(*sections: dict[str, Any], seq: int = 0, **status: Any) -> dict[str, Any]:
    return {"run": "r-1", "seq": seq, "book": "The Salt Road", "status": STATUS | status, "sections": list(sections)}


def section(id: str, text: str = "", pos: int = 0, *, title: str = "A Scene", place: int = 0) -> dict[str, Any]:
    named = {"section": id, "number": f"1.{place + 1}", "title": title, "place": [0, place], "status": "writing"}
    return {**named, "pos": pos, "text": text}


def text(seq: int, pos: int, delta: str, id: str = "s1", **more: Any) -> dict[str, Any]:
    return {"kind": "text", "run": "r-1", "seq": seq, "section": id, "pos": pos, "delta": delta, **more}


def begin(seq: int, id: str = "s1", **named: Any) -> dict[str, Any]:
    made = section(id, **named)
    return {"kind": "section", "run": "r-1", "seq": seq} | {k: v for k, v in made.items() if k not in ("text", "pos")}


def test_prose_becomes_paragraphs_however_it_is_cut(run_page: RunPage) -> None:
    whole = "One.\n\nTwo is\nbroken.\n\n\n* * *\n\nThree 🙂 é.\n \nFour."
    run_page.open(snapshot())
    run_page.tell(begin(1), *(text(2 + n, n, character) for n, character in enumerate(whole)))
    run_page.painted()
    assert run_page.paragraphs() == ["One.", "Two is\nbroken.", "* * *", "Three 🙂 é.", "Four."]
    assert run_page.page.locator(".gk-break").all_inner_texts() == ["* * *"]


def test_model_text_and_titles_stay_text(run_page: RunPage) -> None:
    run_page.open(snapshot(goal=PAYLOADS[0], model=PAYLOADS[1], reason=PAYLOADS[2], state="failed"))
    run_page.tell(begin(1, title=PAYLOADS[3]))
    run_page.tell(*(text(2 + n, sum(map(len, PAYLOADS[:n])), payload) for n, payload in enumerate(PAYLOADS)))
    run_page.painted()
    assert run_page.page.evaluate("window.pwned") is None
    assert run_page.paragraphs() == ["".join(PAYLOADS)]
    assert run_page.page.locator(".gk-run :is(img, script, svg, iframe, a)").count() == 0
    assert run_page.page.locator(".gk-heading").inner_text() == f"1.1 {PAYLOADS[3]}"


def test_the_view_asks_for_what_is_there_when_it_appears(run_page: RunPage) -> None:
    run_page.open(snapshot(section("s1", "Already 🙂."), seq=7))
    (asked,) = run_page.asked
    assert asked == {"kind": "resync", "page": asked["page"], "have": {"s1": 10}}
    assert run_page.paragraphs() == ["Already 🙂."]


def test_a_gap_is_shown_asked_for_and_filled(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell({"kind": "snapshot", **snapshot(seq=1)})  # the answer to its first question
    run_page.tell(begin(2), text(3, 0, "One two "), text(5, 14, "four"))
    run_page.painted()
    assert run_page.paragraphs() == ["One two ", "⋯", "four"]
    assert run_page.asked[-1]["kind"] == "resync"
    assert run_page.asked[-1]["have"] == {}
    run_page.tell({"kind": "snapshot", **snapshot(section("s1", "One two three four five"), seq=6)})
    run_page.tell(text(7, 23, " six"))
    run_page.painted()
    assert run_page.paragraphs() == ["One two three four five six"]
    assert len(run_page.asked) == 2


def test_a_gap_between_messages_without_text_is_asked_for_too(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell({"kind": "snapshot", **snapshot(seq=1)}, {"kind": "status", "run": "r-1", "seq": 9, "status": STATUS})
    assert [message["kind"] for message in run_page.asked] == ["resync", "resync"]


def test_a_gap_is_asked_for_once_until_it_is_answered(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell({"kind": "snapshot", **snapshot(seq=1)})
    run_page.tell(*(text(10 * n, 100 * n, "word ") for n in range(1, 50)))
    assert len(run_page.asked) == 2


def test_text_that_comes_twice_is_shown_once(run_page: RunPage) -> None:
    run_page.open(snapshot(section("s1", "One two ")))
    run_page.tell(text(1, 4, "two three"), text(2, 4, "two three"), text(3, 8, "three four"))
    run_page.painted()
    assert run_page.paragraphs() == ["One two three four"]


def test_the_final_text_replaces_what_was_streamed(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell(begin(1), text(2, 0, "A fals start"), begin(3) | {"text": "The text as it is.\n\nTwice."})
    run_page.painted()
    assert run_page.paragraphs() == ["The text as it is.", "Twice."]


def test_an_older_snapshot_takes_nothing_back(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell(begin(1), text(2, 0, "One two three"))
    run_page.page.evaluate("s => model.set('snapshot', s)", snapshot(section("s1", "One two")))
    run_page.painted()
    assert run_page.paragraphs() == ["One two three"]


def test_sections_stand_in_reading_order_whenever_they_come(run_page: RunPage) -> None:
    run_page.open(snapshot())
    together = text(4, 0, "Third.", "s3", more=[{"section": "s1", "pos": 0, "delta": "First."}])
    run_page.tell(begin(1, "s3", place=2), begin(2, "s1", place=0), begin(3, "s2", place=1), together)
    run_page.tell(text(5, 0, "Second.", "s2"))
    run_page.painted()
    assert run_page.paragraphs() == ["First.", "Second.", "Third."]


def test_two_views_of_one_run_show_the_same_and_the_last_one_says_goodbye(run_page: RunPage) -> None:
    run_page.open(snapshot(), views=2)
    run_page.tell(begin(1), text(2, 0, "Seen twice."))
    run_page.painted()
    assert run_page.paragraphs(0) == run_page.paragraphs(1) == ["Seen twice."]
    run_page.page.evaluate("closeView[0]()")
    assert [message["kind"] for message in run_page.asked] == ["resync"]
    run_page.page.evaluate("closeView[1]()")
    assert [message["kind"] for message in run_page.asked] == ["resync", "leave"]
    assert run_page.page.locator(".gk-run").count() == 0


def test_finished_paragraphs_are_never_touched_again(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell(begin(1), text(2, 0, "One.\n\nTwo.\n\nThree "))
    run_page.painted()
    run_page.page.evaluate(
        """() => {
          globalThis.touched = 0;
          const frozen = [...document.querySelectorAll("p.gk-paragraph")].slice(0, 2);
          const observer = new MutationObserver((records) => { touched += records.length; });
          for (const p of frozen) observer.observe(p, { childList: true, characterData: true, subtree: true });
        }"""
    )
    run_page.tell(*(text(3 + n, 18 + 5 * n, "word ") for n in range(50)))
    run_page.painted()
    assert run_page.page.evaluate("touched") == 0
    assert run_page.paragraphs()[2].startswith("Three word word")


def test_a_hundred_messages_are_one_paint(run_page: RunPage) -> None:
    run_page.open(snapshot())
    run_page.tell(begin(1))
    run_page.painted()
    paints = run_page.page.evaluate(
        """(messages) => new Promise((done) => {
          let paints = 0;
          const observer = new MutationObserver(() => { paints += 1; });
          observer.observe(document.querySelector(".gk-prose"), { childList: true, subtree: true });
          for (const message of messages) model.emit("msg:custom", message);
          requestAnimationFrame(() => requestAnimationFrame(() => done(paints)));
        })""",
        [text(2 + n, 5 * n, "word ") for n in range(100)],
    )
    assert paints == 1


def below(page: RunPage, scroll_to: int | None = None) -> int:
    """How many pixels of prose are below what shows, after scrolling to `scroll_to`."""
    script = """(top) => {
      const prose = document.querySelector(".gk-prose");
      if (top !== null) prose.scrollTop = top;
      return prose.scrollHeight - prose.clientHeight - prose.scrollTop;
    }"""
    return int(page.page.evaluate(script, scroll_to))


def test_it_follows_the_text_only_from_the_bottom(run_page: RunPage) -> None:
    long = "A paragraph of some words that fills a line or so.\n\n" * 60
    run_page.open(snapshot())
    run_page.tell(begin(1), text(2, 0, long))
    run_page.painted()
    assert below(run_page) <= 1
    assert below(run_page, scroll_to=100) > 100
    run_page.painted()
    run_page.tell(text(3, len(long), "More of it. " * 50))
    run_page.painted()
    assert run_page.page.evaluate("document.querySelector('.gk-prose').scrollTop") == 100
    run_page.page.get_by_role("button", name="Newest").click()
    run_page.painted()
    assert below(run_page) <= 1
    run_page.tell(text(4, len(long) + 600, "And more. " * 50))
    run_page.painted()
    assert below(run_page) <= 1


def test_the_buttons_work_by_keyboard_and_say_what_they_do(run_page: RunPage) -> None:
    run_page.open(snapshot())
    page = run_page.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert [message["kind"] for message in run_page.asked] == ["resync", "pause", "stop"]
    run_page.painted()
    assert page.get_by_role("button", name="Stopping …").is_disabled()
    page.get_by_text("stops when this cell ends").wait_for(timeout=5000)
    run_page.tell({"kind": "status", "run": "r-1", "seq": 1, "status": STATUS | {"state": "cancelled"}})
    run_page.painted()
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("status").inner_text() == "stopped"


def test_a_paused_run_can_be_resumed(run_page: RunPage) -> None:
    run_page.open(snapshot(state="paused"))
    run_page.page.get_by_role("button", name="Resume").click()
    assert run_page.asked[-1]["kind"] == "resume"


def test_progress_is_there_for_screen_readers(run_page: RunPage) -> None:
    run_page.open(snapshot())
    bar = run_page.page.get_by_role("progressbar", name="Progress")
    assert bar.get_attribute("aria-valuenow") == "40"
    assert bar.get_attribute("aria-valuetext") == "40 percent, section 1 of 3 done"


@pytest.mark.parametrize("state", ["done", "incomplete", "cancelled", "failed", "interrupted"])
def test_an_ended_run_has_no_buttons(run_page: RunPage, state: str) -> None:
    run_page.open(snapshot(section("s1", "Its prose."), state=state, reason="Because."))
    assert run_page.page.get_by_role("button").count() == 0
    assert run_page.paragraphs() == ["Its prose."]


def test_without_a_kernel_the_buttons_go_and_the_prose_stays(run_page: RunPage) -> None:
    run_page.page.clock.install()
    run_page.open(snapshot(section("s1", "Kept.")))
    run_page.page.clock.run_for(20_000)
    assert run_page.page.get_by_role("button").count() == 0
    assert "No kernel answers" in run_page.page.locator(".gk-reason").inner_text()
    assert run_page.paragraphs() == ["Kept."]
    run_page.tell(text(1, 5, " And on."))
    run_page.page.clock.run_for(100)
    assert run_page.page.get_by_role("button").count() == 2


@pytest.mark.parametrize("width", [300, 480, 1000])
def test_nothing_overflows_at_any_width(run_page: RunPage, width: int) -> None:
    run_page.page.set_viewport_size({"width": width, "height": 700})
    run_page.open(snapshot(section("s1", "x" * 500, title="T" * 120), goal="g" * 200, model="m" * 100))
    assert run_page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert run_page.page.evaluate("(p => p.scrollWidth - p.clientWidth)(document.querySelector('.gk-prose'))") == 0


THEMES = [("light", ""), ("dark", ""), ("light", "false"), ("dark", "true")]


@pytest.mark.parametrize(("scheme", "jupyterlab_light"), THEMES)
def test_text_has_contrast_in_every_theme(run_page: RunPage, scheme: Any, jupyterlab_light: str) -> None:
    from ghostkit.export.colour import contrast

    def hexed(colour: str) -> str:
        return "#" + "".join(f"{int(part):02x}" for part in colour[4:-1].split(","))

    run_page.page.emulate_media(color_scheme=scheme)
    run_page.open(snapshot(section("s1", "Prose.")))
    if jupyterlab_light:
        run_page.page.evaluate("v => document.body.setAttribute('data-jp-theme-light', v)", jupyterlab_light)
    colours = run_page.page.evaluate(
        """(names) => names.map((name) => {
          const style = getComputedStyle(document.querySelector(name));
          return name === ".gk-run" ? style.backgroundColor : style.color;
        })""",
        [".gk-run", ".gk-paragraph", ".gk-goal", ".gk-model", ".gk-state", ".gk-numbers", ".gk-stop"],
    )
    ground, *inks = map(hexed, colours)
    dark = jupyterlab_light == "false" or (not jupyterlab_light and scheme == "dark")
    assert (contrast(ground, "#000000") < 5) is dark
    for ink in inks:
        assert contrast(ink, ground) >= 4.5, inks
