"""Nothing is used before it is verified: torn, foreign, hostile and mixed-up files are made anew from the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.index import LIMITS, VectorIndex
from ghostkit.settings import reset_settings

from .world import INFO, QUICK, World, keep_vectors, vector_of

faiss = pytest.importorskip("faiss")

NEARLY = replace(QUICK, kind="ivf", approximate_from=1, exact_scope=0, least_recall=0.5, aimed_recall=0.9)
QUESTION = vector_of("w3x2 noo")


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this user's key is kept."""
    monkeypatch.setenv("GHOSTKIT_STATE_DIR", str(tmp_path / "state"))
    reset_settings()
    yield tmp_path / "state"
    reset_settings()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that FAISS was given to read."""
    seen: list[str] = []
    really = faiss.read_index

    def spy(path: str, *flags: int) -> object:
        seen.append(Path(path).name)
        return really(path, *flags)

    monkeypatch.setattr(faiss, "read_index", spy)
    return seen


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "book")
    made.fill(4)
    yield made
    made.close()


@pytest.fixture
def large(tmp_path: Path) -> Iterator[World]:
    """A world with an IVF index."""
    made = World(tmp_path / "book", limits=NEARLY)
    made.fill(12)
    assert made.index.status().kind == "ivf"
    yield made
    made.close()


def manifest_of(world: World) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((world.home / "manifest.json").read_text())
    return loaded


def rewrite(world: World, change: Callable[[dict[str, object]], None]) -> None:
    values = manifest_of(world)
    change(values)
    (world.home / "manifest.json").write_text(json.dumps(values))


def file_of(world: World, ending: str) -> Path:
    [path] = world.home.glob(f"base-*.{ending}")
    return path


def hash_again(world: World, ending: str) -> None:
    """As somebody would who changed a file on purpose."""
    data = file_of(world, ending).read_bytes()

    def change(values: dict[str, object]) -> None:
        note = values["index"]["file"] if ending == "faiss" else values[ending]  # type: ignore[index]
        note |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}  # type: ignore[operator]

    rewrite(world, change)


def made_anew(world: World, because: str, info: EmbedderInfo = INFO) -> VectorIndex:
    """A new index heals, says why, and finds what one finds that never had files."""
    index = world.opened(info)
    index.catch_up()
    assert because in index.status().rebuilt_because
    fresh = VectorIndex.open(None, world.store, world.vectors, info)
    with world.store.view() as view:
        assert index.search(view, QUESTION, 20) == fresh.search(view, QUESTION, 20) != []
    once_more = world.opened(info)
    once_more.catch_up()
    assert once_more.status().rebuilt_because == "", "healed for good"
    return index


@pytest.mark.parametrize("ending", ["vectors", "rows"])
@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "empty", "gone"])
def test_a_damaged_file_is_seen_and_the_base_made_anew(world: World, ending: str, damage: str) -> None:
    path = file_of(world, ending)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = data[:100] + bytes([data[100] ^ 4]) + data[101:]
        path.write_bytes({"flip": flipped, "cut": data[:-8], "longer": data + b"12345678", "empty": b""}[damage])
    made_anew(world, "missing" if damage == "gone" else f".{ending} is not")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 2}', "\x00" * 50, "x" * 2_000_000, '{"format": 1, "count": 1e400}']
)
def test_a_manifest_that_is_none_is_no_base(world: World, text: str) -> None:
    (world.home / "manifest.json").write_text(text)
    made_anew(world, "manifest")


@pytest.mark.parametrize(
    ("field", "value", "because"),
    [
        ("embedder", "another@1/24", "another embedder"),
        ("dimension", 25, "another embedder"),
        ("epoch", "0123456789abcdef", "begun anew"),
        ("version", 1, "doesn't know the version"),
        ("version", 2**47, "doesn't know the version"),
        ("count", 39, "bytes long"),
        ("count", 2**40, "bytes long"),
        ("count", -1, "manifest"),
        ("count", "40", "manifest"),
        ("extra", True, "manifest"),
    ],
)
def test_a_manifest_of_something_else_is_not_believed(world: World, field: str, value: object, because: str) -> None:
    rewrite(world, lambda values: values.update({field: value}))
    made_anew(world, because)


@pytest.mark.parametrize(
    "name", ["../../chunks.sqlite", "/etc/passwd", "base-1.rows", "base-9.vectors", "base-1.vectors\x00"]
)
def test_a_manifest_can_not_name_any_other_file(world: World, name: str) -> None:
    rewrite(world, lambda values: values["vectors"].update(name=name))  # type: ignore[attr-defined]
    made_anew(world, "")
    assert (world.home.parent / "chunks.sqlite").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38, 7.0])
def test_vectors_that_are_no_directions_are_refused_though_their_hash_is_right(world: World, bad: float) -> None:
    vectors = np.fromfile(file_of(world, "vectors"), "<f4")
    vectors[5] = bad
    vectors.tofile(file_of(world, "vectors"))
    hash_again(world, "vectors")
    made_anew(world, "not of length one")


@pytest.mark.parametrize("rows", ["unknown", "descending", "twice"])
def test_rows_that_the_store_never_had_are_refused_though_their_hash_is_right(world: World, rows: str) -> None:
    numbers = np.fromfile(file_of(world, "rows"), "<i8")
    numbers[-1] = {"unknown": 10**9, "descending": 1, "twice": numbers[-2]}[rows]
    numbers.tofile(file_of(world, "rows"))
    hash_again(world, "rows")
    made_anew(world, "never had" if rows == "unknown" else "ascending")


def test_rows_that_went_since_the_base_was_made_are_no_reason_to_make_it_anew(world: World) -> None:
    world.store.apply([], gone=["d001"])
    again = world.opened()
    again.catch_up()
    assert (again.status().rebuilt_because, again.status().tombstones) == ("", 10)


def test_another_embedder_of_the_same_name_makes_its_own_base(world: World) -> None:
    other = EmbedderInfo(name="words", dimension=INFO.dimension, revision="2")
    with world.store.view() as view:
        texts = [chunk.content for chunk in view.chunks(view.ids_of(view.rows))]
    keep_vectors(world.vectors, texts, other)
    made_anew(world, "another embedder", other)


# The FAISS file


def test_a_faiss_file_that_is_whole_is_mapped_and_finds_the_same(large: World, read: list[str]) -> None:
    again = large.opened()
    again.catch_up()
    with large.store.view() as view:
        assert again.search(view, QUESTION, 9) == large.index.search(view, QUESTION, 9)
    status = again.status()
    assert (status.kind, status.rebuilt_because, read) == ("ivf", "", [file_of(large, "faiss").name])
    assert status.recall == large.index.status().recall is not None


@pytest.mark.parametrize("damage", ["cut", "flip", "hostile", "empty", "gone"])
def test_a_torn_or_hostile_faiss_file_is_never_parsed(large: World, read: list[str], damage: str) -> None:
    path = file_of(large, "faiss")
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = data[:-1] + bytes([data[-1] ^ 1])
        path.write_bytes({"cut": data[:-1], "flip": flipped, "hostile": b"IwFl" + b"\xff" * 60, "empty": b""}[damage])
    index = large.opened()
    with large.store.view() as view:
        index.search(view, QUESTION, 9)
        index.catch_up()
        assert read == []
        assert (index.status().kind, "built again" in index.status().rebuilt_because) == ("ivf", True)
        assert index.search(view, QUESTION, 9) != []


def test_a_hostile_faiss_file_whose_hash_is_right_is_never_parsed_either(large: World, read: list[str]) -> None:
    """A stranger's project brings its own manifest, but not this user's seal."""
    file_of(large, "faiss").write_bytes(b"IwFl" + b"\xff" * 4000)
    hash_again(large, "faiss")
    index = large.opened()
    index.catch_up()
    assert (read, index.status().kind) == ([], "ivf")
    assert "not written by you" in index.status().rebuilt_because


def test_a_project_from_another_machine_keeps_its_base_and_builds_its_index_again(
    large: World, read: list[str], own_state_folder: Path
) -> None:
    (own_state_folder / "index.key").unlink()
    index = large.opened()
    index.catch_up()
    assert (read, index.status().kind, index.status().base) == ([], "ivf", 120)
    reopened = large.opened()
    reopened.catch_up()
    assert (len(read), reopened.status().rebuilt_because) == (1, "")


def test_the_users_key_is_for_the_user_alone(large: World, own_state_folder: Path) -> None:
    key = own_state_folder / "index.key"
    assert (len(key.read_bytes()), key.stat().st_mode & 0o077) == (32, 0)
    assert key.read_bytes().hex() not in (large.home / "manifest.json").read_text()


@pytest.mark.parametrize("other", ["dimension", "count", "kind"])
def test_a_faiss_file_of_another_index_is_put_away_after_reading(
    large: World, own_state_folder: Path, other: str
) -> None:
    """Sealed and hashed by this user, and still not what the base needs."""
    from ghostkit.rag.index.manifest import Manifest, write_manifest

    count, dimension = 120, INFO.dimension
    wrong = {
        "dimension": lambda: faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(8), 8, 1, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        ),
        "count": lambda: faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimension), dimension, 1, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        ),
        "kind": lambda: faiss.IndexFlatIP(dimension),
    }[other]()
    random = np.random.default_rng(0).standard_normal((count - (other == "count"), wrong.d)).astype(np.float32)
    wrong.train(random)
    wrong.add(random)
    faiss.write_index(wrong, str(file_of(large, "faiss")))
    hash_again(large, "faiss")
    unsealed = Manifest.model_validate_json((large.home / "manifest.json").read_text())
    write_manifest(large.home, unsealed.sealed((own_state_folder / "index.key").read_bytes()))
    index = large.opened()
    index.catch_up()
    assert "is another index" in index.status().rebuilt_because
    assert index.status().kind == "ivf"


def test_without_faiss_everything_is_scanned_and_a_note_says_so(large: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.rag.index import approximate

    monkeypatch.setattr(approximate, "find_spec", lambda name: None)
    monkeypatch.setattr(approximate, "import_module", _no_module)
    index = large.opened()
    index.catch_up()
    assert (index.status().kind, "not installed" in index.status().rebuilt_because) == ("flat", True)
    index.merge()
    assert "ghostkit[faiss]" in index.status().notes[0]
    with large.store.view() as view:
        fresh = VectorIndex.open(None, large.store, large.vectors, INFO, LIMITS)
        assert index.search(view, QUESTION, 20) == fresh.search(view, QUESTION, 20)


def _no_module(name: str) -> object:
    raise ImportError(name)
