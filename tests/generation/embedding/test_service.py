"""The embedding service over every vendor's own SDK and wire."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ghostkit.errors import ConfigError, ModelNotFound, UnknownName
from ghostkit.generation.embedding import embedding_for
from ghostkit.testing.simulator import Simulator
from ghostkit.testing.simulator.embedding import vector_of

from .conftest import VENDORS, asked, full, serving

TEXTS = ["The cat sat on the mat.", "A cat sat on a mat", "Quantum flux in lead", "Соль и тишина", "海と塩"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "anyio_backend"), [*((name, "asyncio") for name in VENDORS), *((name, "trio") for name in VENDORS[:2])]
)
async def test_texts_become_unit_vectors_in_order(simulator: Simulator, name: str) -> None:
    async with serving() as lab:
        result = await lab.service.embed(name, TEXTS, "passage")
        known = await lab.service.known(name)
    size = int(name.partition("@")[2] or 768)
    assert result.vectors.shape == (len(TEXTS), size)
    assert result.vectors.dtype == np.float32
    for text, row in zip(TEXTS, result.vectors, strict=True):
        expected = vector_of(known.prefix("passage") + text, size)
        assert row == pytest.approx(np.array(expected), abs=2e-6)
        assert math.isclose(float(np.linalg.norm(row.astype(np.float64))), 1.0, abs_tol=1e-6)
    assert result.usage.source == "reported"
    assert result.calls == 1


@pytest.mark.anyio
async def test_each_vendor_is_told_the_role_in_its_own_way(simulator: Simulator) -> None:
    names = [*VENDORS, "gemini:gemini-embedding-2@128"]
    async with serving() as lab:
        for name in names:
            await lab.service.embed(name, ["salt"], "query")
            await lab.service.embed(name, ["salt"], "passage")
    bodies = asked(simulator)
    openai, cohere, gemini, openrouter, ollama, newer = (bodies[at : at + 2] for at in range(0, 12, 2))
    assert [body["input"] for body in (*openai, *openrouter)] == [["salt"]] * 4
    assert [body["dimensions"] for body in openai] == [48, 48]
    assert [body["input_type"] for body in cohere] == ["search_query", "search_document"]
    assert [body["output_dimension"] for body in cohere] == [256, 256]
    tasks = [body["requests"][0]["taskType"] for body in gemini]
    assert tasks == ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"]
    assert [body["requests"][0]["outputDimensionality"] for body in gemini] == [128, 128]
    assert [body["input"] for body in ollama] == [["search_query: salt"], ["search_document: salt"]]
    words = [body["requests"][0]["content"]["parts"][0]["text"] for body in newer]
    assert words == ["task: search result | query: salt", "title: none | text: salt"]
    assert all("taskType" not in body["requests"][0] for body in newer)


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*VENDORS[:2], *(pytest.param(name, marks=full) for name in VENDORS[2:])])
async def test_no_request_has_more_texts_than_the_vendor_takes(simulator: Simulator, name: str) -> None:
    texts = [f"Sentence number {number}." for number in range(230)]
    batches: list[tuple[int, ...]] = []

    async def told(places: object, vectors: object) -> None:
        batches.append(tuple(places))  # type: ignore[arg-type]

    async with serving() as lab:
        result = await lab.service.embed(name, texts, "passage", on_batch=told)
        known = await lab.service.known(name)
    sizes = [len(body.get("input") or body.get("texts") or body["requests"]) for body in asked(simulator)]
    assert sum(sizes) == 230
    assert max(sizes) <= known.most_texts
    assert sorted(place for batch in batches for place in batch) == list(range(230))
    size = result.vectors.shape[1]
    for place in (0, 117, 229):
        expected = np.array(vector_of(known.prefix("passage") + texts[place], size))
        assert result.vectors[place] == pytest.approx(expected, abs=2e-6)


@pytest.mark.anyio
async def test_blank_texts_are_not_sent_and_get_zeros(simulator: Simulator) -> None:
    async with serving() as lab:
        result = await lab.service.embed(VENDORS[0], ["", "salt", " \n\t", "sea"], "passage")
        nothing = await lab.service.embed(VENDORS[0], ["", "  "], "passage")
        none = await lab.service.embed(VENDORS[0], [], "passage")
    assert [body["input"] for body in asked(simulator)] == [["salt", "sea"]]
    assert not result.vectors[[0, 2]].any()
    assert result.vectors[[1, 3]].any(axis=1).all()
    assert (nothing.vectors.shape, nothing.calls) == ((2, 48), 0)
    assert none.vectors.shape == (0, 48)


@pytest.mark.anyio
async def test_openai_itself_is_asked_for_base64_and_other_servers_for_numbers(simulator: Simulator) -> None:
    from ghostkit.providers.adapters.openai_chat import OpenAIProvider
    from ghostkit.providers.adapters.openai_embeddings import OpenAIEmbeddings
    from ghostkit.providers.embeddings import EmbeddingRequest

    request = EmbeddingRequest(model="m", texts=("salt",), role="query")
    own = OpenAIEmbeddings(OpenAIProvider(api_key="k", base_url="https://api.openai.com/v1"))
    other = OpenAIEmbeddings(OpenAIProvider(api_key="k", base_url="http://127.0.0.1:1/v1"))
    assert own.body(request)["encoding_format"] == "base64"
    assert other.body(request)["encoding_format"] == "float"
    assert (await own.known("text-embedding-3-small")).most_texts > (
        await other.known("text-embedding-3-small")
    ).most_texts
    assert (await own.known("m")).revision != (await other.known("m")).revision


@pytest.mark.anyio
async def test_vectors_in_base64_are_the_same_as_in_numbers(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as lab:
        plain = await lab.service.embed("openai:m@64", TEXTS, "passage")
    monkeypatch.setattr("ghostkit.providers.adapters.openai_embeddings.is_openai", lambda base_url: True)
    async with serving() as lab:
        packed = await lab.service.embed("openai:m@64", TEXTS, "passage")
    assert [body["encoding_format"] for body in asked(simulator)] == ["float", "base64"]
    assert np.allclose(plain.vectors, packed.vectors, atol=1e-7)


@pytest.mark.anyio
async def test_a_text_too_long_for_the_model_is_cut_and_said_to_be(simulator: Simulator) -> None:
    long = "The salt road ran on. " * 20_000
    async with serving() as lab:
        result = await lab.service.embed(VENDORS[0], ["short", long, "also short"], "passage")
    sent = asked(simulator)[0]["input"]
    assert long.startswith(sent[1])
    assert 8_000 < len(sent[1]) < 8_191 * 6
    assert result.cut == (1,)
    assert "1 text is longer than the 8,191 tokens" in result.notes[0]
    assert lab.on_record("embedding_started")[0]["cut"] == 1


@pytest.mark.anyio
async def test_a_text_that_only_the_vendor_finds_too_long_is_halved_until_it_fits(simulator: Simulator) -> None:
    """Of a server of one's own nobody knows how much its model reads."""
    long = "The salt road ran on. " * 6_000
    async with serving() as lab:
        result = await lab.service.embed("openai:own-model@32", ["short", long], "passage")
    sizes = [len(body["input"][1]) for body in asked(simulator)]
    assert len(sizes) > 1
    assert sizes == sorted(sizes, reverse=True)
    assert result.cut == (1,)
    failed = lab.on_record("embedding_failed")
    assert [(one["kind"], one["cost_usd"]) for one in failed] == [("bad_request", 0.0)] * (len(sizes) - 1)


