"""The file that says which base counts: everything a reader checks before it uses one."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ghostkit.rag.index.durable import replace_file

FILE_NAME = "manifest.json"
FORMAT = 1
_MOST_BYTES = 1_000_000

Count = Annotated[int, Field(ge=0, lt=2**48)]


class Unusable(Exception):
    """A base that must not be used; the message says why, as in "its manifest is torn"."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileNote(_Strict):
    name: str = Field(pattern=r"^base-[0-9]{1,12}\.(vectors|rows|faiss)$")
    size: Count
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class IndexNote(_Strict):
    """An approximate index beside the base; `recall` is its recall@10, measured on these vectors when it was built."""

    kind: Literal["ivf", "hnsw"]
    parameters: dict[str, int]
    recall: float = Field(ge=0, le=1)
    file: FileNote


class Manifest(_Strict):
    format: Literal[1] = 1
    embedder: str
    dimension: int = Field(ge=1, le=1_000_000)
    epoch: str
    version: Count
    """Of the store, when the base was made."""
    count: Count
    vectors: FileNote
    rows: FileNote
    index: IndexNote | None = None
    flat_because: str = Field(default="", max_length=1000)
    """Why an index that the size wants was not kept."""
    seal: str = ""
    """HMAC-SHA256 of the rest under this user's key; without it no FAISS file is read."""

    def sealed(self, key: bytes) -> Manifest:
        return self.model_copy(update={"seal": self._seal(key)})

    def is_sealed(self, key: bytes) -> bool:
        return hmac.compare_digest(self.seal.encode(), self._seal(key).encode())

    def _seal(self, key: bytes) -> str:
        canonical = json.dumps(self.model_dump(mode="json", exclude={"seal"}), sort_keys=True)
        return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()

    def files(self) -> list[FileNote]:
        return [self.vectors, self.rows, *([self.index.file] if self.index else [])]


def read_manifest(folder: Path) -> Manifest | None:
    """None where there is none. Raises `Unusable`."""
    try:
        with open(folder / FILE_NAME, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"its manifest can't be read ({error.strerror})") from error
    if len(data) > _MOST_BYTES:
        raise Unusable("its manifest is far too long")
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Unusable(f"its manifest is torn, or of another format{f' ({place})' if place else ''}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The swap: readers see the old base until this rename, and the new one from then on."""
    replace_file(folder / FILE_NAME, manifest.model_dump_json(indent=1).encode())
