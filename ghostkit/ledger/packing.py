"""Numbers and short texts as few bytes: varints, deflated against the bytes of something alike.

Neighbouring receipts differ in little, so each is compressed with another one's bytes as its dictionary. Measured:
50 inputs and 60 prompt parts take some 40 bytes beside their neighbour's, and over 400 without.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

VERSION = 1
_PRIMER = b'assistant system user [] {} false true null "stop":[ "seed": "temperature":0. {"max_tokens":'
"""What a receipt without a neighbour is compressed against. It can never change; a better one is version 2."""


def number(value: int) -> bytes:
    """`value` (not negative) in groups of seven bits, lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def numbers(values: Iterable[int]) -> bytes:
    return b"".join(map(number, values))


def text(value: str) -> bytes:
    raw = value.encode()
    return number(len(raw)) + raw


class Reader:
    """Reads back, in order, what the functions above wrote."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def numbers(self, count: int) -> list[int]:
        """The next `count` numbers; much faster than one by one."""
        found: list[int] = []
        data, at, value, shift = self._data, self._at, 0, 0
        while len(found) < count:
            byte = data[at]
            at += 1
            if byte < 0x80:
                found.append(value | byte << shift)
                value = shift = 0
            else:
                value |= (byte & 0x7F) << shift
                shift += 7
        self._at = at
        return found

    def skip_text(self) -> None:
        length = self.number()
        self._at += length

    def text(self) -> str:
        length = self.number()
        self._at += length
        return self._data[self._at - length : self._at].decode()


def squeeze(raw: bytes, neighbour: bytes = b"") -> bytes:
    """`raw` compressed against `neighbour`, whose bytes are needed to get it back."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, neighbour or _PRIMER)
    return packer.compress(raw) + packer.flush()


def unsqueeze(data: bytes, neighbour: bytes = b"") -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, neighbour or _PRIMER)
    return unpacker.decompress(data) + unpacker.flush()
