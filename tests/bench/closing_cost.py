"""How long after an answer is left its server sees the socket close: every vendor, every way, each event loop.

Beside each stands what a bare socket takes in the same run, closed and then quiet, and closed by a process that goes
on computing for a few ms, as everyone does who tidies up: where others wait for the processors, the server is only
given one when this process leaves its own.
"""

from __future__ import annotations

import anyio

from ghostkit.testing.simulator import Simulator, running_simulator
from tests.bench.report import Report
from tests.providers.closing.crashing import BARE, OURS, crash
from tests.providers.closing.scene import VENDORS, Scene, bare_socket, scene_of
from tests.providers.closing.ways import ONLY_ASYNCIO, WAYS, Way

LIMIT_MS = 10.0
TIDYING_S = 0.003
QUIET_S = 0.004


def share(values: list[float], part: float) -> float:
    """The value below which `part` of them lie; nan where there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else float("nan")


async def measure(report: Report, simulator: Simulator, backend: str, rounds: int) -> None:
    for name, way in WAYS.items():
        if name in ONLY_ASYNCIO and backend != "asyncio":
            continue
        of_all: dict[str, list[float]] = {"ours": [], "bare": [], "busy": []}
        for vendor in VENDORS:
            async with scene_of(simulator, vendor) as scene:
                took = await _took(scene, way, rounds)
            tell(report, f"closing {name} {vendor} {backend}", took, rounds)
            for who, values in took.items():
                of_all[who] += values
        tell(report, f"closing {name} all {backend}", of_all, rounds * len(VENDORS))


async def _took(scene: Scene, way: Way, rounds: int) -> dict[str, list[float]]:
    """ms by who left, in turns so that all meet the same weather."""
    await scene.begin()
    left: dict[str, dict[str, float]] = {"ours": {}, "bare": {}, "busy": {}}
    for _ in range(rounds):
        for who, moments in left.items():
            attempt, at = await (way(scene) if who == "ours" else bare_socket(scene, TIDYING_S * (who == "busy")))
            moments[attempt] = at
            await anyio.sleep(QUIET_S)
    closed = await scene.closings(3 * rounds)
    return {
        who: [(closed[one] - at) * 1e3 for one, at in moments.items() if one in closed] for who, moments in left.items()
    }


def tell(report: Report, name: str, took: dict[str, list[float]], rounds: int) -> None:
    """p99 of ours; the socket that was never closed is what is gated."""
    ours = took["ours"]
    others = {f"{who}_{part}": share(took[who], at) for who in ("bare", "busy") for part, at in PARTS.items()}
    report.add(
        f"{name} p99_ms", share(ours, 0.99), LIMIT_MS, "a bare socket, quiet or busy after it", gated=False,
        p50=share(ours, 0.5), p90=share(ours, 0.9), over_limit=sum(one > LIMIT_MS for one in ours), rounds=rounds,
        **others,
    )  # fmt: skip
    if len(ours) != rounds:
        report.add(f"{name} left open", rounds - len(ours), 0, "every socket closed")


PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


def killed(report: Report, simulator: Simulator, rounds: int) -> None:
    """Here the bare socket is that of a process with little memory, the busy one that of a process with as much."""
    took: dict[str, list[float]] = {"ours": [], "bare": [], "busy": []}
    for vendor in [*VENDORS] * rounds:
        ours, memory = crash(simulator, vendor, OURS)
        for who, seconds in (
            ("ours", ours),
            ("bare", crash(simulator, "openai", BARE)[0]),
            ("busy", crash(simulator, "openai", BARE, memory)[0]),
        ):
            took[who] += [] if seconds is None else [seconds * 1e3]
    tell(report, "closing SIGKILL all", took, rounds * len(VENDORS))


def run(report: Report, quick: bool) -> None:
    with running_simulator() as simulator:
        for backend in ("asyncio", "trio"):
            anyio.run(measure, report, simulator, backend, 8 if quick else 60, backend=backend)
        killed(report, simulator, 1 if quick else 4)
