"""Rows as every embedder gives them: float32, finite, of one dimension, of length one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostkit.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SQUARE_FITS = 1e100
_UNIT = 1e-6
"""float32 rows of length one are off by less."""


def unit_rows(found: Any, *, texts: int, dimension: int | None, who: str) -> NDArray[np.float32]:
    """`found` as float32 (texts, dimension), each row of length one or all zeros; `dimension` None takes any.

    Raises `EmbedderError`: no numbers, another shape, NaN or infinity.
    """
    import numpy as np

    try:
        rows = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        raise _bad(who, f"did not give {texts} rows of numbers, all of one length") from None
    if rows.ndim != 2 or rows.shape[0] != texts or rows.shape[1] == 0:
        raise _bad(who, f"gave an array of shape {rows.shape} for {texts} texts")
    if dimension is not None and rows.shape[1] != dimension:
        raise _bad(who, f"gave vectors of {rows.shape[1]} numbers, and {dimension} before")
    if not np.isfinite(rows).all():
        raise _bad(who, "gave a vector with NaN or infinity in it")
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    rows = rows / np.where(largest > _SQUARE_FITS, largest, 1.0)
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    scaled = (lengths > 0) & (np.abs(lengths - 1) > _UNIT)  # a row that was scaled once stays as it is, bit for bit
    return (rows / np.where(scaled, lengths, 1.0)).astype(np.float32)


def _bad(who: str, what: str) -> EmbedderError:
    return EmbedderError(f"{who} {what}.", fix="It must give one row a text, (n, d), always the same d.")


def is_blank(text: str) -> bool:
    """An empty text has no meaning, and a row of zeros."""
    return not text or text.isspace()
