"""Fetch a model's files from the Hugging Face hub, when somebody asked for it: only what is needed, each one checked.

A download lies in a folder of its own until it is whole, goes on where it was cut off, and is then renamed into place.
Weights come as safetensors or ONNX; pickled ones (`.bin`, `.pt`) and code are never fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from ghostkit.errors import EmbedderError, storage_errors
from ghostkit.rag.models.known import KNOWN, known_model
from ghostkit.rag.models.places import FoundModel, checked_name, download_path, find_model, own_path

Format = Literal["auto", "onnx", "safetensors", "both"]
RECORD: Final = "ghostkit.json"
"""Beside the files: where they are from, and their digests."""
_SMALL: Final = re.compile(
    r"^((\d_\w+/)?config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json"
    r"|vocab\.(txt|json)|merges\.txt|sentencepiece\.bpe\.model|spiece\.model|modules\.json|sentence_bert_config\.json"
    r"|config_sentence_transformers\.json|\d_\w+/model\.safetensors|README\.md|LICENSE(\.\w+)?)$"
)
_SAFETENSORS: Final = re.compile(r"^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$")
_ONNX: Final = re.compile(r"^(onnx/)?model\.onnx(_data|\.data)?$")

Progress = Callable[[str, int, int], object]
"""(file, bytes there of all files, bytes of all files), before each file and at the end."""


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """As the hub tells of it: `sha256` of a large file, `git_sha1` of a small one."""

    name: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


def fetch_model(
    name: str, *, format: Format = "auto", on_progress: Progress | None = None, endpoint: str | None = None
) -> FoundModel:
    """Fetch `name` (a known one, or organisation/model) into ghostkit's folder. May take minutes; blocks.

    Raises `EmbedderError`: no such model, no network, HF_HUB_OFFLINE, a file that came out wrong; `StorageError`.
    """
    repository = repository_of(name)
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise EmbedderError(
            f"HF_HUB_OFFLINE is set: {repository} was not fetched.", fix="Unset it, or copy the model's folder here."
        )
    with hub_errors(repository):
        commit, listed = _listing(repository, endpoint)
        files = wanted_files(repository, listed, format)
        part = download_path(repository)
        _room_for(part, sum(file.size for file in files))
        _download(repository, commit, files, part, on_progress or (lambda *_: None), endpoint)
    return _put_in_place(repository, commit, files, part)


def repository_of(name: str) -> str:
    """Raises `EmbedderError` for a short name that nobody knows."""
    known = known_model(name)
    if known is not None:
        return known.repository
    if "/" not in checked_name(name):
        names = ", ".join(one.name for one in KNOWN)
        raise EmbedderError(f"There is no known model {name!r}.", fix=f"Write organisation/model, or one of {names}.")
    return name


def wanted_files(repository: str, listed: Sequence[RemoteFile], format: Format) -> list[RemoteFile]:
    """What is needed to run it here: `auto` takes safetensors where sentence-transformers is installed, else ONNX."""
    onnx = _one_onnx([file for file in listed if _ONNX.match(file.name)])
    safetensors = [file for file in listed if _SAFETENSORS.match(file.name)]
    if format == "auto":
        first, second = (safetensors, onnx) if find_spec("sentence_transformers") else (onnx, safetensors)
        weights = first or second
    else:
        weights = {"onnx": onnx, "safetensors": safetensors, "both": onnx + safetensors}[format]
    if not weights:
        raise EmbedderError(
            f"{repository} has no weights as {'ONNX or safetensors' if format in ('auto', 'both') else format}.",
            fix="Pickled weights are never loaded: choose another model, or another --format.",
        )
    return [file for file in listed if _SMALL.match(file.name)] + weights


def _one_onnx(files: list[RemoteFile]) -> list[RemoteFile]:
    """Those in `onnx/`, or else those beside the other files."""
    inside = [file for file in files if file.name.startswith("onnx/")]
    return inside or files


def _listing(repository: str, endpoint: str | None) -> tuple[str, list[RemoteFile]]:
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).model_info(repository, files_metadata=True, timeout=30)
    files = []
    for one in info.siblings or ():
        lfs: Any = one.lfs
        sha256 = str(lfs["sha256"] if isinstance(lfs, dict) else lfs.sha256) if lfs else ""
        files.append(RemoteFile(name=one.rfilename, size=one.size or 0, sha256=sha256, git_sha1=one.blob_id or ""))
    return str(info.sha or "main"), files


def _download(
    repository: str, commit: str, files: Sequence[RemoteFile], part: Path, tell: Progress, endpoint: str | None
) -> None:
    from huggingface_hub import hf_hub_download

    total, there = sum(file.size for file in files), 0
    for file in files:
        tell(file.name, there, total)
        path = part / file.name
        if not (path.is_file() and _is_right(path, file)):
            hf_hub_download(repository, file.name, revision=commit, local_dir=part, endpoint=endpoint)
        if not _is_right(path, file):
            path.unlink(missing_ok=True)
            raise EmbedderError(
                f"{file.name} of {repository} came out otherwise than the hub says.", fix="Fetch it again."
            )
        there += file.size
    tell("", there, total)


def _is_right(path: Path, file: RemoteFile) -> bool:
    if file.sha256:
        with open(path, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
    if not file.git_sha1:
        return path.stat().st_size == file.size
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == file.git_sha1


def _put_in_place(repository: str, commit: str, files: Sequence[RemoteFile], part: Path) -> FoundModel:
    target = own_path(repository)
    record = {
        "repository": repository, "commit": commit,
        "files": {file.name: {"bytes": file.size, "sha256": file.sha256} for file in files},
    }  # fmt: skip
    with storage_errors(target, "put the model in place at"):
        (part / RECORD).write_text(json.dumps(record, indent=1), "utf-8")
        shutil.rmtree(part / ".cache", ignore_errors=True)  # huggingface_hub's notes on the download
        old = target.with_name(f".old-{target.name}")
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    found = find_model(repository)
    assert found is not None
    return found


def _room_for(part: Path, size: int) -> None:
    with storage_errors(part, "make the folder"):
        part.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(part).free
    if free < size:
        raise EmbedderError(
            f"The model takes {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in {part.parent.parent}.",
            fix="Make room, or set GHOSTKIT_MODELS to a folder on another disk.",
        )


@contextmanager
def hub_errors(repository: str) -> Iterator[None]:
    """Tell of huggingface_hub's errors; the one mapping point."""
    try:
        yield
    except ImportError as error:
        raise EmbedderError(
            "Fetching needs the package huggingface_hub, which isn't installed.", fix='pip install "ghostkit[onnx]"'
        ) from error
    except Exception as error:
        modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
        if isinstance(error, OSError | RuntimeError | ValueError) or modules & {"httpx", "httpx2", "huggingface_hub"}:
            raise _told(repository, error) from error
        raise


def _told(repository: str, error: Exception) -> EmbedderError:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "GatedRepoError" in kinds:
        return EmbedderError(
            f"{repository} is only given to those who accepted its terms.",
            fix=f"Accept them at https://huggingface.co/{repository}, set HF_TOKEN, and fetch again.",
        )
    if "RepositoryNotFoundError" in kinds:
        return EmbedderError(f"The hub has no model {repository}.", fix="Look at its spelling.")
    if isinstance(error, OSError) and error.errno == 28:
        return EmbedderError(f"The disk is full: {repository} was not fetched.", fix="Make room, then fetch again.")
    return EmbedderError(
        f"{repository} could not be fetched ({type(error).__name__}).",
        fix="Look at the network, then fetch again: what is there already is not fetched twice.",
    )
