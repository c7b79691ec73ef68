"""The scan of a GPU, tried with PyTorch on the CPU: the same results, bit for bit. On a real device: `make bench`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from ghostkit.rag.index import gpu
from ghostkit.rag.index.exact import FLOAT32_UNIT, TF32_UNIT
from ghostkit.rag.index.flat import ranked, scan
from ghostkit.rag.index.gpu import GpuScan, TorchDevice, gpu_finder
from ghostkit.rag.index.part import Visible

from .test_flat import names, part


def test_where_no_device_is_to_be_seen_torch_is_not_even_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_DEVICES", ("/nowhere",))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(gpu, "find_spec", None)
    assert gpu_finder(part(10, 4, 1)) is None


def test_a_driver_that_does_not_fit_leaves_the_work_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bool:
        raise RuntimeError("CUDA driver version is insufficient")

    monkeypatch.setattr(gpu, "_DEVICES", ("/",))
    monkeypatch.setattr(gpu, "find_spec", lambda name: object() if name == "torch" else None)
    monkeypatch.setattr(gpu, "import_module", lambda name: SimpleNamespace(cuda=SimpleNamespace(is_available=broken)))
    assert gpu_finder(part(10, 4, 1)) is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [1, 10, 60])
def test_torch_finds_what_the_scan_finds_bit_for_bit(seed: int, limit: int) -> None:
    pytest.importorskip("torch")
    base = part(300, 16, seed)
    device = GpuScan(base=base, device=TorchDevice(base, "cpu"))
    queries = np.random.default_rng(seed).standard_normal((5, 16)).astype(np.float32)
    queries[0] = base.vectors[np.flatnonzero(base.vectors.any(axis=1))[0]]
    for seen in (Visible(base), Visible(base, np.arange(3, 200, 2))):
        expected = [
            ranked(one, query, limit, names) for query, one in zip(queries, scan([seen], queries, limit), strict=True)
        ]
        found = device.candidates(seen, queries, limit)
        assert [ranked(one, query, limit, names) for query, one in zip(queries, found, strict=True)] == expected


def test_what_the_user_lets_torch_round_to_widens_what_is_looked_at() -> None:
    torch = pytest.importorskip("torch")
    device = TorchDevice(part(5, 4, 1), "cpu")
    before = torch.get_float32_matmul_precision()
    try:
        for precision, unit in (("highest", FLOAT32_UNIT), ("high", TF32_UNIT), ("medium", gpu.BFLOAT16_UNIT)):
            torch.set_float32_matmul_precision(precision)
            assert device.unit == unit
    finally:
        torch.set_float32_matmul_precision(before)


class Stub:
    """A device that gives scores with an error as great as it says."""

    filters, most = False, 2048

    def __init__(self, vectors: np.ndarray, unit: float) -> None:
        self.vectors, self.unit = vectors, unit

    def best(self, queries: np.ndarray, count: int, at: object) -> tuple[np.ndarray, np.ndarray]:
        noise = np.random.default_rng(1).uniform(-1, 1, (len(queries), len(self.vectors))) * self.unit
        scores = (queries @ self.vectors.T + noise).astype(np.float32)
        places = np.argsort(-scores, axis=1)[:, :count]
        return np.take_along_axis(scores, places, axis=1), places


def test_a_device_that_runs_full_leaves_the_question_to_the_cpu() -> None:
    class Full(Stub):
        def best(self, queries: np.ndarray, count: int, at: object) -> tuple[np.ndarray, np.ndarray]:
            raise RuntimeError("CUDA out of memory")

    base = part(60, 8, 1)
    device = GpuScan(base=base, device=Full(base.vectors, TF32_UNIT))  # type: ignore[arg-type]
    [found] = device.candidates(Visible(base), base.vectors[:1], 5)
    [exact] = scan([Visible(base)], base.vectors[:1], 5)
    assert ranked(found, base.vectors[0], 5, names) == ranked(exact, base.vectors[0], 5, names)


@pytest.mark.parametrize("seed", range(5))
def test_a_device_that_rounds_coarsely_changes_no_result(seed: int) -> None:
    base = part(400, 16, seed)
    device = GpuScan(base=base, device=Stub(base.vectors, TF32_UNIT))  # type: ignore[arg-type]
    queries = base.vectors[np.flatnonzero(base.vectors.any(axis=1))[:4]]
    for seen in (Visible(base), Visible(base, np.arange(0, 400, 3))):
        found = device.candidates(seen, queries, 7)
        for query, one, exact in zip(queries, found, scan([seen], queries, 7), strict=True):
            assert ranked(one, query, 7, names) == ranked(exact, query, 7, names)
