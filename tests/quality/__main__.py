"""`python -m tests.quality [--quick] [NAME …]`: measure quality; JSON lines, then a table; absent peers are named.

A measurement is a function `run(quick: bool) -> int` (0: fine) in a module of this package, named in MEASUREMENTS.
"""

from __future__ import annotations

import argparse
import importlib
import sys

MEASUREMENTS = {
    "chunking": "tests.quality.chunking_quality",
    "keyword": "tests.quality.keyword_quality",
    "retrieval": "tests.quality.retrieval_quality",
}
"""Name → module. It is imported only when asked for: peers and models load slowly."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="less data, for CI")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"no measurement {', '.join(sorted(unknown))}; there is {', '.join(MEASUREMENTS)}")
    bad = 0
    for name in options.names or MEASUREMENTS:
        bad |= importlib.import_module(MEASUREMENTS[name]).run(options.quick)
    return bad


if __name__ == "__main__":
    sys.exit(main())