@pytest.mark.anyio
async def test_what_no_encoding_has_is_replaced(simulator: Simulator) -> None:
    async with serving() as lab:
        await lab.service.embed(VENDORS[0], ["salt \ud83d and \U0001f30a"], "passage")
    assert asked(simulator)[0]["input"] == ["salt \ufffd and \U0001f30a"]


@pytest.mark.anyio
async def test_an_unknown_dimension_is_learnt_once_and_held_to(simulator: Simulator) -> None:
    async with serving() as lab:
        assert await lab.service.dimension("openai:own-model") == 1536
        await lab.service.aclose()
        assert await lab.service.dimension("openai:own-model") == 1536
        assert (await lab.service.known("openai:own-model")).dimension == 1536
    assert [body["input"] for body in asked(simulator)] == [["dimension"]]
    assert lab.on_record("embedding_started")[0]["purpose"] == "dimension"


@pytest.mark.anyio
async def test_ollama_says_how_its_model_is_and_which_fetch_of_it(simulator: Simulator) -> None:
    simulator.set_rules([{"match": {"kind": "any"}, "reply": {"models": ["nomic-embed-text", "other"]}}])
    async with serving() as lab:
        known = await lab.service.known("ollama:nomic-embed-text")
        with pytest.raises(ModelNotFound) as missing:
            await lab.service.known("ollama:no-such-model")
    assert (known.dimension, known.max_tokens, known.free) == (768, 131_072, True)
    assert known.revision == "0" * 12
    assert "`ollama pull no-such-model` fetches it" in missing.value.fix


@pytest.mark.anyio
async def test_names_that_nobody_can_embed_with_are_told() -> None:
    async with serving() as lab:
        for name in ("openai", "openai:", "nobody:x", "anthropic:claude-x", "rehearsal:novelist"):
            with pytest.raises(UnknownName) as wrong:
                await lab.service.known(name)
            assert wrong.value.fix
        for name in ("openai:text-embedding-3-small@4096", "openai:text-embedding-ada-002@8", "cohere:embed-v4.0@300"):
            with pytest.raises(ConfigError) as wrong_size:
                await lab.service.known(name)
            assert "leave @" in wrong_size.value.fix


@pytest.mark.anyio
async def test_what_it_is_for_is_on_record(simulator: Simulator) -> None:
    async with serving() as lab:
        with embedding_for("context", "s-1/section/0"):
            await lab.service.embed(VENDORS[0], ["salt"], "query")
        await lab.service.embed(VENDORS[0], ["salt"], "query")
        await lab.service.embed(VENDORS[0], ["salt"], "passage")
    begun = lab.on_record("embedding_started")
    assert [(one["purpose"], one["slot"]) for one in begun] == [
        ("context", "s-1/section/0"), ("search", ""), ("index", ""),
    ]  # fmt: skip
