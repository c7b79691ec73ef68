"""A worker's own vendor: a simulator whose bill is read trial by trial."""

from __future__ import annotations

import json
from pathlib import Path

from ghostkit.testing.simulator import Simulator


class Service:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._before: set[str] = set()

    def begin(self) -> None:
        """A trial begins; what calls of killed processes still come to does not belong to it."""
        self._before = {line["attempt_id"] for line in self._simulator.bill()}
        self._simulator.reset()

    def write_bill(self, path: Path) -> None:
        """The trial's lines, where the rehearsal would have written its own."""
        lines = [line for line in self._simulator.bill() if line["attempt_id"] not in self._before]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
