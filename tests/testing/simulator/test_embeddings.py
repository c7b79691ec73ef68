"""Embeddings of the simulator: the vendors' own SDKs are the judges of its answers."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from typing import Any

import pytest

from ghostkit.testing.simulator import Simulator
from ghostkit.testing.simulator.embedding import vector_of

TEXTS = ["salt road", "salt sea", "quantum flux"]


def post(simulator: Simulator, path: str, body: dict[str, Any], key: str = "any") -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{simulator.port}{path}", json.dumps(body).encode(), headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_openais_sdk_reads_numbers_and_base64_alike(simulator: Simulator) -> None:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{simulator.port}/openai/v1") as client:
        packed = client.embeddings.create(model="text-embedding-3-small", input=TEXTS, dimensions=24)
        plain = client.embeddings.create(
            model="text-embedding-3-small", input=TEXTS, dimensions=24, encoding_format="float"
        )
    assert simulator.requests()[0]["body"]["encoding_format"] == "base64"  # as the SDK asks by itself
    for answer in (packed, plain):
        assert [one.index for one in answer.data] == [0, 1, 2]
        assert answer.model == "text-embedding-3-small"
        assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
        for text, one in zip(TEXTS, answer.data, strict=True):
            assert one.embedding == pytest.approx(vector_of(text, 24), abs=1e-6)


def test_coheres_sdk_reads_them(simulator: Simulator) -> None:
    httpx, cohere = pytest.importorskip("httpx"), pytest.importorskip("cohere")
    with httpx.Client(timeout=10) as line:
        client = cohere.ClientV2("k", base_url=simulator.url("cohere"), httpx_client=line, max_retries=0)
        answer = client.embed(
            model="embed-v4.0", texts=TEXTS, input_type="search_query", embedding_types=["float"], output_dimension=256
        )
    assert [len(one) for one in answer.embeddings.float_] == [256] * 3
    assert answer.meta.billed_units.input_tokens > 0
    assert answer.texts == TEXTS


def test_googles_sdk_reads_them_and_one_content_is_one_vector(simulator: Simulator) -> None:
    genai = pytest.importorskip("google.genai")
    options = genai.types.HttpOptions(base_url=f"http://127.0.0.1:{simulator.port}/gemini")
    with genai.Client(vertexai=False, api_key="k", http_options=options) as client:
        answer = client.models.embed_content(
            model="gemini-embedding-001", contents=TEXTS, config={"task_type": "RETRIEVAL_QUERY"}
        )
        together = client.models.embed_content(model="gemini-embedding-2", contents=TEXTS)
    assert [len(one.values) for one in answer.embeddings] == [3072] * 3
    assert answer.usage_metadata.prompt_token_count > 0
    assert len(together.embeddings) == 1
    asked = {"content": {"parts": [{"text": "salt"}]}, "outputDimensionality": 8}
    status, single = post(simulator, "/gemini/v1beta/models/gemini-embedding-001:embedContent", asked)
    assert (status, len(single["embedding"]["values"])) == (200, 8)


def test_ollama_and_openrouter_answer_in_their_own_ways(simulator: Simulator) -> None:
    status, ollama = post(simulator, "/ollama/api/embed", {"model": "nomic-embed-text", "input": "salt"})
    assert (status, len(ollama["embeddings"]), len(ollama["embeddings"][0])) == (200, 1, 768)
    assert ollama["prompt_eval_count"] > 0
    status, router = post(simulator, "/openrouter/api/v1/embeddings", {"model": "openai/x", "input": TEXTS})
    assert (status, len(router["data"])) == (200, 3)
    assert router["usage"]["cost"] > 0


def test_the_same_text_has_the_same_vector_and_like_texts_are_near() -> None:
    first, second, other = (vector_of(text, 256) for text in TEXTS)
    assert vector_of("salt road", 256) == first

    def cosine(one: list[float], two: list[float]) -> float:
        return math.fsum(a * b for a, b in zip(one, two, strict=True))

    assert cosine(first, first) == pytest.approx(1.0, abs=1e-5)
    assert cosine(first, second) > cosine(first, other) + 0.2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/openai/v1/embeddings", {"model": "m", "input": ["x"] * 2049}),
        ("/openai/v1/embeddings", {"model": "m", "input": ["x", ""]}),
        ("/openai/v1/embeddings", {"model": "m", "input": ["word " * 9000]}),
        ("/openai/v1/embeddings", {"model": "m", "input": []}),
        ("/cohere/v2/embed", {"model": "m", "texts": ["x"] * 97}),
        (
            "/gemini/v1beta/models/m:batchEmbedContents",
            {"requests": [{"content": {"parts": [{"text": "x"}]}}] * 101},
        ),
    ],
)
def test_what_a_vendor_would_refuse_is_refused_and_not_billed(
    simulator: Simulator, path: str, body: dict[str, Any]
) -> None:
    assert post(simulator, path, body)[0] == 400
    (line,) = simulator.bill()
    assert (line["event"], line["billed"], line["asks"]) == ("begun", False, "embed")


def test_it_is_billed_once_and_rules_for_generations_leave_it_alone(simulator: Simulator) -> None:
    simulator.set_rules([{"fault": "drop"}, {"match": {"kind": "embed", "contains": "sea"}, "fault": "empty"}])
    body = {"model": "m", "input": ["salt road"]}
    assert post(simulator, "/openai/v1/embeddings", body)[0] == 200
    assert post(simulator, "/openai/v1/embeddings", {**body, "input": ["the sea"]})[1]["data"] == []
    assert post(simulator, "/openai/v1/embeddings", body, key="wrong")[0] == 401
    assert [(line["event"], line.get("billed"), line["texts"]) for line in simulator.bill()] == [
        ("begun", True, 1), ("answered", None, 1), ("begun", True, 1), ("fault", None, 1), ("answered", None, 1),
        ("begun", False, 1),
    ]  # fmt: skip


def test_a_vendor_without_embeddings_has_no_such_address(simulator: Simulator) -> None:
    assert post(simulator, "/anthropic/v1/embeddings", {"model": "m", "input": ["x"]})[0] == 404
