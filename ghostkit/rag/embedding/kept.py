"""`KeptEmbedder`: an embedder whose vectors are kept, so that no text is ever embedded twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ghostkit.errors import GhostkitError, StorageError
from ghostkit.rag.document import text_digest
from ghostkit.rag.embedding.claims import Claim
from ghostkit.rag.embedding.contract import Embedder, EmbedderInfo, Role
from ghostkit.rag.embedding.rows import is_blank, unit_rows
from ghostkit.rag.embedding.threads import in_thread, wait_in_thread
from ghostkit.rag.embedding.vector_store import VectorStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.cache import CacheManager

BATCH_TEXTS: Final = 64
"""What a kill can lose of a real model's work; `hashing` is done with a thousand in the same time."""
LEXICAL_BATCH_TEXTS: Final = 1000
TOLD_BATCH_TEXTS: Final = 2048
"""For an embedder that says itself when a batch of its own is there, as vendors do: each is kept at once."""
BATCH_CHARACTERS: Final = 1_000_000

Progress = Callable[[int, int], object]
"""(texts ready, texts asked for), counted once each however often they were asked for."""


@dataclass(kw_only=True)
class Counts:
    """Texts since the embedder was made. `asked` = `blank` + `repeated` + `kept` + `cached` + `computed` + `waited`."""

    asked: int = 0
    blank: int = 0
    repeated: int = 0
    """Equal to another of the same call."""
    kept: int = 0
    cached: int = 0
    """Found in the cache that other books share."""
    computed: int = 0
    waited: int = 0
    """Computed by another task meanwhile."""


class KeptEmbedder:
    """Looks in `store`, then in `cache` if one is given, and asks `inner` for the rest, batch by batch.

    A batch is durable before the next is asked for, so a kill or a cancellation loses one at most. Tasks that want
    the same text at the same time have it computed once. `on_progress` is called in the caller's task.
    """

    def __init__(
        self,
        inner: Embedder,
        store: VectorStore,
        *,
        cache: CacheManager | None = None,
        batch_texts: int | None = None,
        batch_characters: int = BATCH_CHARACTERS,
        on_progress: Progress | None = None,
    ) -> None:
        self.inner = inner
        self.store = store
        self.counts = Counts()
        self.trouble = ""
        """Why the cache, or the store for a question's vector, could not be used; nothing was lost by it."""
        self.on_progress = on_progress
        self.tells_batches = "on_batch" in inspect.signature(inner.embed).parameters
        self._cache = cache
        self._batch_texts = batch_texts
        self._batch_characters = batch_characters

    @property
    def chosen_because(self) -> str:
        return str(getattr(self.inner, "chosen_because", ""))

    def most_texts(self, info: EmbedderInfo) -> int:
        """Of a batch."""
        usual = LEXICAL_BATCH_TEXTS if info.lexical else TOLD_BATCH_TEXTS if self.tells_batches else BATCH_TEXTS
        return self._batch_texts or usual

    async def info(self) -> EmbedderInfo:
        return await self.inner.info()

    async def aclose(self) -> None:
        """Closes `inner`; the store is its owner's."""
        await self.inner.aclose()

    async def embed(self, texts: Sequence[str], role: Role, *, on_progress: Progress | None = None) -> NDArray[Any]:
        """See `Embedder.embed`. Raises `StorageError` where a passage's vector can't be kept."""
        import numpy as np

        info = await self.inner.info()
        if info.lexical and role == "query":
            return await self._embedded_anew(texts, role)
        digests = await in_thread(_digests, texts)
        wanted = {digest: text for digest, text in zip(digests, texts, strict=True) if digest}
        blank = digests.count("")
        self.counts.asked += len(texts)
        self.counts.blank += blank
        self.counts.repeated += len(texts) - blank - len(wanted)
        call = _Call(self, info, role, wanted, on_progress or self.on_progress)
        rows = await call.run()
        return await in_thread(_assembled, digests, rows, np.zeros((len(texts), info.dimension), dtype=np.float32))

    async def _embedded_anew(self, texts: Sequence[str], role: Role) -> NDArray[Any]:
        """A question is hashed in less time than it takes to look for what was kept of it, let alone to keep it."""
        self.counts.asked += len(texts)
        self.counts.computed += len(texts)
        return await self.inner.embed(texts, role)


