"""Errors: the vendor's own body and status, and the SDK's own exception for it."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from ghostkit.testing.simulator import Simulator

from .wire import MESSAGES, VENDORS, Wire

EVERY = pytest.mark.parametrize("vendor", VENDORS)
BOTH = pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
STATUSES = (400, 401, 403, 404, 408, 409, 413, 429, 500, 503, 529)


def message_of(vendor: str, value: Any) -> str:
    """The vendor's message, found where that vendor puts it."""
    if vendor == "cohere":
        return str(value["message"])
    return str(value["error"] if vendor == "ollama" else value["error"]["message"])


@EVERY
@BOTH
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_comes_with_the_vendors_own_body(wire: Wire, vendor: str, stream: bool, status: int) -> None:
    wire.simulator.set_rules([{"fault": {"kind": "status", "status": status}}])
    answer = wire.call(vendor, stream=stream)
    assert (answer.status, answer.ending) == (status, "whole")
    assert "retry-after" not in answer.headers
    value = answer.json()
    assert len(message_of(vendor, value)) > 5
    if vendor in ("openai", "openai-responses"):
        assert set(value["error"]) == {"message", "type", "param", "code"}
    elif vendor == "anthropic":
        assert (value["type"], value["request_id"]) == ("error", answer.headers["request-id"])
    elif vendor == "gemini":
        assert value["error"]["code"] == status
        assert value["error"]["status"].isupper()
    elif vendor == "openrouter":
        assert value["error"]["code"] == status


@EVERY
def test_a_call_turned_away_is_begun_on_the_bill_but_not_billed(wire: Wire, vendor: str) -> None:
    wire.simulator.set_rules([{"fault": {"kind": "status", "status": 429}}])
    wire.call(vendor, stream=False)
    begun, fault = wire.simulator.bill()
    assert (begun["event"], begun["billed"], begun["fault"], begun["status"]) == ("begun", False, "status", 429)
    assert (fault["event"], fault["kind"], fault["status"]) == ("fault", "status", 429)


@EVERY
@pytest.mark.parametrize("form", ["seconds", "date", "ms", "epoch"])
@pytest.mark.parametrize("wait", [2.5, 86400])
def test_how_long_to_wait_is_said_in_the_form_asked_for(wire: Wire, vendor: str, form: str, wait: float) -> None:
    fault = {"kind": "status", "status": 429, "retry_after_s": wait, "retry_after_form": form}
    wire.simulator.set_rules([{"fault": fault}])
    before = time.time()
    answer = wire.call(vendor, stream=False)
    headers = answer.headers
    if vendor == "gemini":
        info = [detail for detail in answer.json()["error"]["details"] if detail["@type"].endswith("RetryInfo")]
        assert info[0]["retryDelay"] == f"{wait:g}s"
    if form == "date":
        said = parsedate_to_datetime(headers["retry-after"]).timestamp()
        assert before + wait <= said <= before + wait + 3
    elif vendor == "gemini":
        assert "retry-after" not in headers
    elif form == "seconds":
        assert headers["retry-after"] == f"{wait:g}"
    elif form == "ms":
        assert headers["retry-after-ms"] == str(int(wait * 1000))
    else:
        assert before + wait <= int(headers["x-ratelimit-reset"]) <= before + wait + 3


SAID = {
    "quota": {
        "openai": ("insufficient_quota", 429),
        "anthropic": ("credit balance is too low", 400),
        "gemini": ("exceeded your current quota", 429),
        "cohere": ("1000 API calls / month", 429),
        "openrouter": ("Insufficient credits", 429),
    },
    "context": {
        "openai": ("context_length_exceeded", 400),
        "openai-responses": ("context_length_exceeded", 400),
        "anthropic": ("prompt is too long", 400),
        "gemini": ("exceeds the maximum number of tokens", 400),
        "cohere": ("too many tokens", 400),
        "openrouter": ("maximum context length", 400),
        "ollama": ("context length", 400),
    },
}


@pytest.mark.parametrize(("code", "vendor"), [(code, vendor) for code in SAID for vendor in SAID[code]])
def test_special_errors(wire: Wire, code: str, vendor: str) -> None:
    words, status = SAID[code][vendor]
    asked = 429 if code == "quota" else 400
    wire.simulator.set_rules([{"fault": {"kind": "status", "status": asked, "code": code}}])
    answer = wire.call(vendor, stream=True)
    assert answer.status == status
    assert words in answer.body.decode()


