"""A model on this machine as an `Embedder`: loaded when first asked, run in a worker thread, one call at a time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ghostkit.errors import EmbedderError, GhostkitError
from ghostkit.rag.embedding.contract import EmbedderInfo, Role
from ghostkit.rag.embedding.rows import is_blank, unit_rows
from ghostkit.rag.embedding.threads import in_thread
from ghostkit.rag.models.known import prompts_by_name
from ghostkit.rag.models.places import FoundModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TOKENS: Final = 1024
"""What is longer is cut, even where a model takes more: attention needs memory by the square of it."""
USUAL_TOKENS: Final = 512
_CHARACTERS_A_TOKEN: Final = 64
"""More than any token has; a text is cut here before it is taken apart, so that 50 MB of it are no harm."""
_TEXTS_AT_ONCE: Final = 256


class LoadedModel(Protocol):
    """`encode` gives one row a text, (n, dimension); it sorts and batches as it likes."""

    @property
    def dimension(self) -> int: ...
    @property
    def revision(self) -> str: ...
    @property
    def max_tokens(self) -> int: ...

    def encode(self, texts: list[str]) -> NDArray[np.float32]: ...


class LocalEmbedder:
    """See `Embedder`. `load` makes the model from its files; it may take seconds and gigabytes."""

    def __init__(
        self, kind: str, model: FoundModel, load: Callable[[FoundModel], LoadedModel], *, chosen_because: str = ""
    ) -> None:
        self.name = f"{kind}:{model.name}"
        self.chosen_because = chosen_because
        self._files = model
        self._load = load
        self._model: LoadedModel | None = None
        self._loading = threading.Lock()
        self._running = threading.Lock()

    async def info(self) -> EmbedderInfo:
        model = await in_thread(self._loaded)
        known = self._files.known
        return EmbedderInfo(
            name=self.name,
            dimension=model.dimension,
            revision=model.revision,
            threshold=known.threshold if known else 0.0,
            languages=self._files.languages,
            max_tokens=model.max_tokens,
        )

    async def embed(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Raises `EmbedderError` where the model can't be loaded or fails."""
        import numpy as np

        model = await in_thread(self._loaded)
        prompt = prompts_of(self._files)[0 if role == "query" else 1]
        rows = np.zeros((len(texts), model.dimension), dtype=np.float32)
        order = sorted((i for i, text in enumerate(texts) if not is_blank(text)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _TEXTS_AT_ONCE):  # a cancellation is heard between two of these
            some = order[start : start + _TEXTS_AT_ONCE]
            rows[some] = await in_thread(self._run, model, [texts[i] for i in some], prompt)
        return rows

    async def aclose(self) -> None:
        """Lets go of the weights; they are loaded again when asked for."""
        with self._loading:
            self._model = None

    def _loaded(self) -> LoadedModel:
        with self._loading:
            if self._model is None:
                with model_errors(self.name):
                    self._model = self._load(self._files)
            return self._model

    def _run(self, model: LoadedModel, texts: list[str], prompt: str) -> NDArray[np.float32]:
        most = model.max_tokens * _CHARACTERS_A_TOKEN
        plain = [prompt + _readable(text.lstrip()[:most]) for text in texts]
        with self._running, model_errors(self.name):
            found = model.encode(plain)
        return unit_rows(found, texts=len(texts), dimension=model.dimension, who=self.name)


class model_errors:
    """Tell of a library's failure as one `EmbedderError`; the one mapping point."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ImportError):
            package = (error.name or str(error)).partition(".")[0]
            extra = "onnx" if self._name.startswith("onnx:") else "sentence-transformers"
            raise EmbedderError(
                f"{self._name} needs the package {package}, which isn't installed.",
                fix=f'pip install "ghostkit[{extra}]"',
            ) from error
        if isinstance(error, MemoryError):
            raise EmbedderError(
                f"{self._name} does not fit into memory.", fix="Choose a smaller model, or hashing."
            ) from error
        if isinstance(error, Exception) and not isinstance(error, GhostkitError):
            said = " ".join(str(error).split())[:300]
            raise EmbedderError(
                f"{self._name} failed: {type(error).__name__}: {said}",
                fix="`ghostkit models list` says what is there; remove and fetch it again if its files are damaged.",
            ) from error


def prompts_of(model: FoundModel) -> tuple[str, str]:
    """(query, passage): from the model's own files, else by its name."""
    if model.files.prompts is not None:
        return model.files.prompts
    return prompts_by_name(model.known.repository if model.known else model.name)


def tokens_read(model: FoundModel) -> int:
    return min(model.files.max_tokens or USUAL_TOKENS, MOST_TOKENS)


def revision_of(model: FoundModel, weights: Iterable[Path], *more: object) -> str:
    """12 hex digits of all that the vectors depend on: weights, tokenizer, pooling, prompts, length."""
    together = hashlib.sha256()
    for path in (*sorted(weights), model.path / "tokenizer.json"):
        if path.is_file():
            together.update(_file_digest(path))
    files = model.files
    how = (files.pooling, prompts_of(model), tokens_read(model), files.lower_case, *more)
    together.update(repr(how).encode())
    return together.hexdigest()[:12]


def _file_digest(path: Path) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _readable(text: str) -> str:
    """Half of a surrogate pair becomes `?`: tokenizers take UTF-8 alone."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
