"""Take a model off this disk."""

from __future__ import annotations

import shutil

from ghostkit.errors import EmbedderError, storage_errors
from ghostkit.rag.models.fetch import repository_of
from ghostkit.rag.models.places import download_path, find_model, own_path


def remove_model(name: str) -> int:
    """Remove what ghostkit fetched, an unfinished download too; how many bytes are free again.

    Raises `EmbedderError` where it isn't there, or lies in a place that others use.
    """
    repository = repository_of(name)
    places = [path for path in (own_path(repository), download_path(repository)) if path.is_dir()]
    if not places:
        found = find_model(repository)
        if found is None:
            raise EmbedderError(f"The model {name} is not on this machine.", fix="`ghostkit models list` says what is.")
        raise EmbedderError(
            f"{found.name} lies in the Hugging Face cache, which other programs use too.",
            fix=f"Remove it there: hf cache rm model/{repository}",
        )
    freed = 0
    for path in places:
        with storage_errors(path, "remove"):
            freed += sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
            shutil.rmtree(path)
    return freed
