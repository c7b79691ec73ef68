"""`python -m tests.bench [--quick] [--gate] [NAME …]`: run the benchmarks, one JSON line a measurement."""

from __future__ import annotations

import argparse
import json
import sys

from tests.bench import (
    chunking,
    closing_cost,
    embedding,
    engine_cost,
    flat_cost,
    gate_cost,
    gpu_vectors,
    imports_and_memory,
    keyword,
    ledger_size,
    many_books,
    projection,
    retrieval_cost,
    retrieval_peers,
    staleness,
    vectors,
    wire_cost,
)
from tests.bench.probe import probe
from tests.bench.report import Report

BENCHMARKS = {
    "imports": imports_and_memory.run,
    "engine": engine_cost.run,
    "ledger-size": ledger_size.run,
    "flat-cost": flat_cost.run,
    "gate": gate_cost.run,
    "staleness": staleness.run,
    "many-books": many_books.run,
    "projection": projection.run,
    "wire": wire_cost.run,
    "closing": closing_cost.run,
    "embedding": embedding.run,
    "chunking": chunking.run,
    "keyword": keyword.run,
    "vectors": vectors.run,
    "gpu-vectors": gpu_vectors.run,
    "retrieval": retrieval_cost.run,
    "retrieval-peers": retrieval_peers.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="smaller books, for CI")
    parser.add_argument("--gate", action="store_true", help="exit 1 if a gated ratio or count is over its limit")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there is {', '.join(BENCHMARKS)}")
    report = Report()
    print(json.dumps({"probe": probe()}), flush=True)
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name](report, options.quick)
    print(json.dumps({"probe": probe()}), flush=True)
    return report.end(options.gate)


if __name__ == "__main__":
    sys.exit(main())
