"""The official SDKs read every answer without a warning, and say what was asked of the simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ghostkit.testing.simulator import Simulator

from .wire import MESSAGES, PROMPT

TEXT = "A lamp. It burned."
REPLY = {"reply": {"text": TEXT, "reasoning": "Short is good."}}
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "pages": {"type": "integer", "minimum": 10}},
    "required": ["title", "pages"],
    "additionalProperties": False,
}


@pytest.fixture
def openai_client(simulator: Simulator) -> Any:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=simulator.url("openai"), api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def openrouter(simulator: Simulator) -> Any:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=simulator.url("openrouter"), api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(simulator: Simulator) -> Any:
    anthropic = pytest.importorskip("anthropic")
    with anthropic.Anthropic(base_url=simulator.url("anthropic"), api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def gemini(simulator: Simulator) -> Any:
    genai = pytest.importorskip("google.genai")
    client = genai.Client(api_key="any", http_options={"base_url": simulator.url("gemini")})
    yield client
    client.close()


@pytest.fixture
def cohere_client(simulator: Simulator) -> Any:
    httpx, cohere = pytest.importorskip("httpx"), pytest.importorskip("cohere")
    with httpx.Client(timeout=10) as line:
        yield cohere.ClientV2(api_key="any", base_url=simulator.url("cohere"), httpx_client=line, max_retries=0)


class TestOpenAI:
    def test_chat(self, openai_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        made = openai_client.chat.completions.create(model="m", messages=MESSAGES, max_completion_tokens=50)
        assert made.choices[0].message.content == TEXT
        assert made.choices[0].finish_reason == "stop"
        assert made.usage.completion_tokens == 10
        assert made._request_id.startswith("req_")

    def test_chat_streamed(self, openai_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        with openai_client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        ) as stream:
            chunks = list(stream)
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == TEXT
        assert (
            "".join(getattr(c.choices[0].delta, "reasoning_content", "") for c in chunks if c.choices)
            == "Short is good."
        )
        assert chunks[-1].usage.completion_tokens_details.reasoning_tokens == 4
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"

    def test_usage_comes_in_a_stream_only_when_asked_for(self, openai_client: Any) -> None:
        with openai_client.chat.completions.create(model="m", messages=MESSAGES, stream=True, max_tokens=3) as stream:
            assert all(chunk.usage is None for chunk in stream)

    def test_structured_output(self, openai_client: Any) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "book", "schema": SCHEMA, "strict": True}}
        made = openai_client.chat.completions.create(model="m", messages=MESSAGES, response_format=form)
        assert set(json.loads(made.choices[0].message.content)) == {"title", "pages"}

    def test_responses(self, openai_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        made = openai_client.responses.create(model="m", input=PROMPT, reasoning={"effort": "low", "summary": "auto"})
        assert (made.output_text, made.status) == (TEXT, "completed")
        assert made.output[0].summary[0].text == "Short is good."
        assert made.usage.output_tokens_details.reasoning_tokens == 4

    def test_responses_streamed(self, openai_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        with openai_client.responses.create(model="m", input=PROMPT, stream=True) as stream:
            events = list(stream)
        assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == TEXT
        assert "".join(e.delta for e in events if e.type == "response.reasoning_summary_text.delta") == "Short is good."
        assert events[-1].type == "response.completed"
        assert events[-1].response.usage.output_tokens == 10

    def test_responses_by_the_sdks_own_accumulator(self, openai_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        with openai_client.responses.stream(model="m", input=PROMPT) as stream:
            for _ in stream:
                pass
            made = stream.get_final_response()
        assert (made.output_text, made.status) == (TEXT, "completed")

    def test_counts_and_models(self, openai_client: Any) -> None:
        assert openai_client.responses.input_tokens.count(model="m", input=PROMPT).input_tokens > 5
        assert [model.id for model in openai_client.models.list()] == ["sim-small", "sim-large"]
        assert openai_client.models.retrieve("any").id == "any"

    def test_a_prompt_that_begins_like_one_before_is_read_from_the_cache(self, openai_client: Any) -> None:
        long = [{"role": "user", "content": "A lamp burns at the harbour. " * 400}]
        used = [
            openai_client.chat.completions.create(model="m", messages=long, max_tokens=2).usage.prompt_tokens_details
            for _ in (1, 2)
        ]
        assert used[0].cached_tokens == 0
        assert used[1].cached_tokens > 1024
        assert used[1].cached_tokens % 128 == 0


class TestOpenRouter:
    def test_chat_with_its_cost(self, openrouter: Any, simulator: Simulator) -> None:
        simulator.set_rules([{"reply": {"text": TEXT, "usage": {"cost_usd": 0.25}}}])
        made = openrouter.chat.completions.create(model="v/m", messages=MESSAGES)
        assert made.choices[0].message.content == TEXT
        assert made.usage.cost == 0.25

    def test_streamed_with_reasoning(self, openrouter: Any) -> None:
        with openrouter.chat.completions.create(
            model="v/m", messages=MESSAGES, stream=True, max_tokens=9, extra_body={"reasoning": {"effort": "low"}}
        ) as stream:
            chunks = list(stream)
        assert "What is asked for" in "".join(getattr(c.choices[0].delta, "reasoning", "") for c in chunks if c.choices)
        assert chunks[-1].usage.cost > 0

    def test_an_error_after_200_is_raised_by_the_sdk(self, openrouter: Any, simulator: Simulator) -> None:
        import openai

        simulator.set_rules([{"fault": {"kind": "error_event", "status": 502}}])
        stream = openrouter.chat.completions.create(model="v/m", messages=MESSAGES, stream=True)
        with stream, pytest.raises(openai.APIError, match="Provider returned error") as raised:
            list(stream)
        assert raised.value.body["code"] == 502

    def test_models_need_no_key(self, simulator: Simulator) -> None:
        httpx2 = pytest.importorskip("httpx2")
        base = simulator.url("openrouter")
        assert httpx2.get(f"{base}/models").json()["data"][0]["pricing"]["prompt"] == "0.000001"
        assert httpx2.get(f"{base}/key").status_code == 401
        assert httpx2.get(f"{base}/key", headers={"authorization": "Bearer any"}).json()["data"]["limit"] is None


class TestAnthropic:
    def test_messages(self, anthropic_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        made = anthropic_client.messages.create(model="m", max_tokens=50, messages=MESSAGES)
        assert [block.type for block in made.content] == ["thinking", "text"]
        assert (made.content[1].text, made.stop_reason) == (TEXT, "end_turn")
        assert made.usage.output_tokens == 10

    def test_streamed_by_the_sdks_own_accumulator(self, anthropic_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        with anthropic_client.messages.stream(model="m", max_tokens=50, messages=MESSAGES) as stream:
            assert "".join(stream.text_stream) == TEXT
            made = stream.get_final_message()
        assert made.content[0].thinking == "Short is good."
        assert made.stop_reason == "end_turn"
        assert made.usage.output_tokens == 10

    def test_thinking_when_asked_for(self, anthropic_client: Any) -> None:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        made = anthropic_client.messages.create(model="m", max_tokens=2000, messages=MESSAGES, thinking=thinking)
        assert made.content[0].type == "thinking"

    def test_a_marked_beginning_is_written_to_the_cache_and_then_read(self, anthropic_client: Any) -> None:
        system = [{"type": "text", "text": "A lamp burns. " * 600, "cache_control": {"type": "ephemeral"}}]
        used = [
            anthropic_client.messages.create(model="m", max_tokens=3, system=system, messages=MESSAGES).usage
            for _ in (1, 2)
        ]
        assert used[0].cache_creation_input_tokens > 1024
        assert used[0].cache_read_input_tokens == 0
        assert used[1].cache_read_input_tokens == used[0].cache_creation_input_tokens
        assert used[1].input_tokens == used[0].input_tokens < 30

    def test_a_stop_sequence(self, anthropic_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([{"reply": {"text": "one two STOP three"}}])
        made = anthropic_client.messages.create(model="m", max_tokens=9, messages=MESSAGES, stop_sequences=["STOP"])
        assert made.content[0].text == "one two "
        assert (made.stop_reason, made.stop_sequence) == ("stop_sequence", "STOP")

    def test_structured_output(self, anthropic_client: Any) -> None:
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        made = anthropic_client.messages.create(model="m", max_tokens=500, messages=MESSAGES, output_config=form)
        assert json.loads(made.content[0].text)["pages"] >= 10

    def test_counts_and_models(self, anthropic_client: Any) -> None:
        from anthropic.types import ModelInfo

        assert anthropic_client.messages.count_tokens(model="m", messages=MESSAGES).input_tokens > 5
        models = list(anthropic_client.models.list())
        assert [model.id for model in models] == ["sim-small", "sim-large"]
        assert ModelInfo.model_validate(models[0].model_dump()).model_extra == {}
        assert anthropic_client.models.retrieve("any").id == "any"


class TestGemini:
    def test_generate(self, gemini: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        made = gemini.models.generate_content(model="m", contents=PROMPT)
        assert made.text == TEXT
        assert made.candidates[0].content.parts[0].thought is True
        assert made.usage_metadata.thoughts_token_count == 4
        assert made.usage_metadata.candidates_token_count == 6

    def test_streamed(self, gemini: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        chunks = list(gemini.models.generate_content_stream(model="m", contents=PROMPT))
        assert "".join(chunk.text or "" for chunk in chunks) == TEXT
        assert chunks[-1].candidates[0].finish_reason == "STOP"
        assert [chunk.candidates[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)

    def test_structured_output(self, gemini: Any) -> None:
        config = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        assert set(gemini.models.generate_content(model="m", contents=PROMPT, config=config).parsed) == {
            "title",
            "pages",
        }

    def test_counts_and_models(self, gemini: Any) -> None:
        assert gemini.models.count_tokens(model="m", contents=PROMPT).total_tokens > 5
        assert [model.name for model in gemini.models.list()] == ["models/sim-small", "models/sim-large"]
        assert gemini.models.get(model="any").input_token_limit == 1048576


class TestCohere:
    def test_chat(self, cohere_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        made = cohere_client.chat(model="m", messages=MESSAGES)
        assert [part.type for part in made.message.content] == ["thinking", "text"]
        assert (made.message.content[1].text, made.finish_reason) == (TEXT, "COMPLETE")
        assert made.usage.tokens.output_tokens == 10

    def test_streamed(self, cohere_client: Any, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        events = list(cohere_client.chat_stream(model="m", messages=MESSAGES))
        said = [e.delta.message.content for e in events if e.type == "content-delta"]
        assert "".join(content.text or "" for content in said) == TEXT
        assert "".join(content.thinking or "" for content in said) == "Short is good."
        assert events[-1].type == "message-end"
        assert events[-1].delta.usage.billed_units.output_tokens == 10

    def test_structured_output(self, cohere_client: Any) -> None:
        form = {"type": "json_object", "json_schema": SCHEMA}
        made = cohere_client.chat(model="m", messages=MESSAGES, response_format=form)
        assert set(json.loads(made.message.content[0].text)) == {"title", "pages"}

    def test_counts_and_models(self, cohere_client: Any) -> None:
        counted = cohere_client.tokenize(text=PROMPT, model="m", offline=False)
        assert len(counted.tokens) == len(counted.token_strings) > 5
        assert "".join(counted.token_strings) == PROMPT
        assert [model.name for model in cohere_client.models.list().models] == ["sim-small", "sim-large"]
        assert cohere_client.models.get("any").name == "any"

    def test_the_key_can_be_asked_about(self, simulator: Simulator) -> None:
        httpx2 = pytest.importorskip("httpx2")
        url = simulator.url("cohere") + "/v1/check-api-key"
        assert httpx2.post(url, headers={"authorization": "Bearer any"}).json()["valid"] is True
        assert httpx2.post(url, headers={"authorization": "Bearer wrong-one"}).status_code == 401


class TestOllama:
    """There is no SDK of Ollama here: its lines are read as its API's page describes them."""

    def ask(self, simulator: Simulator, path: str, body: Any) -> list[Any]:
        httpx2 = pytest.importorskip("httpx2")
        answer = httpx2.post(simulator.url("ollama") + path, json=body)
        return [json.loads(line) for line in answer.text.splitlines()]

    def test_streams_unless_told_not_to(self, simulator: Simulator) -> None:
        simulator.set_rules([REPLY])
        *lines, last = self.ask(simulator, "/api/chat", {"model": "m", "messages": MESSAGES})
        assert all(line["done"] is False and line["message"]["role"] == "assistant" for line in lines)
        assert "".join(line["message"]["content"] for line in lines) == TEXT
        assert "".join(line["message"].get("thinking", "") for line in lines) == "Short is good."
        assert (last["done"], last["done_reason"], last["eval_count"]) == (True, "stop", 10)

    def test_plain(self, simulator: Simulator) -> None:
        (made,) = self.ask(simulator, "/api/chat", {"model": "m", "messages": MESSAGES, "stream": False, "think": True})
        assert made["message"]["thinking"].startswith("What is asked")
        assert made["prompt_eval_count"] > 5

    def test_structured_output(self, simulator: Simulator) -> None:
        (made,) = self.ask(
            simulator, "/api/chat", {"model": "m", "messages": MESSAGES, "stream": False, "format": SCHEMA}
        )
        assert json.loads(made["message"]["content"])["pages"] >= 10

    def test_tags_show_and_pull(self, simulator: Simulator) -> None:
        httpx2 = pytest.importorskip("httpx2")
        simulator.set_rules([{"match": {"kind": "tags"}, "reply": {"models": ["llama3.2"]}}])
        tags = httpx2.get(simulator.url("ollama") + "/api/tags").json()
        assert [model["name"] for model in tags["models"]] == ["llama3.2:latest"]
        (shown,) = self.ask(simulator, "/api/show", {"model": "m"})
        assert "completion" in shown["capabilities"]
        assert self.ask(simulator, "/api/pull", {"model": "m"})[-1] == {"status": "success"}
        assert "error" in self.ask(simulator, "/api/pull", {"model": "no-such"})[-1]
        assert self.ask(simulator, "/api/show", {"model": "no-such"}) == [{"error": "model 'no-such' not found"}]

    def test_its_openai_endpoint(self, simulator: Simulator) -> None:
        openai = pytest.importorskip("openai")
        with openai.OpenAI(base_url=simulator.url("ollama") + "/v1", api_key="ollama", max_retries=0) as client:
            made = client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=5)
        assert made.choices[0].finish_reason == "length"
        assert simulator.bill()[0]["vendor"] == "ollama"
