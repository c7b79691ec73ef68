"""The kill drill: kill the scenario somewhere, often once more while it recovers, let it finish, and look.

A trial is named by its seed alone: the same seed plans the same kills.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ghostkit import faults
from ghostkit.testing.fault_driver import Fault, FaultDriver, Outcome
from ghostkit.testing.simulator import running_simulator
from tests.drill.findings import Book, Record, after_kill, at_the_end, finished_book, left_over
from tests.drill.scenario import ENVIRONMENT, FORMATS, MODEL, bill_of
from tests.drill.service import Service

TARGET = "tests.drill.scenario:main"
FLUSHES = ("stream.before_flush", "stream.after_flush")
"""Text is made durable beside its being read, as often as the machine gets round to it; a quarter of that is sure."""
LAST_EXPORT = ("export.before", "export.rendered", "export.before_commit", "export.after_commit", "file.export.done")
"""Points that every run passes once for each format, whatever was done before it."""


# Read before a test's fixture takes ghostkit's variables away.
KEEP = bool(os.environ.get("GHOSTKIT_DRILL_KEEP"))
FOLDER = os.environ.get("GHOSTKIT_DRILL_DIR")


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One planned death: at the first of these passings to come, or after a share of an undisturbed run's time."""

    faults: tuple[Fault, ...] = ()
    at_share: float | None = None
    beside_the_run: bool = False
    """Refuse a handler's write: the run then goes on without it, and what the handler makes may be missing."""

    @property
    def refuses(self) -> bool:
        """Is it no death at all, but a disk that says no?"""
        return any(fault.action != "kill" for fault in self.faults)

    def __str__(self) -> str:
        return "|".join(map(str, self.faults)) or f"at {self.at_share:.3f} of the time"


@dataclass(frozen=True, kw_only=True)
class Trial:
    name: str
    kills: tuple[Kill, ...]


@dataclass(kw_only=True)
class Tally:
    """What a drill did and found."""

    trials: int = 0
    kills: int = 0
    points_hit: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)
    in_doubt: int = 0
    missed: int = 0
    """Kills by the clock that came after the end."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What one trial at a time is carried out with; `service` is there where a vendor's model writes."""

    driver: FaultDriver
    environment: Mapping[str, str]
    service: Service | None = None


def scratch_folder() -> Path:
    """In memory where that can be had: SIGKILL doesn't care, and thousands of books are written."""
    shared = Path("/dev/shm")
    given = FOLDER or (shared if os.access(shared, os.W_OK) else None)
    return Path(tempfile.mkdtemp(prefix="ghostkit-drill-", dir=given))


