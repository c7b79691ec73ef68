"""When each token of a paced stream is due."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from ghostkit.providers.rehearsal.chance import Chance


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast to pretend to be. `tokens_per_s` 0 means as fast as it goes; `jitter` 0.2 means ±20 %."""

    tokens_per_s: float = 0.0
    first_token_s: float = 0.0
    jitter: float = 0.0

    @property
    def is_paced(self) -> bool:
        return self.tokens_per_s > 0

    def due_times(self, seed: str, tokens: int) -> list[float]:
        """Seconds after the start at which each of `tokens` tokens is due, ascending.

        A schedule rather than a pause between tokens: what one token is late, the next one makes good.
        """
        if not self.is_paced:
            return [self.first_token_s] * tokens
        interval = 1.0 / self.tokens_per_s
        if self.jitter <= 0:
            gaps = [self.first_token_s] + [interval] * (tokens - 1)
        else:
            chance = Chance("pace", seed)
            low, span = 1.0 - self.jitter, 2.0 * self.jitter
            gaps = [self.first_token_s * (low + span * chance.fraction())]
            gaps += [interval * (low + span * chance.fraction()) for _ in range(tokens - 1)]
        return list(accumulate(gaps[:tokens]))
