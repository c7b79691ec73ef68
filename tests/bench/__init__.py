"""Benchmarks: `make bench`. Each prints one JSON line: a ratio with its peer or limit measured in the same run."""
