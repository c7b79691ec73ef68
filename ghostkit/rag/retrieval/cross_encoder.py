"""Cross-encoders on this machine: run by onnxruntime without torch, or by sentence-transformers.

A score is the model's logit through the logistic function, 0 to 1, whichever runs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from ghostkit.errors import EmbedderError
from ghostkit.rag.embedding.local_model import model_errors, tokens_read
from ghostkit.rag.models import FoundModel
from ghostkit.rag.retrieval.threads import in_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_PAIRS: Final = 16
QUERY_CHARACTERS: Final = 2_000
"""Of a question: the passage must have room beside it."""
PASSAGE_CHARACTERS: Final = 8_000


class PairModel(Protocol):
    """`scores` gives one number a pair, 0 to 1."""

    def scores(self, pairs: list[tuple[str, str]]) -> list[float]: ...


class CrossEncoderReranker:
    """See `Reranker`. Loaded when first asked, in a worker thread; one call at a time uses the model."""

    def __init__(self, kind: str, model: FoundModel, load: Callable[[FoundModel], PairModel] | None = None) -> None:
        self.name = f"{kind}:{model.name}"
        self._files = model
        self._load: Callable[[FoundModel], PairModel] = load or _LOADERS[kind]
        self._model: PairModel | None = None
        self._loading = threading.Lock()
        self._running = threading.Lock()

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Raises `EmbedderError` where the model can't be loaded or fails."""
        pairs = [(query[:QUERY_CHARACTERS], text[:PASSAGE_CHARACTERS]) for text in texts]
        found: list[float] = []
        for at in range(0, len(pairs), BATCH_PAIRS):  # a cancellation is heard between two of these
            found += await in_thread(self._run, pairs[at : at + BATCH_PAIRS])
        return found

    async def aclose(self) -> None:
        """Lets go of the weights; they are loaded again when asked for."""
        with self._loading:
            self._model = None

    def _run(self, pairs: list[tuple[str, str]]) -> list[float]:
        with model_errors(self.name):
            with self._loading:
                model = self._model = self._model or self._load(self._files)
            with self._running:
                return model.scores(pairs)


class OnnxPairs:
    """A cross-encoder's ONNX file with its tokenizer.json."""

    def __init__(self, model: FoundModel) -> None:
        from ghostkit.rag.embedding.onnx import session_of

        files = model.files
        if files.onnx is None or not files.tokenizer:
            raise EmbedderError(
                f"{model.name} has no {'tokenizer.json' if files.onnx else 'ONNX file'} in {model.path}.",
                fix=f"ghostkit models fetch {model.name} --format onnx",
            )
        self._tokenizer = _pair_tokenizer(model, files.pad_token)
        self._session = session_of(str(files.onnx))
        self._inputs = {one.name: one.type for one in self._session.get_inputs()}
        self._together = not files.quantised
        """A quantised model's numbers depend on what else is in the batch: there a pair stands alone."""

    def scores(self, pairs: list[tuple[str, str]]) -> list[float]:
        if self._together:
            return self._scores(pairs)
        return [score for pair in pairs for score in self._scores([pair])]

    def _scores(self, pairs: list[tuple[str, str]]) -> list[float]:
        import numpy as np

        coded = self._tokenizer.encode_batch(pairs)
        mask = np.array([one.attention_mask for one in coded], dtype=np.int64)
        known = {
            "input_ids": np.array([one.ids for one in coded], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([one.type_ids for one in coded], dtype=np.int64),
            "position_ids": np.broadcast_to(np.arange(mask.shape[1], dtype=np.int64), mask.shape),
        }
        given = {
            name: known[name].astype(np.int32) if "int32" in kind else known[name]
            for name, kind in self._inputs.items()
        }
        return logistic(self._session.run(None, given)[0])


class TorchPairs:
    """A cross-encoder run by sentence-transformers, on the best device there is; no code of the model's own is run."""

    def __init__(self, model: FoundModel) -> None:
        from sentence_transformers import CrossEncoder

        from ghostkit.rag.embedding.sentence_transformers import best_device

        if not model.files.safetensors:
            raise EmbedderError(
                f"{model.name} has no safetensors in {model.path}.",
                fix=f"ghostkit models fetch {model.name} --format safetensors; pickled weights are never loaded.",
            )
        self._model = CrossEncoder(
            str(model.path),
            device=best_device(),
            trust_remote_code=False,
            local_files_only=True,
            max_length=tokens_read(model),
            model_kwargs={"use_safetensors": True},
        )

    def scores(self, pairs: list[tuple[str, str]]) -> list[float]:
        import torch

        logits = self._model.predict(
            pairs, batch_size=BATCH_PAIRS, show_progress_bar=False, activation_fn=torch.nn.Identity()
        )
        return logistic(logits)


def logistic(logits: NDArray[Any]) -> list[float]:
    """From (n,), (n, 1), or (n, 2) where the second class means that the passage answers.

    Raises `EmbedderError` for any other shape: that model is no re-ranker.
    """
    import numpy as np

    values: NDArray[np.float64] = np.asarray(logits, dtype=np.float64)
    if values.ndim == 2 and values.shape[1] == 2:
        values = values[:, 1] - values[:, 0]
    elif values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise EmbedderError(
            f"The model gives {values.shape[-1]} numbers for a pair, and a re-ranker gives one.",
            fix="Choose a cross-encoder that scores passages.",
        )
    return [float(one) for one in 0.5 * (1.0 + np.tanh(0.5 * values))]


def _pair_tokenizer(model: FoundModel, pad_token: str) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model.path / "tokenizer.json"))
    tokenizer.enable_truncation(tokens_read(model), strategy="longest_first")
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id(pad_token) or 0, pad_token=pad_token or "[PAD]")
    return tokenizer


_LOADERS: Final[dict[str, Callable[[FoundModel], PairModel]]] = {"onnx": OnnxPairs, "sentence-transformers": TorchPairs}
