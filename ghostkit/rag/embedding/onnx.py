"""`onnx:NAME`: a model of sentences run by onnxruntime, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import EmbedderError
from ghostkit.rag.embedding.local_model import revision_of, tokens_read
from ghostkit.rag.embedding.pooling import pooled
from ghostkit.rag.models.places import FoundModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_THREADS: Final = 8
_BATCH_TEXTS: Final = 64
_BATCH_TOKENS: Final = 8192
"""Of a batch, padding counted: 100 MB or so while it is computed, by a model of twelve heads."""
_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids", "position_ids")


class OnnxModel:
    """See `LoadedModel`. Texts of like lengths are padded to one length; padding changes no row by more than 1e-5."""

    def __init__(self, model: FoundModel) -> None:
        files = model.files
        if files.onnx is None or not files.tokenizer:
            raise EmbedderError(
                f"{model.name} has no {'tokenizer.json' if files.onnx else 'ONNX file'} in {model.path}.",
                fix=f"ghostkit models fetch {model.name} --format onnx",
            )
        if files.other_layers:
            raise EmbedderError(
                f"{model.name} has a layer that onnxruntime is not given here ({', '.join(files.other_layers)}).",
                fix=f"Use sentence-transformers:{model.name}.",
            )
        self.max_tokens = tokens_read(model)
        self._pooling = files.pooling
        self._lower_case = files.lower_case
        # The scale of a quantised model's numbers is that of the whole batch: a text must stand alone in it.
        self._batch_texts = 1 if files.quantised else _BATCH_TEXTS
        self._tokenizer = _tokenizer(model, self.max_tokens)
        self._padding = self._tokenizer.token_to_id(files.pad_token) or 0
        self._session = session_of(str(files.onnx))
        self._inputs = {one.name: one.type for one in self._session.get_inputs()}
        unknown = [name for name in self._inputs if name not in _INPUTS]
        if unknown:
            raise EmbedderError(f"{model.name} wants an input {unknown[0]!r}.", fix="Choose a model of sentences.")
        self._output, self._is_pooled = _output(self._session)
        self.dimension = int(self.encode(["a"]).shape[1])
        onnx_files = [path for path in files.onnx.parent.glob(f"{files.onnx.name}*") if path.is_file()]
        self.revision = revision_of(model, onnx_files, self._session.get_providers()[0])

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        import numpy as np

        if self._lower_case:
            texts = [text.lower() for text in texts]
        coded = self._tokenizer.encode_batch(texts)
        ids, kinds = [one.ids for one in coded], [one.type_ids for one in coded]
        rows: dict[int, NDArray[Any]] = {}
        for batch in self._batches([len(one) for one in ids]):
            rows |= zip(batch, self._run([ids[i] for i in batch], [kinds[i] for i in batch]), strict=True)
        return np.stack([rows[i] for i in range(len(texts))])

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        batch: list[int] = []
        for place in sorted(range(len(lengths)), key=lengths.__getitem__):
            full = len(batch) >= self._batch_texts or (len(batch) + 1) * lengths[place] > _BATCH_TOKENS
            if batch and full:
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch

    def _run(self, ids: list[list[int]], kinds: list[list[int]]) -> NDArray[np.float32]:
        import numpy as np

        longest = max(1, *map(len, ids))
        mask = np.array([[1] * len(one) + [0] * (longest - len(one)) for one in ids], dtype=np.int64)
        known = {
            "input_ids": np.array([one + [self._padding] * (longest - len(one)) for one in ids], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([one + [0] * (longest - len(one)) for one in kinds], dtype=np.int64),
            "position_ids": np.broadcast_to(np.arange(longest, dtype=np.int64), mask.shape),
        }
        given = {
            name: known[name].astype(np.int32) if "int32" in kind else known[name]
            for name, kind in self._inputs.items()
        }
        found = self._session.run([self._output], given)[0]
        rows: NDArray[np.float32] = found if self._is_pooled else pooled(found, mask, self._pooling)
        return rows


def _tokenizer(model: FoundModel, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model.path / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def session_of(path: str) -> Any:
    """An onnxruntime session of a few threads; cross-encoders are run with it too."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, min(os.cpu_count() or 1, _THREADS))
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # batches differ in shape, and each pattern would be kept
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"use_tf32": "0"}))  # untested: TF32 would cost 1e-3
    return onnxruntime.InferenceSession(path, options, providers=providers)


def _output(session: Any) -> tuple[str, bool]:
    """Which output is taken, and whether it has one row a text already."""
    outputs = {one.name: len(one.shape or ()) for one in session.get_outputs()}
    if outputs.get("sentence_embedding") == 2:
        return "sentence_embedding", True
    tokens = [name for name, rank in outputs.items() if rank == 3]
    for name in ("last_hidden_state", "token_embeddings", *tokens):
        if name in tokens:
            return name, False
    raise EmbedderError(
        f"The ONNX model has no output of one vector a token, only {', '.join(outputs)}.",
        fix="Choose a model of sentences, or export it with its last hidden state.",
    )
