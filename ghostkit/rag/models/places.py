"""Where models lie on this machine: ghostkit's own folder, the Hugging Face cache, or a folder that is named."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ghostkit.errors import EmbedderError
from ghostkit.rag.models.known import KnownModel, known_model
from ghostkit.rag.models.layout import ModelFiles, looks_like_a_model, model_files

Source = Literal["ghostkit", "hugging face", "folder"]
_NAME: Final = re.compile(r"^[\w][\w.-]*(/[\w][\w.-]*)?$")
_DOWNLOAD: Final = ".fetching"
"""Where downloads lie until they are whole and checked."""


@dataclass(frozen=True, kw_only=True)
class FoundModel:
    """A model that is there. `name` is what people call it where we know it, else its repository or folder."""

    name: str
    path: Path
    source: Source
    files: ModelFiles
    known: KnownModel | None = None

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1; None: many, or nobody said (`languages_known` tells which)."""
        return self.known.languages if self.known is not None else None

    @property
    def is_reranker(self) -> bool:
        return self.files.classifies or (self.known is not None and self.known.reranker)


def models_folder() -> Path:
    """Ghostkit's own: the setting `models_dir` (GHOSTKIT_MODELS), else in the user's folder for data."""
    from ghostkit.settings import get_settings

    given = get_settings().models_dir
    if given is not None:
        return given
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "ghostkit" / "models"


def hugging_face_cache() -> Path:
    """Where huggingface_hub keeps downloads, by its own variables; nothing of it is imported."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return Path(os.environ[variable]).expanduser()
    home = os.environ.get("HF_HOME")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return (Path(home).expanduser() if home else base) / "hub"


def checked_name(name: str) -> str:
    """`name`, if it can be a repository's. Raises `EmbedderError`."""
    if not _NAME.match(name) or ".." in name or len(name) > 200:
        raise EmbedderError(
            f"{name!r} can't be a model's name.", fix="Write organisation/model, or a name of `ghostkit models list`."
        )
    return name


def own_path(repository: str) -> Path:
    """Where ghostkit keeps this repository's files."""
    return models_folder() / checked_name(repository).replace("/", "--")


def download_path(repository: str) -> Path:
    return models_folder() / _DOWNLOAD / checked_name(repository).replace("/", "--")


def find_model(name: str) -> FoundModel | None:
    """The model called `name`: by what people call it, its repository or a folder's path. Downloads nothing."""
    folder = Path(name).expanduser()
    if _is_path(name) and folder.is_dir():
        return _found(folder.resolve().name, folder, "folder")
    if not _NAME.match(name):
        return None
    wanted = _repositories(name)
    for found in all_models():
        if found.name.lower() in wanted or _repository_of(found).lower() in wanted:
            return found
    return _found(folder.resolve().name, folder, "folder") if folder.is_dir() else None


def all_models() -> list[FoundModel]:
    """Every model in ghostkit's folder and in the Hugging Face cache; one that is in both, once."""
    found: dict[str, FoundModel] = {}
    for model in (*_own(), *_cached()):
        found.setdefault(model.name.lower(), model)
    return sorted(found.values(), key=lambda model: model.name.lower())


def _own() -> Iterator[FoundModel]:
    for path in _folders(models_folder()):
        if not path.name.startswith(".") and looks_like_a_model(path):
            yield _found(path.name.replace("--", "/", 1), path, "ghostkit")


def _cached() -> Iterator[FoundModel]:
    """`models--ORG--NAME/snapshots/COMMIT`; the one that `refs/main` names, else the newest."""
    for path in _folders(hugging_face_cache()):
        if not path.name.startswith("models--"):
            continue
        snapshots = _folders(path / "snapshots")
        try:
            main = (path / "refs" / "main").read_text("utf-8").strip()
        except (OSError, ValueError):
            main = ""
        snapshots.sort(key=lambda one: (one.name == main, one.stat().st_mtime), reverse=True)
        if snapshots and looks_like_a_model(snapshots[0]):
            yield _found(path.name.removeprefix("models--").replace("--", "/", 1), snapshots[0], "hugging face")


def _found(name: str, path: Path, source: Source) -> FoundModel:
    known = known_model(name)
    return FoundModel(
        name=known.name if known else name, path=path, source=source, files=model_files(path), known=known
    )


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(one for one in path.iterdir() if one.is_dir())
    except OSError:
        return []


def _repositories(name: str) -> set[str]:
    known = known_model(name)
    names = {name, f"sentence-transformers/{name}"} | ({known.name, known.repository} if known else set())
    return {one.lower() for one in names}


def _repository_of(found: FoundModel) -> str:
    return found.known.repository if found.known is not None else found.name


def _is_path(name: str) -> bool:
    return name.startswith((".", "~", "/", "\\")) or "\\" in name or Path(name).is_absolute() or name.count("/") > 1