@EVERY
@BOTH
def test_an_unknown_model_is_not_found(wire: Wire, vendor: str, stream: bool) -> None:
    answer = wire.call(vendor, stream=stream, model="no-such-model")
    assert answer.status == 404
    assert "no-such-model" in message_of(vendor, answer.json())


@EVERY
def test_a_wrong_key_and_no_key(wire: Wire, vendor: str) -> None:
    from .wire import call_of

    path, body = call_of(vendor, stream=False)
    url = wire.simulator.url(vendor) + path
    header = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}.get(vendor, "authorization")
    wrong = wire.post(url, body, keys={header: "Bearer wrong-key" if header == "authorization" else "wrong-key"})
    assert wrong.status == (400 if vendor == "gemini" else 401)
    assert wire.post(url, body, keys={}).status == {"gemini": 400, "ollama": 200}.get(vendor, 401)
    assert "wrong-key" not in repr(wire.simulator.requests())


def test_a_wrong_key_is_not_the_fault_of_a_rule(wire: Wire) -> None:
    wire.simulator.set_rules([{"fault": {"kind": "status", "status": 503}}])
    url = wire.simulator.url("openai") + "/chat/completions"
    assert wire.post(url, {"model": "m"}, keys={"authorization": "Bearer wrong"}).status == 401
    assert wire.simulator.faults() == []


def test_a_body_that_is_no_json_is_a_bad_request(wire: Wire) -> None:
    answer = wire.ask("POST", wire.simulator.url("openai") + "/chat/completions", b"{nonsense")
    assert answer.status == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_path_that_no_vendor_has_is_not_found(wire: Wire) -> None:
    answer = wire.ask("GET", f"http://127.0.0.1:{wire.simulator.port}/v9/dreams")
    assert (answer.status, "No vendor has" in answer.body.decode()) == (404, True)


class TestWhatTheSdksRaise:
    @pytest.mark.parametrize(
        ("status", "name"),
        [
            (400, "BadRequestError"), (401, "AuthenticationError"), (403, "PermissionDeniedError"),
            (404, "NotFoundError"), (409, "ConflictError"), (429, "RateLimitError"), (503, "InternalServerError"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("vendor", ["openai", "anthropic"])
    def test_openai_and_anthropic(self, simulator: Simulator, vendor: str, status: int, name: str) -> None:
        sdk = pytest.importorskip(vendor)
        simulator.set_rules([{"fault": {"kind": "status", "status": status, "message": "As told."}}])
        make = sdk.OpenAI if vendor == "openai" else sdk.Anthropic
        with make(base_url=simulator.url(vendor), api_key="any", max_retries=0) as client:
            ask = client.chat.completions.create if vendor == "openai" else client.messages.create
            with pytest.raises(getattr(sdk, name), match=r"As told\.") as raised:
                ask(model="m", messages=MESSAGES, max_tokens=5)
        assert raised.value.request_id.startswith("req_")

    def test_anthropic_overloaded_in_the_middle(self, simulator: Simulator) -> None:
        anthropic = pytest.importorskip("anthropic")
        simulator.set_rules([{"fault": {"kind": "error_event", "status": 529}}])
        with anthropic.Anthropic(base_url=simulator.url("anthropic"), api_key="any", max_retries=0) as client:
            stream = client.messages.create(model="m", messages=MESSAGES, max_tokens=50, stream=True)
            with stream, pytest.raises(anthropic.APIStatusError, match="Overloaded"):
                list(stream)

    def test_gemini(self, simulator: Simulator) -> None:
        genai = pytest.importorskip("google.genai")
        simulator.set_rules([{"fault": {"kind": "status", "status": 503}}])
        client = genai.Client(api_key="any", http_options={"base_url": simulator.url("gemini")})
        with pytest.raises(genai.errors.ServerError, match="overloaded") as raised:
            list(client.models.generate_content_stream(model="m", contents="Hi."))
        assert (raised.value.code, raised.value.status) == (503, "UNAVAILABLE")
        client.close()

    def test_cohere(self, simulator: Simulator) -> None:
        httpx, cohere = pytest.importorskip("httpx"), pytest.importorskip("cohere")
        simulator.set_rules([{"fault": {"kind": "status", "status": 429}}])
        with httpx.Client() as line:
            client = cohere.ClientV2(api_key="any", base_url=simulator.url("cohere"), httpx_client=line, max_retries=0)
            with pytest.raises(cohere.TooManyRequestsError) as raised:
                client.chat(model="m", messages=MESSAGES)
        assert "rate limit" in raised.value.body["message"]
