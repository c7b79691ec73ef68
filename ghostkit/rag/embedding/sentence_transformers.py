"""`sentence-transformers:NAME`: a model of sentences run by torch, on the best device there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import EmbedderError
from ghostkit.rag.embedding.local_model import revision_of, tokens_read
from ghostkit.rag.models.places import FoundModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_TEXTS: Final = {"cpu": 32, "mps": 32, "cuda": 128}


def best_device() -> str:
    """cuda, else mps (Apple), else cpu."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class TorchModel:
    """See `LoadedModel`. Half precision on cuda, which its revision says; no code of the model's own is run."""

    def __init__(self, model: FoundModel) -> None:
        from sentence_transformers import SentenceTransformer

        if not model.files.safetensors:
            raise EmbedderError(
                f"{model.name} has no safetensors in {model.path}.",
                fix=f"ghostkit models fetch {model.name} --format safetensors; pickled weights are never loaded.",
            )
        self.device = best_device()
        options: dict[str, Any] = {"use_safetensors": True}
        if self.device == "cuda":
            options["dtype"] = "float16"
        _without_progress_bars()
        self._model = SentenceTransformer(
            str(model.path),
            device=self.device,
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs=options,
        )
        self._model.eval()
        self.max_tokens = tokens_read(model)
        self._model.max_seq_length = self.max_tokens
        self._batch_texts = _BATCH_TEXTS[self.device]
        self.dimension = int(self.encode(["a"]).shape[1])
        weights = model.path.rglob("*.safetensors")
        self.revision = revision_of(model, weights, "float16" if self.device == "cuda" else "float32")

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Texts have their prompts already."""
        import numpy as np

        found = self._model.encode(
            texts, prompt="", batch_size=self._batch_texts, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(found, dtype=np.float32)


def _without_progress_bars() -> None:
    """Loading prints one otherwise, into a notebook or between a command's lines."""
    from transformers.utils import logging

    logging.disable_progress_bar()
