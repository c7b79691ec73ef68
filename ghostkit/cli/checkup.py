"""What `ghostkit doctor` looks at, one small check each; a check never raises and never changes a book."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ghostkit import __version__
from ghostkit.errors import GhostkitError

SLOW_FSYNC_MS = 50.0
"""Every call to a model costs a handful of fsyncs; above this they are felt."""

OPTIONAL_PARTS = {
    "anywidget": "live views in notebooks",
    "ipywidgets": "live views in notebooks",
    "jupyterlab": "the notebook workbench",
    "marimo": "reactive notebooks",
    "duckdb": "analytics beside the book",
    "faiss": "vector search",
    "onnxruntime": "embeddings on this machine",
    "sentence_transformers": "embeddings by torch",
    "openai": "the OpenAI provider",
    "anthropic": "the Anthropic provider",
    "cohere": "the Cohere provider",
}
NEEDED = ("anyio", "click", "filelock", "jinja2", "pydantic", "polars", "rich", "structlog")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found; only `fail` must be mended."""

    name: str
    state: Literal["ok", "info", "warn", "fail"]
    message: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(path: Path | None) -> list[Finding]:
    """Every finding about the machine, and about the book at `path` if one is given."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python, _packages, _optional, _search, _settings, _event_loop, _sqlite, _fonts, _terminal,
    ]  # fmt: skip
    if path is None:
        checks += [lambda: _disk(Path.cwd()), lambda: _cache(None)]
    else:
        from ghostkit.cli import checkup_retrieval as retrieval

        checks += [lambda: _disk(path), lambda: _structure(path), lambda: _ledger(path), lambda: _cache(path)]
        checks += [lambda: retrieval.sources(path), lambda: retrieval.index(path)]
    return [finding for check in checks for finding in _safely(check)]


def _safely(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    name = getattr(check, "__name__", "check").strip("_")
    try:
        return list(check())
    except GhostkitError as error:
        return [Finding(name=name, state="fail", message=error.message, fix=error.fix)]
    except Exception as error:
        return [Finding(name=name, state="warn", message=f"could not be checked ({type(error).__name__}: {error})")]


# ── the machine ───────────────────────────────────────────────────────────────────────────────────────────


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding(
        name="python",
        state="ok" if good else "fail",
        message=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        fix="" if good else "ghostkit needs 3.11 or newer.",
    )
    yield Finding(name="ghostkit", state="ok", message=__version__)


def _packages() -> Iterator[Finding]:
    versions, missing = [], []
    for name in NEEDED:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        fix = "Install ghostkit again; its dependencies come with it."
        yield Finding(name="packages", state="fail", message=f"missing: {', '.join(missing)}", fix=fix)
    else:
        yield Finding(name="packages", state="ok", message=", ".join(versions))


def _optional() -> Iterator[Finding]:
    found = {name for name in OPTIONAL_PARTS if find_spec(name) is not None}
    if found:
        yield Finding(name="optional", state="info", message="found " + ", ".join(sorted(found)))
    absent = sorted({what for name, what in OPTIONAL_PARTS.items() if name not in found})
    if absent:
        yield Finding(name="not here", state="info", message="without " + ", ".join(absent))


def _search() -> Iterator[Finding]:
    """What passages are found by meaning with: which embedder `auto` takes, the models there are, faiss, a GPU."""
    from ghostkit.rag.embedding.auto import choose
    from ghostkit.rag.models import all_models, models_folder

    taken = choose()
    message = f"auto takes {getattr(taken, 'name', '')}. {getattr(taken, 'chosen_because', '')}"
    yield Finding(name="embedder", state="info", message=message)
    found = all_models()
    names = ", ".join(f"{one.name} ({one.files.bytes / 1e6:,.0f} MB, {one.source})" for one in found)
    yield Finding(name="models", state="info", message=names or f"none in {models_folder()}")
    parts = [f"{name} {version}" for name in ("faiss-cpu", "faiss-gpu", "torch") if (version := _version(name))]
    yield Finding(name="search", state="info", message=f"{', '.join(parts) or 'no faiss'}; {_gpu() or 'no GPU'}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _gpu() -> str:
    """As its driver names it; torch isn't loaded for it."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "Apple GPU"
    query = shutil.which("nvidia-smi")
    if query is None:
        return ""
    import subprocess

    from ghostkit.events.redaction import is_secret_name

    plain = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
    asked = [query, "--query-gpu=name", "--format=csv,noheader"]
    ran = subprocess.run(asked, capture_output=True, timeout=10, check=False, env=plain)
    names = ran.stdout.decode("utf-8", "replace").split("\n") if ran.returncode == 0 else []
    return ", ".join(name.strip() for name in names if name.strip())


