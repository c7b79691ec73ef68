"""Text on the screen as it comes."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ghostkit.cli.terminal import note, printable, say


class Printer:
    """Prints pieces as they come."""

    def __init__(self) -> None:
        self.broken = False
        self.on_broken: Callable[[], None] = lambda: None
        self._last = ""

    def __call__(self, piece: str) -> None:
        if self.broken:
            return
        try:
            sys.stdout.write(printable(piece))
            sys.stdout.flush()
        except OSError:
            self.broken = True
            self.on_broken()
        self._last = piece or self._last

    def end(self) -> None:
        if self._last and not self._last.endswith("\n") and not self.broken:
            say()
        self._last = ""


class LeaderPrinter:
    """Of several models at once: shows the one that begins first, and the winner's text if that is another."""

    def __init__(self) -> None:
        self.printer = Printer()
        self.leader = ""

    def __call__(self, model: str, piece: str) -> None:
        self.leader = self.leader or model
        if model == self.leader:
            self.printer(piece)

    def end(self, winner: str, text: str) -> None:
        """Everything of the winner's is on the screen afterwards."""
        self.printer.end()
        if not winner or winner == self.leader or self.printer.broken:
            return
        if self.leader:
            note(f"{winner} was first with a whole answer:")
        self.printer(text)
        self.printer.end()
