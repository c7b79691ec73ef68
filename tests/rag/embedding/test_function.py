"""A user's function as an embedder: however it is written, and whatever it gives."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from ghostkit.errors import ConfigError, EmbedderError
from ghostkit.rag.embedding import HashingEmbedder, create_embedder
from ghostkit.rag.source_hash import source_hash


def plain(texts: list[str]) -> list[list[float]]:
    return [[len(text), 3.0] for text in texts]


def with_role(texts: list[str], role: str) -> list[list[float]]:
    return [[1.0, 0.0] if role == "query" else [0.0, 1.0]] * len(texts)


async def later(texts: list[str]) -> np.ndarray:
    return np.array(plain(texts))


class Callable_:
    async def __call__(self, texts: list[str], role: str) -> Any:
        return with_role(texts, role)


async def test_rows_are_normalised_and_sync_functions_run_in_a_thread() -> None:
    threads = []

    def where(texts: list[str]) -> list[list[float]]:
        threads.append(threading.current_thread())
        return plain(texts)

    rows = await create_embedder(function=where).embed(["1234"], "query")
    assert np.allclose(rows, [[0.8, 0.6]])
    assert threads[0] is not threading.current_thread()


async def test_async_functions_objects_and_functions_of_awaitables_work() -> None:
    assert np.allclose(await create_embedder(function=later).embed(["1234"], "query"), [[0.8, 0.6]])
    assert np.allclose(await create_embedder(function=Callable_()).embed(["a"], "query"), [[1, 0]])
    assert np.allclose(
        await create_embedder(function=lambda texts: later(texts)).embed(["1234"], "query"), [[0.8, 0.6]]
    )


async def test_a_role_is_given_to_those_who_take_one() -> None:
    made = create_embedder(function=with_role)
    assert np.allclose(await made.embed(["a"], "query"), [[1, 0]])
    assert np.allclose(await made.embed(["a"], "passage"), [[0, 1]])


async def test_its_key_is_of_its_source() -> None:
    info = await create_embedder("openai:ignored", function=plain).info()
    assert info.key == f"function:plain@{source_hash(plain)}/2"


async def test_blank_texts_are_not_given_to_it() -> None:
    seen: list[str] = []

    def look(texts: list[str]) -> list[list[float]]:
        seen.extend(texts)
        return plain(texts)

    await create_embedder(function=look).embed(["", "a", " "], "passage")
    assert seen == ["a"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([[1.0, 2.0]], "shape (1, 2) for 2 texts"),
        ([1.0, 2.0], "shape (2,)"),
        ([[1.0], [1.0, 2.0]], "all of one length"),
        ([["a"], ["b"]], "rows of numbers"),
        (None, "2 texts"),
        ([[], []], "shape (2, 0)"),
        ([[float("nan")], [1.0]], "NaN or infinity"),
        ([[float("inf")], [1.0]], "NaN or infinity"),
    ],
)
async def test_a_wrong_answer_is_told_in_a_sentence(answer: Any, says: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        await create_embedder(function=lambda texts: answer).embed(["a", "b"], "passage")
    assert says in caught.value.message
    assert "(n, d)" in caught.value.fix


async def test_another_dimension_the_second_time_is_refused() -> None:
    made = create_embedder(function=lambda texts: [[1.0] * len(texts[0])] * len(texts))
    await made.embed(["abc"], "passage")
    with pytest.raises(EmbedderError, match="vectors of 5 numbers, and 3 before"):
        await made.embed(["abcde"], "passage")


async def test_its_exception_is_an_embedder_error_with_its_cause() -> None:
    with pytest.raises(EmbedderError, match="ZeroDivisionError: division by zero") as caught:
        await create_embedder(function=lambda texts: 1 / 0).info()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


async def test_enormous_numbers_are_normalised_too() -> None:
    rows = await create_embedder(function=lambda texts: [[3e200, 4e200]]).embed(["a"], "query")
    assert np.allclose(rows, [[0.6, 0.8]])


def test_an_embedder_stands_for_itself_and_what_cannot_be_called_is_refused() -> None:
    mine = HashingEmbedder()
    assert create_embedder(function=mine) is mine
    with pytest.raises(ConfigError):
        create_embedder(function=3)  # type: ignore[arg-type]