def _settings() -> Iterator[Finding]:
    from ghostkit.settings import settings_table

    rows = settings_table()
    given = [row.name for row in rows if row.source != "default"]
    yield Finding(name="settings", state="ok", message=f"readable; given: {', '.join(given) or 'none'}")


def _event_loop() -> Iterator[Finding]:
    import anyio

    async def probe() -> float:
        began = time.perf_counter()
        for _ in range(20):
            await anyio.sleep(0.001)
        return (time.perf_counter() - began) * 1000 / 20

    lag = max(anyio.run(probe) - 1.0, 0.0)
    late = lag > 20
    yield Finding(
        name="event loop",
        state="warn" if late else "ok",
        message=f"asyncio wakes {lag:.1f} ms late",
        fix="The machine is busy; streaming will stutter." if late else "",
    )


def _sqlite() -> Iterator[Finding]:
    import sqlite3

    yield Finding(name="sqlite", state="ok", message=sqlite3.sqlite_version)


def _fonts() -> Iterator[Finding]:
    listing = shutil.which("fc-list")
    if listing is None:
        message = "no fc-list here; EPUB and HTML use the reader's own fonts anyway"
        yield Finding(name="fonts", state="info", message=message)
        return
    import subprocess

    from ghostkit.events.redaction import is_secret_name

    plain = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
    ran = subprocess.run([listing, ":", "family"], capture_output=True, timeout=10, check=False, env=plain)
    output = ran.stdout
    families = {line for line in output.decode("utf-8", "replace").splitlines() if line.strip()}
    message = f"{len(families)} families; EPUB and HTML use the reader's own"
    yield Finding(name="fonts", state="info", message=message)


def _terminal() -> Iterator[Finding]:
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    good = encoding.startswith("utf")
    yield Finding(
        name="terminal",
        state="ok" if good else "warn",
        message=f"writes {encoding or 'an unknown encoding'}",
        fix="" if good else "Set PYTHONUTF8=1 to see every script.",
    )


