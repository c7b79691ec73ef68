"""`python -m tests.drill`: the whole kill drill, as `make kill` runs it; a JSON summary at the end.

Every hit of every fault point, each with one seeded kill during recovery, and `--random` series of two or three
kills. `--points ci` takes the first, last and one seeded hit of each point instead, `first` the first only,
`none` none.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from ghostkit import faults
from tests.drill.drill import Drill, all_hits, at_random, every_point, first_last_and_one, first_only

HITS = {"all": all_hits, "ci": first_last_and_one, "first": first_only, "none": lambda point, hits, chance: ()}
FEWEST_POINTS = 60


def main(arguments: list[str] | None = None) -> int:
    """Run the drill; 0 if nothing was wrong."""
    options = _options(arguments)
    started = time.monotonic()
    drill = Drill(jobs=options.jobs)
    try:
        drill.prepare()
        trials = list(every_point(drill.counts, HITS[options.points], options.seed))
        trials += at_random(drill.counts, options.random, options.seed)
        print(f"{len(trials)} trials over {len(faults.POINTS)} points, books in {drill.root}", file=sys.stderr)
        policy = {"GHOSTKIT_RESUME_POLICY": options.resume}
        drill.run(trials, None if options.quiet else _progress, environment=policy)
    finally:
        drill.close()
    summary = _summary(drill, options, time.monotonic() - started)
    print(json.dumps(summary, indent=1, ensure_ascii=False))
    return 0 if summary["ok"] else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__.split("\n\n")[0])
    parser.add_argument("--random", type=int, default=200, metavar="N", help="series of random kills (200)")
    parser.add_argument("--points", choices=sorted(HITS), default="all", help="which hits of each point (all)")
    parser.add_argument(
        "--resume", choices=("restart", "continue"), default="restart", help="what becomes of a cut text"
    )
    parser.add_argument("--jobs", type=int, default=2, help="books at a time (2)")
    parser.add_argument("--seed", type=int, default=1, help="plans the same kills again (1)")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return parser.parse_args(arguments)


def _progress(done: int, of: int) -> None:
    if done % 100 == 0 or done == of:
        print(f"{done}/{of}", file=sys.stderr, flush=True)


def _summary(drill: Drill, options: argparse.Namespace, seconds: float) -> dict[str, Any]:
    tally = drill.tally
    never = drill.never_fired()
    unkilled = sorted(set(faults.POINTS) - set(tally.points_hit)) if options.points != "none" else []
    enough = len(faults.POINTS) >= FEWEST_POINTS
    return {
        "ok": not (tally.failures or never or unkilled) and enough,
        "points": len(faults.POINTS),
        "hits": drill.counts.total(),
        "never_fired": never,
        "never_killed": unkilled,
        "unsteady": sorted(drill.unsteady),
        "trials": tally.trials,
        "kills": tally.kills,
        "came_too_late": tally.missed,
        "in_doubt": tally.in_doubt,
        "failures": tally.failures,
        "seed": options.seed,
        "resume": options.resume,
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