class Drill:
    """An undisturbed run first (`prepare`), then any number of trials, `jobs` at a time."""

    def __init__(self, jobs: int = 2, model: str = "") -> None:
        """`model` is a vendor's, and each worker has a simulator of its service; without one the rehearsal writes."""
        self.root = scratch_folder()
        self.tally = Tally()
        self.counts: Counter[str] = Counter()
        self.unsteady: set[str] = set()
        self._jobs = jobs
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._open = ExitStack()
        for number in range(jobs):
            place = self.root / f"worker-{number}"
            place.mkdir()
            self._idle.append(self._worker(place, model))
        self.undisturbed: Book | None = None
        self.seconds = 0.0
        self._trial_environment: Mapping[str, str] | None = None

    def _worker(self, place: Path, model: str) -> Worker:
        if not model:
            return Worker(driver=FaultDriver(TARGET, scratch=place, environment=ENVIRONMENT), environment=ENVIRONMENT)
        simulator = self._open.enter_context(running_simulator())
        environment = {**ENVIRONMENT, MODEL: model, **simulator.environment()}
        driver = FaultDriver(TARGET, scratch=place, environment=environment)
        return Worker(driver=driver, environment=environment, service=Service(simulator))

    def prepare(self) -> None:
        """Run undisturbed, once in a Python of its own and once a worker, and learn how often each point is passed."""
        cold = FaultDriver(TARGET, scratch=self.root, environment=self._idle[0].environment, warm=False)
        outcome = cold.run([str(self._book("undisturbed"))], count=True)
        if outcome.returncode:
            raise RuntimeError(f"the undisturbed run failed:\n{outcome.output}")
        self.counts = Counter(outcome.counts)
        self.undisturbed = finished_book(self.root / "undisturbed" / "book", self.root)
        for number, driver in enumerate(worker.driver for worker in self._idle):
            driver.learn_imports([str(self._book(f"learning-{number}"))])
            again = driver.run([str(self._book(f"counting-{number}"))], count=True)
            self.seconds = max(self.seconds, again.seconds)
            self.unsteady |= {p for p in faults.POINTS if again.counts.get(p, 0) != self.counts[p]}
            for point in self.unsteady:
                self.counts[point] = min(self.counts[point], again.counts.get(point, 0))
        for point in FLUSHES:
            self.counts[point] = -(-self.counts[point] // 4)

    @property
    def driver(self) -> FaultDriver:
        """A warm driver, for runs beside the trials."""
        return self._idle[0].driver

    def never_fired(self) -> list[str]:
        return sorted(point for point in faults.POINTS if not self.counts[point])

    def run(
        self,
        trials: Sequence[Trial],
        progress: Callable[[int, int], None] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> Tally:
        """Do the trials, with `environment` in every process of theirs; gives a tally of these trials alone."""
        self.tally = Tally()
        self._trial_environment = environment
        with ThreadPoolExecutor(self._jobs) as pool:
            for number, _ in enumerate(pool.map(self._try, trials), 1):
                if progress is not None:
                    progress(number, len(trials))
        return self.tally

    def close(self) -> None:
        for worker in self._idle:
            worker.driver.close()
        self._open.close()
        if not KEEP:
            shutil.rmtree(self.root, ignore_errors=True)

    def _book(self, name: str) -> Path:
        place = self.root / name
        place.mkdir()
        return place / "book"

    # ── one trial ─────────────────────────────────────────────────────────────────────────────────────────

    def _try(self, trial: Trial) -> None:
        with self._lock:
            worker = self._idle.pop()
        book = self._book(trial.name)
        try:
            wrong = self._carry_out(trial, worker, book)
            with self._lock:
                self.tally.trials += 1
                if wrong:
                    described = {"trial": trial.name, "kills": list(map(str, trial.kills)), "wrong": wrong[:20]}
                    self.tally.failures.append(described)
        finally:
            with self._lock:
                self._idle.append(worker)
            if not KEEP:
                shutil.rmtree(book.parent, ignore_errors=True)

    def _carry_out(self, trial: Trial, worker: Worker, book: Path) -> list[str]:
        workshop, driver = book.parent, worker.driver
        if worker.service is not None:
            worker.service.begin()
        earlier: list[Record] = []
        for kill in trial.kills:
            outcome = self._kill(driver, book, kill)
            wrong = self._not_as_planned(kill, outcome, book)
            found, record = after_kill(book, workshop)
            if wrong or found:
                return wrong + found
            if record is not None:
                earlier.append(record)
        outcome = driver.run([str(book)], environment=self._trial_environment)
        if outcome.returncode:
            return [f"the last run ended with {outcome.returncode}: {outcome.output[-2000:]}"]
        if worker.service is not None:
            worker.service.write_bill(bill_of(book))
        assert self.undisturbed is not None
        record, wrong = at_the_end(book, workshop, self.undisturbed, earlier)
        with self._lock:
            self.tally.in_doubt += record.states["in_doubt"] if record else 0
        beside = any(kill.beside_the_run for kill in trial.kills)
        return [one for one in wrong if not (beside and one.startswith("event checkpoint"))]

    def _kill(self, driver: FaultDriver, book: Path, kill: Kill) -> Outcome:
        after = kill.at_share * self.seconds if kill.at_share is not None else None
        outcome = driver.run([str(book)], *kill.faults, environment=self._trial_environment, kill_after_s=after)
        with self._lock:
            self.tally.kills += outcome.killed
            self.tally.missed += not outcome.killed and after is not None
            self.tally.points_hit.update(fired.rsplit(":", 2)[0] for fired in outcome.fired)
        return outcome

    def _not_as_planned(self, kill: Kill, outcome: Outcome, book: Path) -> list[str]:
        """A planned kill must have happened, and nothing else gone wrong on the way to it."""
        if kill.beside_the_run and outcome.returncode == 0:
            return [] if outcome.fired else [f"{kill} did not fire"]
        if kill.refuses:
            return refusal(outcome, book)
        if kill.at_share is not None and outcome.returncode == 0:
            return []
        if not outcome.killed or (kill.faults and not outcome.fired):
            ended = f"ended with {outcome.returncode}{' by the time limit' if outcome.timed_out else ''}"
            return [f"the kill {kill} did not happen: the run {ended}: {outcome.output[-2000:]}"]
        return []


def refusal(outcome: Outcome, book: Path) -> list[str]:
    """What is wrong with how a run ended that a disk refused: one clear sentence, exit code 1, nothing left over."""
    said = outcome.output.strip()
    wrong = [] if outcome.fired else ["the planned fault did not fire"]
    if outcome.returncode != 1 or not said.startswith("StorageError: ") or "\n" in said:
        wrong.append(f"the run ended with {outcome.returncode} and said: {said[-3000:]}")
    return wrong + list(left_over(book))


# ── plans ─────────────────────────────────────────────────────────────────────────────────────────────────


def every_point(
    counts: Counter[str], hits: Callable[[str, int, random.Random], Sequence[int]], seed: int
) -> Iterator[Trial]:
    """Each point at the hits asked for, each followed by one seeded kill during recovery."""
    for point in faults.POINTS:
        chance = random.Random(f"{seed}:{point}")
        for hit in hits(point, counts[point], chance):
            kills = (Kill(faults=(Fault(point=point, hit=hit),)), recovery_kill(counts, chance))
            yield Trial(name=f"{point}-{hit}", kills=kills)


def first_only(point: str, hits: int, chance: random.Random) -> Sequence[int]:
    return (1,) if hits else ()


def first_last_and_one(point: str, hits: int, chance: random.Random) -> Sequence[int]:
    return sorted({1, hits, chance.randint(1, hits)}) if hits else ()


def all_hits(point: str, hits: int, chance: random.Random) -> Sequence[int]:
    return range(1, hits + 1)


def recovery_kill(counts: Counter[str], chance: random.Random) -> Kill:
    """Somewhere in whatever recovery there will be: a few passings, and one of its exports should none come."""
    points = sorted(point for point in counts if counts[point])
    somewhere = [Fault(point=point, hit=chance.randint(1, counts[point])) for point in chance.sample(points, 3)]
    surely = Fault(point=chance.choice(LAST_EXPORT), hit=chance.randint(1, len(FORMATS)))
    return Kill(faults=tuple(dict.fromkeys([*somewhere, surely])))


def at_random(counts: Counter[str], number: int, seed: int) -> Iterator[Trial]:
    """Two or three kills in a row, at a moment of the clock or at any passing of any point."""
    passings = sorted(counts.elements())
    for trial in range(number):
        chance = random.Random(f"{seed}:random:{trial}")
        kills = []
        for place in range(chance.choice((2, 3))):
            if chance.random() < 0.5:
                # A recovery has less to do; a kill after its end would be none.
                kills.append(Kill(at_share=chance.uniform(0.01, 0.3 if place else 0.95)))
            elif place == 0:
                point = chance.choice(passings)
                kills.append(Kill(faults=(Fault(point=point, hit=chance.randint(1, counts[point])),)))
            else:
                kills.append(recovery_kill(counts, chance))
        yield Trial(name=f"random-{trial}", kills=tuple(kills))
