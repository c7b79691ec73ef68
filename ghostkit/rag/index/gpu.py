"""An exact scan of the base by a GPU: FAISS's where it has one, else PyTorch's.

Both bring everything that could be among the best, with ε for the precision that the device multiplies with; the
scores are `exact_scores`, so that results are those of the CPU, bit for bit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ghostkit.rag.index.approximate import faiss
from ghostkit.rag.index.base import NORM_TOLERANCE
from ghostkit.rag.index.exact import FLOAT32_UNIT, TF32_UNIT, epsilon, norms
from ghostkit.rag.index.flat import scan
from ghostkit.rag.index.part import Part, Visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index.finder import Finder
    from ghostkit.rag.index.part import Candidates

    Found = tuple[NDArray[np.float32], NDArray[np.int64]]
    """Scores and positions, (n, k), best first."""

BFLOAT16_UNIT: Final = 2.0**-8
_SCORES_AT_ONCE: Final = 250_000_000
"""1 GB of float32 on the device."""
_FAISS_MOST: Final = 2048
"""`k` that FAISS's GPU kernels can do."""
_DEVICES: Final = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def gpu_finder(base: Part) -> Finder | None:
    """A finder on the first GPU that FAISS or PyTorch can use; None where there is none, or no room on it.

    Neither is imported where no device is to be seen.
    """
    if "torch" not in sys.modules and not any(Path(device).exists() for device in _DEVICES):
        return None
    try:
        return _faiss_finder(base) or _torch_finder(base)
    except (RuntimeError, ImportError, OSError):  # a driver that doesn't fit, a full device: the CPU finds the same
        return None


@dataclass(frozen=True, eq=False, kw_only=True)
class GpuScan:
    """`device` gives the nearest of all it holds (`best`), or also of some (`only`)."""

    base: Part
    device: FaissDevice | TorchDevice
    kind: str = "gpu"
    recall: float = 1.0
    parameters: Mapping[str, int] = field(default_factory=dict)

    def candidates(self, seen: Visible, queries: NDArray[np.float32], limit: int) -> Sequence[list[Candidates]]:
        if seen.at is not None and not self.device.filters:
            return list(scan([seen], queries, limit))
        return list(self._found(seen, queries, limit))

    def _found(self, seen: Visible, queries: NDArray[np.float32], limit: int) -> Iterator[list[Candidates]]:
        block = max(1, _SCORES_AT_ONCE // len(self.base))
        for start in range(0, len(queries), block):
            some = queries[start : start + block]
            try:
                scores, at = self.device.best(some, min(2 * limit + 32, len(seen), self.device.most), seen.at)
            except RuntimeError:  # no room left on the device: the CPU finds the same
                yield from scan([seen], some, limit)
                continue
            for number, query in enumerate(some):
                yield self._one(seen, query, limit, scores[number], at[number])

    def _one(
        self, seen: Visible, query: NDArray[np.float32], limit: int, scores: NDArray[np.float32], at: NDArray[np.int64]
    ) -> list[Candidates]:
        """Those that could be among the best; all are scanned where the device can't bring so many that are alike."""
        if len(at) < len(seen):
            length = float(norms(query[None, :])[0]) * (1.0 + NORM_TOLERANCE)
            slack = 2.0 * epsilon(len(query), length, self.device.unit)
            if len(at) <= limit or not float(scores[-1]) < float(scores[limit - 1]) - slack:
                return next(scan([seen], query[None, :], limit))
        return [(self.base.vectors[at], self.base.rows[at])]


class TorchDevice:
    """The base as a tensor on `name` ("cuda", or "cpu" in tests)."""

    filters: Final = True
    most: Final = sys.maxsize

    def __init__(self, base: Part, name: str) -> None:
        import numpy as np

        self._torch = torch = import_module("torch")
        self._vectors = torch.from_numpy(np.array(base.vectors)).to(name)

    @property
    def unit(self) -> float:
        """Of what the process has allowed matrix products to be rounded to; a setting of the user's, not ours."""
        try:
            precision = self._torch.get_float32_matmul_precision()
            fast = precision != "highest" or self._torch.backends.cuda.matmul.allow_tf32
        except RuntimeError:  # set through both of torch's interfaces: nobody can say
            return BFLOAT16_UNIT
        if precision == "medium":
            return BFLOAT16_UNIT
        return TF32_UNIT if fast else FLOAT32_UNIT

    def best(self, queries: NDArray[np.float32], count: int, at: NDArray[np.int64] | None) -> Found:
        torch, vectors = self._torch, self._vectors
        with torch.inference_mode():
            scores = torch.from_numpy(queries).to(vectors.device) @ vectors.T
            if at is not None:
                hidden = torch.ones(len(vectors), dtype=torch.bool, device=vectors.device)
                hidden[torch.from_numpy(at).to(vectors.device)] = False
                scores.masked_fill_(hidden, float("-inf"))
            values, places = torch.topk(scores, count, dim=1)
        return values.cpu().numpy(), places.cpu().numpy()


class FaissDevice:
    """The base in a flat index of FAISS's on the first GPU."""

    filters: Final = False
    most: Final = _FAISS_MOST
    unit: Final = TF32_UNIT
    """cuBLAS may use tensor cores; nothing of FAISS's tells whether it does."""

    def __init__(self, base: Part, lib: Any) -> None:
        import numpy as np

        self._resources = lib.StandardGpuResources()
        self._index = lib.GpuIndexFlatIP(self._resources, base.vectors.shape[1])
        for start in range(0, len(base), 100_000):
            self._index.add(np.ascontiguousarray(base.vectors[start : start + 100_000]))

    def best(self, queries: NDArray[np.float32], count: int, at: NDArray[np.int64] | None) -> Found:
        scores, places = self._index.search(queries, count)
        return scores, places


def _faiss_finder(base: Part) -> Finder | None:
    if find_spec("faiss") is None:
        return None
    lib = faiss()
    if not hasattr(lib, "StandardGpuResources") or not lib.get_num_gpus():
        return None
    return GpuScan(base=base, device=FaissDevice(base, lib))


def _torch_finder(base: Part) -> Finder | None:
    if find_spec("torch") is None:
        return None
    cuda = import_module("torch").cuda
    return GpuScan(base=base, device=TorchDevice(base, "cuda")) if cuda.is_available() else None
