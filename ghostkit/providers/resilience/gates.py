"""All gates of the process, by key."""

from __future__ import annotations

import random as chance
import time
from collections.abc import Callable

from ghostkit.providers.resilience.exclusion import Exclusion
from ghostkit.providers.resilience.gate import Gate
from ghostkit.providers.resilience.pacing import HostLine
from ghostkit.providers.resilience.state import GatePolicy, GateState


class Gates:
    """One gate for each key, whoever asks: books, threads and event loops of a process share a vendor's limits.

    `clock` is monotonic seconds, and must go as fast as the event loop's.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, random: Callable[[], float] = chance.random
    ) -> None:
        self._clock = clock
        self._random = random
        self._lock = Exclusion()
        self._gates: dict[str, Gate] = {}
        self._hosts: dict[str, HostLine] = {}

    def gate(self, key: str, policy: GatePolicy | None = None, *, host: str | None = None) -> Gate:
        """The gate of `key` (`provider|base URL|model`); it follows `policy` from now on, if one is given.

        Gates of one `host` share the space between starts; without one, those with the same base URL.
        """
        with self._lock:
            gate = self._gates.get(key)
            if gate is None:
                line = self._hosts.setdefault(_host_of(key) if host is None else host, HostLine())
                gate = self._gates[key] = Gate(
                    key,
                    policy or GatePolicy(),
                    line,
                    lock=self._lock,
                    clock=self._clock,
                    random=self._random,
                )
                return gate
        if policy is not None:
            gate.follow(policy)
        return gate

    def snapshot(self) -> list[GateState]:
        """Every gate as it is now, by key."""
        with self._lock:
            found = sorted(self._gates.items())
        return [gate.state() for _, gate in found]

    def clear(self) -> None:
        """Forget all gates, for tests; calls under way keep theirs."""
        with self._lock:
            self._gates.clear()
            self._hosts.clear()


def _host_of(key: str) -> str:
    provider, _, rest = key.partition("|")
    return rest.rpartition("|")[0] or provider


gates = Gates()
"""Those of this process."""
