"""The pages in docs/ agree with the code."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_state_pictures_are_what_the_transition_tables_draw():
    outcome = subprocess.run([sys.executable, str(ROOT / "docs/draw_states.py"), "--check"], check=False)
    assert outcome.returncode == 0, "run `make docs`"


def test_every_local_link_of_every_page_leads_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_decision_is_listed():
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    pages = [page.name for page in (ROOT / "docs/decisions").glob("0*.md")]
    assert pages
    assert [page for page in pages if page not in index] == []


def test_pins_are_plain_name_and_version_and_cover_every_dependency():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+", pin)] == []
    pinned = {re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower() for pin in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for e in project["optional-dependencies"].values() for d in e)]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ]", spec)[0]).lower() for spec in wanted} - {"ghostkit"}
    assert sorted(names - pinned) == []


def test_the_commands_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", readme, re.MULTILINE))
    named = {a or b for a, b in targets}
    assert named
    assert [name for name in sorted(named) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
