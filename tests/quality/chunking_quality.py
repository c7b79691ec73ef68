"""Chunkers on chunking-eval: not written yet."""

from __future__ import annotations


def run(quick: bool) -> int:
    print("chunking: to come")
    return 0