def _disk(path: Path) -> Iterator[Finding]:
    """Can a file be written and synced here, how fast, and how much room is left?"""
    folder = path if path.is_dir() else path.parent
    try:
        milliseconds = _fsync_ms(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        fix = "Make the folder writable, or choose another."
        yield Finding(name="folder", state="fail", message=f"{folder} can't be written: {reason}.", fix=fix)
        return
    yield Finding(name="folder", state="ok", message=f"{folder} is writable")
    slow = milliseconds > SLOW_FSYNC_MS
    yield Finding(
        name="fsync",
        state="warn" if slow else "ok",
        message=f"{milliseconds:.1f} ms",
        fix="Each call waits for a few of these; a faster disk helps." if slow else "",
    )
    free = shutil.disk_usage(folder).free
    scarce = free < 100_000_000
    fix = "Make room before you write." if scarce else ""
    yield Finding(name="room", state="warn" if scarce else "ok", message=f"{free / 1e9:.1f} GB free", fix=fix)


def _fsync_ms(folder: Path) -> float:
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(5):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[len(times) // 2]


# ── a book ────────────────────────────────────────────────────────────────────────────────────────────────


def _structure(path: Path) -> Iterator[Finding]:
    from ghostkit.book import ProjectFolder, load_structure, read_text

    folder = ProjectFolder(path).open(writable=False)
    book = load_structure(read_text(folder.book), str(folder.book))
    yield Finding(name="book.json", state="ok", message=f"{book.title}: {len(book.chapters)} chapters")


def _ledger(path: Path) -> Iterator[Finding]:
    """A look that neither migrates nor repairs."""
    from ghostkit.book import ProjectFolder

    ledger = ProjectFolder(path).ledger
    if not ledger.exists():
        yield Finding(name="ledger", state="info", message="none yet; it is made when the book is opened")
        return
    problem = _ledger_problem(ledger)
    if problem is not None:
        yield problem
        return
    yield Finding(name="ledger", state="ok", message=f"whole ({ledger.stat().st_size / 1e6:.1f} MB)")
    yield from _record(path)


def _ledger_problem(ledger: Path) -> Finding | None:
    import sqlite3

    from ghostkit.ledger.migrations import LATEST, schema_version

    restore = "Restore it from a backup, or move it away: the texts in the folder are taken in again."
    try:
        connection = sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)
        try:
            version = schema_version(connection)
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Finding(name="ledger", state="fail", message=f"{ledger} can't be read: {error}.", fix=restore)
    if verdict != "ok":
        return Finding(name="ledger", state="fail", message=f"{ledger} is damaged: {verdict}.", fix=restore)
    if version > LATEST:
        message = f"{ledger} has schema {version}, newer than this ghostkit knows ({LATEST})."
        return Finding(name="ledger", state="fail", message=message, fix="Upgrade ghostkit.")
    if version < LATEST:
        message = f"schema {version}; it is brought to {LATEST}, after a backup, when the book is opened next"
        return Finding(name="ledger", state="info", message=message)
    return None


_REDIS = "Start Redis or correct REDIS_HOST and REDIS_PORT; books are written all the same, without a cache."


def _cache(path: Path | None) -> Iterator[Finding]:
    """Can answers be kept? A cache that can't be written is no harm, only a loss."""
    from ghostkit.cache import cache_for
    from ghostkit.settings import get_settings

    settings = get_settings()
    own = path / "cache" if path is not None else None
    try:
        cache = cache_for(own)
    except GhostkitError as error:
        yield Finding(name="cache", state="fail", message=error.message, fix=error.fix)
        return
    if cache is not None and settings.cache_backend == "redis":
        held = cache.stats()
        trouble = held.get("trouble", "")
        told = trouble or f"Redis answers; {held['entries']:,} entries, {held['bytes'] / 1e6:.1f} MB"
        yield Finding(name="cache", state="warn" if trouble else "ok", message=told, fix=_REDIS if trouble else "")
        return
    if settings.cache_backend != "file" or cache is None:
        message = "none" if cache is None else f"{cache.name}; gone at the end of each command"
        fix = "CACHE_BACKEND=file keeps answers." if cache is not None else ""
        yield Finding(name="cache", state="info", message=message, fix=fix)
        return
    folder = settings.cache_dir or own or Path(".cache")
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fix = "Writing goes on without it; make it writable, or set CACHE_DIR to another folder."
        yield Finding(name="cache", state="warn", message=f"{folder} can't be written", fix=fix)
        return
    held = cache.stats()
    message = f"{folder} is writable; {held['entries']} entries, {held['bytes'] / 1e6:.1f} MB"
    yield Finding(name="cache", state="ok", message=message)


def _record(path: Path) -> Iterator[Finding]:
    """What the ledger says of calls, runners and files."""
    from ghostkit.book import ProjectFolder
    from ghostkit.ledger import SqliteLedger

    ledger = SqliteLedger(ProjectFolder(path).ledger)
    try:
        totals, holder, files = ledger.totals(), ledger.lease_holder(), ledger.file_records()
    finally:
        ledger.close()
    doubtful = totals.attempts.get("in_doubt", 0)
    message = f"{totals.calls} calls, {doubtful} in doubt" if doubtful else f"{totals.calls} calls, none in doubt"
    yield Finding(name="calls", state="ok", message=message)
    if holder and not holder.get("released"):
        who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}"
        message = f"taken by {who}; if that was killed, the next write takes over"
        yield Finding(name="runner", state="info", message=message)
    missing = sorted(name for name in files if not (path / name).exists())
    moved = sorted(
        name for name, record in files.items()
        if name not in missing and (path / name).stat().st_mtime_ns != record.mtime_ns
    )  # fmt: skip
    yield Finding(name="files", state="ok", message=_file_words(len(files), missing, moved))


def _file_words(known: int, missing: list[str], moved: list[str]) -> str:
    parts = [f"{known} known"]
    if missing:
        parts.append(f"missing, to be derived again: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}")
    if moved:
        parts.append(f"changed, to be taken in: {', '.join(moved[:5])}{' …' if len(moved) > 5 else ''}")
    return "; ".join(parts)
