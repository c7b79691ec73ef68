"""Several processes on one book: nobody waits, nobody fails, nobody sees less than before."""

# ruff: noqa: E501  # queries and events read best on one line
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from .conftest import FULL
from .histories import Desk, write_section

SECONDS = 20.0 if FULL else 2.0
READER = """
import sys, time
from ghostkit.analytics import connect
seen, looks, query = 0, 0, "SELECT (SELECT max(seq) FROM events), (SELECT count(*) FROM events), (SELECT count(*) FROM generations), (SELECT count(*) FROM retrievals)"
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    with connect(sys.argv[1]) as analytics:
        for _ in range(3):
            last, events, generations, retrievals = analytics.frame(query).row(0)
            assert (last or 0) >= seen, f"stale: {last} after {seen}"
            assert (last or 0) == events, "half a step"
            assert retrievals - generations in (0, 1), "events and attempts of different moments"
            seen, looks = last or 0, looks + 1
            analytics.refresh()
print(looks, seen)
"""


def test_three_read_while_one_writes_and_a_fourth_is_killed(desk: Desk) -> None:
    write_section(desk, "s-1-1", "a-0")

    def reader() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", READER, desk.folder.root, str(SECONDS)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    readers, victim, kills = [reader() for _ in range(3)], reader(), 0
    for one in (*readers, victim):
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    number = 0
    try:
        while any(one.poll() is None for one in readers):
            number += 1
            write_section(desk, f"s-{1 + number % 3}-1", f"a-{number}")
            if number % 20 == 10 and victim.poll() is None:
                os.kill(victim.pid, signal.SIGKILL)
                victim.communicate()
                kills, victim = kills + 1, reader()
            time.sleep(0.01)
    finally:
        victim.kill()
        victim.communicate()
    for one in readers:
        out, errors = one.communicate()
        assert one.returncode == 0, errors
        looks, seen = map(int, out.split())
        assert looks >= 2
        assert seen > 0
    assert kills >= 1
