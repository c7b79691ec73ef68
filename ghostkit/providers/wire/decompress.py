"""Bounded decompression: a small answer that unfolds into gigabytes must be noticed while it does."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final

from ghostkit.errors import BadAnswer

PIECE: Final = 256 * 1024
_EITHER_HEADER: Final = 47  # zlib's own number for "gzip or zlib, whichever it is"


def decompressor(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """A function from what came to what it unfolds into, at most `PIECE` bytes at a time.

    Identity is asked for; some proxies compress all the same. Raises `BadAnswer` for what is not gzip or deflate.
    """
    if encoding in ("", "identity"):
        return _as_it_is
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BadAnswer(
            f"The answer is compressed as {encoding[:40]!r}, which was not asked for.",
            fix="A proxy in between recompresses it: go around it, or have it leave API answers alone.",
        )
    inflate = zlib.decompressobj(_EITHER_HEADER)

    def unfold(chunk: bytes) -> Iterator[bytes]:
        while chunk:
            try:
                piece = inflate.decompress(chunk, PIECE)
            except zlib.error as error:
                raise BadAnswer(
                    f"The answer says that it is compressed, and can't be unpacked ({error}).",
                    fix="Try again; if it stays, a proxy in between damages it.",
                ) from None
            if piece:
                yield piece
            chunk = inflate.unconsumed_tail

    return unfold


def _as_it_is(chunk: bytes) -> Iterator[bytes]:
    yield chunk
