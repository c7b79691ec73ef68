"""Fault points: every listed one is passed somewhere, and a plan does what it says, in a real process."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit import faults

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ghostkit"
PASSES = """
import sys
from ghostkit import faults
for name in sys.argv[1:]:
    faults.point(name)
    print('passed', name, flush=True)
"""


def run(*names: str, code: str = PASSES, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTKIT_")}
    return subprocess.run(
        [sys.executable, "-c", code, *names],
        env=kept | environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set variables, call `faults.load()`; the real environment's plan comes back afterwards."""
    yield monkeypatch
    monkeypatch.undo()
    faults.load()


# The list


def passed_points(file: Path) -> tuple[set[str], list[re.Pattern[str]], set[str]]:
    """Of one source file: literal names given to `point(…)`, patterns of f-strings given to it, all its literals."""
    names: set[str] = set()
    families: list[re.Pattern[str]] = []
    tree = ast.parse(file.read_text("utf-8"))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called != "point" or not call.args:
            continue
        inside_f_strings: set[int] = set()
        for node in ast.walk(call.args[0]):
            if isinstance(node, ast.JoinedStr):
                inside_f_strings |= {id(part) for part in ast.walk(node)}
                pattern = "".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"([\w.]+)"
                    for part in node.values
                )
                families.append(re.compile(pattern))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside_f_strings:
                names.add(node.value)
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return names, families, literals


def test_every_listed_point_is_passed_somewhere_in_the_package_and_no_other() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "faults.py"]
    found = [passed_points(path) for path in files]
    everywhere = set().union(*(literals for _, _, literals in found))
    passed = set().union(*(names for names, _, _ in found))
    for _, families, here in found:
        for family in families:
            for name in faults.POINTS:
                match = family.fullmatch(name)
                # An f-string that begins with its variable could be anything: its value must stand in that file.
                known = here if family.pattern.startswith("(") else everywhere
                if match and all(value in known for value in match.groups()):
                    passed.add(name)
    assert passed - set(faults.POINTS) == set(), "passed but not listed in faults.POINTS"
    assert sorted(set(faults.POINTS) - passed) == [], "listed in faults.POINTS but passed nowhere"


def test_there_are_at_least_sixty_points_with_a_meaning_each() -> None:
    assert len(faults.POINTS) >= 60
    for name, meaning in faults.POINTS.items():
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name), name
        assert meaning.strip()
    assert len(set(faults.POINTS.values())) == len(faults.POINTS), "two points share a meaning"


def test_the_module_lists_its_points_as_json_and_as_text() -> None:
    def listed(*arguments: str) -> str:
        command = [sys.executable, "-W", "ignore", "-m", "ghostkit.faults", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    rows = json.loads(listed("--json"))
    assert {row["point"]: row["meaning"] for row in rows} == dict(faults.POINTS)
    lines = listed().splitlines()
    assert [line.split()[0] for line in lines] == list(faults.POINTS)


# The plan


def test_without_a_plan_a_point_does_nothing_and_even_a_wrong_name_costs_nothing() -> None:
    done = run("send.before", "no.such.point")
    assert (done.returncode, done.stdout.count("passed")) == (0, 2)


def test_with_any_plan_a_point_that_is_not_listed_is_a_mistake(tmp_path: Path) -> None:
    done = run("no.such.point", GHOSTKIT_FAULT_COUNTS=str(tmp_path / "counts"))
    assert done.returncode == 1
    assert "'no.such.point' is not listed in faults.POINTS" in done.stderr


@pytest.mark.parametrize(
    "spec",
    [
        "no.such.point:1:kill",
        "send.before:1:explode",
        "send.before:x:kill",
        "send.before:-1:kill",
        "send.before::kill",
        "send.before:1:kill,send.after:1:maim",
        "send.before:0:kill",
        "send.before",
        "send.before:kill",
    ],
)
def test_a_plan_that_can_not_be_meant_ends_the_process_with_code_2_and_one_sentence(spec: str) -> None:
    done = run("send.before", GHOSTKIT_FAULT=spec)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("GHOSTKIT_FAULT: '")
    assert "point:hit:kill|enospc|eio" in done.stderr
    assert done.stderr.count("\n") == 1


def test_kill_ends_a_real_process_at_that_hit_and_says_so_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = run(
        "send.before", "send.after", "send.before", "send.after",
        GHOSTKIT_FAULT="send.before:2:kill", GHOSTKIT_FAULT_LOG=str(log),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.splitlines() == ["passed send.before", "passed send.after"]
    assert log.read_text() == "send.before:2:kill\n"


def test_kill_runs_no_cleanup_at_all(tmp_path: Path) -> None:
    code = (
        "import atexit\nfrom ghostkit import faults\n"
        "atexit.register(print, 'atexit ran', flush=True)\n"
        "try:\n    faults.point('send.before')\nfinally:\n    print('finally ran', flush=True)\n"
    )
    done = run(code=code, GHOSTKIT_FAULT="send.before:1:kill")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


@pytest.mark.parametrize(("action", "number"), [("enospc", errno.ENOSPC), ("eio", errno.EIO)])
def test_a_full_or_broken_disk_raises_once_and_then_there_is_room_again(
    action: str, number: int, planned: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    planned.setenv("GHOSTKIT_FAULT", f"file.section.written:2:{action}")
    planned.setenv("GHOSTKIT_FAULT_LOG", str(log))
    faults.load()
    faults.point("file.section.written")
    with pytest.raises(OSError, match=r"fault point file\.section\.written") as caught:
        faults.point("file.section.written")
    assert caught.value.errno == number
    faults.point("file.section.written")
    assert log.read_text() == f"file.section.written:2:{action}\n"


def test_several_faults_fire_each_at_its_own_hit(planned: pytest.MonkeyPatch) -> None:
    planned.setenv("GHOSTKIT_FAULT", "send.before:1:eio, send.after:2:enospc ,send.before:3:enospc,")
    faults.load()
    fired = []
    for _ in range(4):
        for name in ("send.before", "send.after"):
            try:
                faults.point(name)
            except OSError as error:
                fired.append((name, error.errno))
    assert fired == [("send.before", errno.EIO), ("send.after", errno.ENOSPC), ("send.before", errno.ENOSPC)]


def test_the_counts_file_has_one_line_a_passing_in_order(tmp_path: Path) -> None:
    counts = tmp_path / "counts"
    done = run("send.before", "send.after", "send.before", GHOSTKIT_FAULT_COUNTS=str(counts))
    assert done.returncode == 0
    assert counts.read_text().splitlines() == ["send.before", "send.after", "send.before"]


def test_the_passing_that_kills_is_counted_too(tmp_path: Path) -> None:
    counts = tmp_path / "counts"
    run("send.before", GHOSTKIT_FAULT="send.before:1:kill", GHOSTKIT_FAULT_COUNTS=str(counts))
    assert counts.read_text() == "send.before\n"


def test_threads_that_pass_at_once_are_counted_one_by_one(planned: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import threading

    counts = tmp_path / "counts"
    planned.setenv("GHOSTKIT_FAULT_COUNTS", str(counts))
    planned.setenv("GHOSTKIT_FAULT", "send.before:150:eio")
    faults.load()
    fired: list[int] = []

    def work() -> None:
        for _ in range(50):
            try:
                faults.point("send.before")
            except OSError:
                fired.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.read_text() == "send.before\n" * 200
    assert fired == [1]
