"""An embedding as bytes: `GKV1`, its length as a little-endian uint32, then that many little-endian float32."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Final

_MAGIC: Final = b"GKV1"
_HEAD: Final = struct.Struct("<4sI")


def pack(vector: Iterable[float]) -> bytes:
    """`vector`: any sequence of numbers, or a buffer of float32 (a NumPy array, for one)."""
    values = vector if isinstance(vector, array) and vector.typecode == "f" else array("f", vector)
    if sys.byteorder == "big":
        values = array("f", values)
        values.byteswap()
    return _HEAD.pack(_MAGIC, len(values)) + values.tobytes()


def unpack(data: bytes) -> array[float] | None:
    """The vector, float32; None where `data` is none."""
    if len(data) < _HEAD.size:
        return None
    magic, length = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 4 * length:
        return None
    values = array("f", data[_HEAD.size :])
    if sys.byteorder == "big":
        values.byteswap()
    return values