class _Call:
    """One call of `embed`: from the texts wanted, by digest, to their rows."""

    def __init__(
        self, owner: KeptEmbedder, info: EmbedderInfo, role: Role, wanted: dict[str, str], progress: Progress | None
    ) -> None:
        self.owner, self.info, self.role, self.wanted, self.progress = owner, info, role, wanted, progress
        self.rows: dict[str, NDArray[np.float32]] = {}

    async def run(self) -> dict[str, NDArray[np.float32]]:
        counts, missing, waited = self.owner.counts, list(self.wanted), False
        while missing:
            claim = self.owner.store.claims.take(self.info.key, self.role, missing)
            try:
                found = await self._look_up(list(claim.mine))
                if waited:
                    counts.waited += len(found)
                else:
                    counts.kept += len(found)
                claim.release(found)
                await self._compute(claim)
            finally:
                claim.release()
            for wait in claim.waits:
                await wait_in_thread(wait)
            waited = True
            missing = [digest for digest in missing if digest not in self.rows]
        return self.rows

    async def _look_up(self, digests: Sequence[str]) -> list[str]:
        found = await in_thread(self.owner.store.get_many, self.info.key, self.role, digests)
        fits = {digest: row for digest, row in found.items() if row.shape == (self.info.dimension,)}
        self.rows |= fits
        self._tell(bool(fits))
        return list(fits)

    async def _compute(self, claim: Claim) -> None:
        await self._from_cache(claim)
        for batch in self._batches(list(claim.mine)):
            texts = [self.wanted[digest] for digest in batch]

            async def take(places: Sequence[int], rows: Any, of: list[str] = batch) -> None:
                await self._take(claim, [of[place] for place in places], rows)

            if self.owner.tells_batches:
                found = await self.owner.inner.embed(texts, self.role, on_batch=take)  # type: ignore[call-arg]
            else:
                found = await self.owner.inner.embed(texts, self.role)
            checked = unit_rows(found, texts=len(batch), dimension=self.info.dimension, who=self.info.name)
            left = [place for place, digest in enumerate(batch) if digest not in self.rows]
            if left:
                await take(left, checked[left])

    async def _take(self, claim: Claim, digests: list[str], rows: Any) -> None:
        """What was computed; it is durable when this returns."""
        self.owner.counts.computed += len(digests)
        checked = unit_rows(rows, texts=len(digests), dimension=self.info.dimension, who=self.info.name)
        await self._keep(claim, digests, checked)
        await self._to_cache(digests, checked)

    async def _keep(self, claim: Claim, digests: Sequence[str], rows: NDArray[np.float32]) -> None:
        try:
            await in_thread(self.owner.store.put_many, self.info.key, self.role, digests, rows)
        except StorageError as error:
            if self.role == "passage":
                raise
            self.owner.trouble = error.message  # a question can be asked of a book that may only be read
        claim.release(digests)
        self.rows |= dict(zip(digests, rows, strict=True))
        self._tell(True)

    def _tell(self, moved: bool) -> None:
        if moved and self.progress is not None:
            self.progress(len(self.rows), len(self.wanted))

    def _batches(self, digests: list[str]) -> Iterator[list[str]]:
        """Of like lengths, which models with padding are quickest with; bounded in texts and characters."""
        most = self.owner.most_texts(self.info)
        batch: list[str] = []
        characters = 0
        for digest in sorted(digests, key=lambda one: len(self.wanted[one])):
            length = len(self.wanted[digest])
            if batch and (len(batch) >= most or characters + length > self.owner._batch_characters):
                yield batch
                batch, characters = [], 0
            batch.append(digest)
            characters += length
        if batch:
            yield batch

    # ── the cache that books share ────────────────────────────────────────────────────────────────────────

    async def _from_cache(self, claim: Claim) -> None:
        cache, digests = self.owner._cache, list(claim.mine)
        if cache is None or self.info.lexical or not digests:
            return  # what is computed faster than it is looked up is not worth an entry
        try:
            found = await in_thread(_cached, cache, self._keys(digests), self.info.dimension)
        except GhostkitError as error:
            self.owner.trouble = error.message
            return
        known = {digest: row for digest, row in zip(digests, found, strict=True) if row is not None}
        if known:
            rows = unit_rows(list(known.values()), texts=len(known), dimension=self.info.dimension, who="the cache")
            self.owner.counts.cached += len(known)
            await self._keep(claim, list(known), rows)

    async def _to_cache(self, digests: Sequence[str], rows: NDArray[np.float32]) -> None:
        if self.owner._cache is not None and not self.info.lexical:
            try:
                await in_thread(_cache_all, self.owner._cache, self._keys(digests), rows)
            except GhostkitError as error:
                self.owner.trouble = error.message

    def _keys(self, digests: Sequence[str]) -> list[str]:
        from ghostkit.cache import cache_key

        return [cache_key("vector", self.info.key, self.role, digest) for digest in digests]


def _digests(texts: Sequence[str]) -> list[str]:
    """Empty for a blank text."""
    return ["" if is_blank(text) else text_digest(text) for text in texts]


def _assembled(digests: Sequence[str], rows: dict[str, Any], into: NDArray[np.float32]) -> NDArray[np.float32]:
    for place, digest in enumerate(digests):
        if digest:
            into[place] = rows[digest]
    return into


def _cached(cache: CacheManager, keys: Sequence[str], dimension: int) -> list[Any]:
    import numpy as np

    found = []
    for key in keys:
        row = cache.get_embedding(key)
        fits = row is not None and len(row) == dimension and bool(np.isfinite(np.frombuffer(row, np.float32)).all())
        found.append(row if fits else None)
    return found


def _cache_all(cache: CacheManager, keys: Sequence[str], rows: NDArray[np.float32]) -> None:
    for key, row in zip(keys, rows, strict=True):
        cache.put_embedding(key, row)
