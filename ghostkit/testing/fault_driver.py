"""Run a scenario again and again, each time in a process of its own, with faults planned for it.

    driver = FaultDriver("tests.drill.scenario:main", scratch=folder)
    outcome = driver.run([book], Fault(point="result.before_commit", hit=3))
    assert outcome.killed and outcome.fired

A warm driver starts one server that imports what the scenario imports and forks a child for each run, so a run
costs what the scenario does and not what Python's start does; the child is killed, the server never. Where there
is no `fork`, or with `warm=False`, each run starts a Python of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ghostkit import faults

TIMEOUT_S = 120.0
_VARIABLES = ("GHOSTKIT_FAULT", "GHOSTKIT_FAULT_LOG", "GHOSTKIT_FAULT_COUNTS")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens at the `hit`-th passing of `point`, counted from 1."""

    point: str
    hit: int = 1
    action: faults.Action = "kill"

    def __str__(self) -> str:
        return f"{self.point}:{self.hit}:{self.action}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one run ended. `fired` are the faults that happened, in order; `output` is stdout and stderr together.

    `returncode` is negative for a signal. `counts` has the passings of each point if they were asked for.
    """

    returncode: int
    fired: tuple[str, ...]
    output: str
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    timed_out: bool = False

    @property
    def killed(self) -> bool:
        return self.returncode == -signal.SIGKILL and not self.timed_out


class FaultDriver:
    """Runs `target` (`module:function`, called with a list of arguments; its result is the exit code).

    `environment` is added to each run's, whose own `GHOSTKIT_…` variables are dropped. `scratch` takes logs.
    One run at a time; use one driver a worker.
    """

    def __init__(
        self,
        target: str,
        *,
        scratch: Path | None = None,
        environment: Mapping[str, str] | None = None,
        warm: bool = True,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.target = target
        self.timeout_s = timeout_s
        self._own = None if scratch else tempfile.TemporaryDirectory(prefix="ghostkit-drill-")
        self._scratch = Path(self._own.name if self._own is not None else scratch or "")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTKIT_")}
        self._environment = {**kept, **(environment or {})}
        self._warm = warm and hasattr(os, "fork") and hasattr(os, "pidfd_open")
        self._server: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        arguments: Sequence[str],
        *planned: Fault,
        environment: Mapping[str, str] | None = None,
        count: bool = False,
        kill_after_s: float | None = None,
    ) -> Outcome:
        """One run to its end or its death. `kill_after_s` kills it at that time, wherever it then is."""
        with self._lock:
            log, counts, output = (self._fresh(name) for name in ("fired", "counts", "output"))
            plan = dict(
                zip(_VARIABLES, (",".join(map(str, planned)), str(log), str(counts) if count else ""), strict=True)
            )
            job = {
                "target": self.target,
                "arguments": list(arguments),
                "environment": {**self._environment, **(environment or {}), **plan},
                "output": str(output),
                "kill_after_s": kill_after_s,
                "timeout_s": self.timeout_s,
            }
            started = time.perf_counter()
            ended = self._serve(job) if self._warm else _cold(job)
            return Outcome(
                returncode=ended["returncode"],
                timed_out=ended["timed_out"],
                fired=tuple(_lines(log)),
                counts=Counter(_lines(counts)),
                output=output.read_text("utf-8", "replace") if output.exists() else "",
                seconds=time.perf_counter() - started,
            )

    def learn_imports(self, arguments: Sequence[str]) -> Outcome:
        """Run once undisturbed and let the server import, once for all later runs, what that run imported."""
        names = self._fresh("modules")
        outcome = self.run(arguments, environment={"GHOSTKIT_DRILL_MODULES": str(names)})
        if self._warm and outcome.returncode == 0:
            self._ask({"import": _lines(names)})
        return outcome

    def close(self) -> None:
        """End the server; a second call does nothing."""
        if self._server is not None:
            assert self._server.stdin is not None
            assert self._server.stdout is not None
            self._server.stdin.close()
            self._server.wait(timeout=30)
            self._server.stdout.close()
            self._server = None
        if self._own is not None:
            self._own.cleanup()

    def _fresh(self, name: str) -> Path:
        path = self._scratch / f"{name}-{id(self):x}"
        path.unlink(missing_ok=True)
        return path

    def _serve(self, job: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask({"run": job})

    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-c", "from ghostkit.testing.fault_driver import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**self._environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(message).encode() + b"\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            raise RuntimeError(f"the server of {self.target} ended by itself ({self._server.wait()})")
        return dict(json.loads(answer))


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split() if path.exists() else []


# ── in the server and its children ────────────────────────────────────────────────────────────────────────


def serve() -> None:
    """Answer jobs from stdin until it closes. Single-threaded, so that a fork copies a process at rest."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever an import prints goes to stderr, not between the answers
    jobs = os.fdopen(os.dup(0), "rb")
    while line := jobs.readline():
        message = json.loads(line)
        answer = _import_all(message["import"]) if "import" in message else _forked(message["run"])
        answers.write(json.dumps(answer).encode() + b"\n")


def _import_all(names: Sequence[str]) -> dict[str, Any]:
    import contextlib
    import gc
    from importlib import import_module

    for name in names:
        # Some modules can't be imported by themselves; the children then do it, as they would anyway.
        with contextlib.suppress(Exception):
            import_module(name)
    gc.collect()
    gc.freeze()
    return {"imported": len(names)}


def _forked(job: Mapping[str, Any]) -> dict[str, Any]:
    if threading.active_count() != 1:
        raise RuntimeError("the fork server has threads, so a fork could deadlock")
    child = os.fork()
    if child == 0:
        _become(job)
    return _watch(child, job)


def _watch(child: int, job: Mapping[str, Any]) -> dict[str, Any]:
    """Wait for the child to end; kill it when its time has come."""
    handle = os.pidfd_open(child)
    try:
        wanted = job["kill_after_s"]
        limit = wanted if wanted is not None else job["timeout_s"]
        ended = bool(select.select([handle], [], [], limit)[0])
        if not ended:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    finally:
        os.close(handle)
    return {"returncode": os.waitstatus_to_exitcode(status), "timed_out": not ended and wanted is None}


def _become(job: Mapping[str, Any]) -> None:
    """Be the scenario's process; never returns."""
    code = 70
    try:
        output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, source in ((0, nothing), (1, output), (2, output)):
            os.dup2(source, number)
        os.environ.clear()
        os.environ.update(job["environment"])
        faults.load()
        code = _call(job["target"], job["arguments"])
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _call(target: str, arguments: Sequence[str]) -> int:
    from importlib import import_module

    module, _, name = target.partition(":")
    function: Callable[[list[str]], int | None] = getattr(import_module(module), name)
    code = function(list(arguments)) or 0
    wanted = os.environ.get("GHOSTKIT_DRILL_MODULES")
    if wanted:
        Path(wanted).write_text("\n".join(sys.modules), "utf-8")
    return code


def run_cold() -> int:
    """Entry of a process of its own: target, then arguments, on the command line."""
    return _call(sys.argv[1], sys.argv[2:])


def _cold(job: Mapping[str, Any]) -> dict[str, Any]:
    code = "import sys; from ghostkit.testing.fault_driver import run_cold; sys.exit(run_cold())"
    wanted = job["kill_after_s"]
    with open(job["output"], "ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-c", code, job["target"], *job["arguments"]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**job["environment"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            return {"returncode": child.wait(wanted or job["timeout_s"]), "timed_out": False}
        except subprocess.TimeoutExpired:
            child.kill()
            return {"returncode": child.wait(), "timed_out": wanted is None}
