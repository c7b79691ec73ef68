"""One JSON line a measurement, and whether it keeps its limit."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Report:
    """Collects measurements; `gated` ones decide the exit code under `--gate`."""

    failures: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, limit: float | None, peer: str, *, gated: bool = True, **more: Any) -> None:
        """`value` must not exceed `limit`; `peer` says what it is measured against."""
        ok = limit is None or value <= limit
        line = {"bench": name, "value": _rounded(value), "limit": limit, "ok": ok, "gated": gated, "peer": peer}
        print(json.dumps({**line, **{key: _rounded(item) for key, item in more.items()}}), flush=True)
        if gated and not ok:
            self.failures.append(name)

    def end(self, gate: bool) -> int:
        if self.failures:
            print(f"over their limits: {', '.join(self.failures)}", file=sys.stderr)
        return 1 if gate and self.failures else 0


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
