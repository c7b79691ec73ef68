"""What a vendor sent, looked at: as many vectors as texts, all as long, all of finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostkit.errors import BadAnswer
from ghostkit.providers.embeddings import EmbeddingModel, Numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def checked_vectors(
    given: Sequence[Numbers], texts: int, known: EmbeddingModel, request_id: str = ""
) -> NDArray[np.float32]:
    """float32 (n, d), each row L2-normalised.

    :raises BadAnswer: it is anything else, for which nobody knows what it would find.
    """
    import numpy as np

    if len(given) != texts:
        raise _wrong(known, f"sent {len(given)} vectors for {texts} texts", request_id)
    try:
        rows = [np.frombuffer(one, "<f4") if isinstance(one, bytes) else np.asarray(one, np.float64) for one in given]
    except (TypeError, ValueError):
        raise _wrong(known, "sent something that is not numbers", request_id) from None
    lengths = {row.shape for row in rows}
    expected = known.dimension or (rows[0].shape[0] if rows[0].ndim == 1 else 0)
    if lengths != {(expected,)} or not expected:
        sizes = ", ".join(sorted({str(row.size) for row in rows})[:4])
        raise _wrong(known, f"sent vectors of {sizes} numbers where {expected or 'some'} were expected", request_id)
    vectors = np.stack(rows).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all():
        raise _wrong(known, "sent a vector with numbers that are none", request_id)
    if not norms.all():
        raise _wrong(known, "sent a vector of nothing but zeros", request_id)
    return np.ascontiguousarray(vectors / norms, dtype=np.float32)


def _wrong(known: EmbeddingModel, what: str, request_id: str) -> BadAnswer:
    return BadAnswer(
        f"{known.name} {what}.",
        fix="Try again; if it stays, check the base URL, or choose another embedding model.",
        request_id=request_id,
    )
