"""What the tests of the simulator ask, and a client that shows its bytes."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from typing import Any

from ghostkit.testing.simulator import Simulator

PROMPT = "Write of a lamp that Ada carries to the harbour."
VENDORS = ("openai", "openai-responses", "anthropic", "gemini", "cohere", "openrouter", "ollama")
MESSAGES = [{"role": "user", "content": PROMPT}]
KEYS = {"authorization": "Bearer any", "x-api-key": "any", "x-goog-api-key": "any"}


def call_of(
    vendor: str, *, stream: bool, room: int = 30, model: str = "sim", **more: Any
) -> tuple[str, dict[str, Any]]:
    """(path after the base URL, body) of a request for `room` tokens."""
    if vendor == "openai-responses":
        return "/responses", {"model": model, "input": PROMPT, "max_output_tokens": room, "stream": stream, **more}
    if vendor == "gemini":
        act = "streamGenerateContent?alt=sse" if stream else "generateContent"
        contents = [{"role": "user", "parts": [{"text": PROMPT}]}]
        return f"/v1beta/models/{model}:{act}", {
            "contents": contents,
            "generationConfig": {"maxOutputTokens": room} | more,
        }
    body: dict[str, Any] = {"model": model, "messages": MESSAGES, "max_tokens": room, "stream": stream, **more}
    if vendor == "ollama":
        body["options"] = {"num_predict": body.pop("max_tokens")}
    if vendor == "openai" and stream:
        body["stream_options"] = {"include_usage": True}
    paths = {"anthropic": "/v1/messages", "cohere": "/v2/chat", "ollama": "/api/chat"}
    return paths.get(vendor, "/chat/completions"), body


@dataclass
class Answer:
    """`ending` is "whole", "reset", "closed" (in the middle) or "silent" (nothing more came in time)."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ending: str = ""

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Plain sockets: what the server sends, with nothing between."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._opened: list[socket.socket] = []

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *ending: object) -> None:
        for opened in self._opened:
            opened.close()

    def open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.simulator.port), timeout=10)
        self._opened.append(opened)
        return opened

    def call(self, vendor: str, *, stream: bool, patience_s: float = 10, attempt: str = "a-1", **more: Any) -> Answer:
        path, body = call_of(vendor, stream=stream, **more)
        return self.post(self.simulator.url(vendor) + path, body, patience_s=patience_s, attempt=attempt)

    def post(self, url: str, body: Any, *, patience_s: float = 10, attempt: str = "", keys: Any = KEYS) -> Answer:
        return self.ask("POST", url, json.dumps(body).encode(), patience_s=patience_s, attempt=attempt, keys=keys)

    def ask(
        self, method: str, url: str, body: bytes = b"", *, patience_s: float = 10, attempt: str = "", keys: Any = KEYS
    ) -> Answer:
        sent = self.open()
        sent.settimeout(patience_s)
        sent.sendall(request_bytes(method, url, body, {"idempotency-key": attempt, **keys}))
        return read_answer(sent)


def request_bytes(method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
    path = "/" + url.split("/", 3)[3]
    lines = [f"{method} {path} HTTP/1.1", "host: simulator", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_answer(source: socket.socket) -> Answer:
    """Read one answer by HTTP/1.1's rules, to its end or to whatever comes in place of it."""
    answer, raw = Answer(), b""
    try:
        while b"\r\n\r\n" not in raw:
            raw += _some(source)
        head, _, raw = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        answer.status = int(first.split()[1])
        answer.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if answer.headers.get("transfer-encoding") == "chunked":
            _read_chunks(source, answer, raw)
        else:
            answer.body = raw
            length = int(answer.headers.get("content-length", -1))
            while len(answer.body) != length:
                answer.body += _some(source)
        answer.ending = "whole"
    except ConnectionResetError:
        answer.ending = "reset"
    except TimeoutError:
        answer.ending = "silent"
    except EOFError:
        answer.ending = "closed"
    return answer


def _read_chunks(source: socket.socket, answer: Answer, raw: bytes) -> None:
    held, at, pieces = bytearray(raw), 0, []
    try:
        while True:
            while (end := held.find(b"\r\n", at)) < 0:
                held += _some(source)
            size = int(held[at:end], 16)
            while len(held) < end + 2 + size + 2:
                held += _some(source)
            at = end + 2 + size + 2
            pieces.append(bytes(held[end + 2 : at - 2]))
            assert held[at - 2 : at] == b"\r\n"
            if size == 0:
                return
    finally:
        answer.body = b"".join(pieces)


def _some(source: socket.socket) -> bytes:
    data = source.recv(1 << 20)
    if not data:
        raise EOFError
    return data


def events_of(body: bytes) -> list[tuple[str, Any]]:
    """(event's name, its data as JSON or text) of a stream of server-sent events; comments are left out."""
    events = []
    for block in body.replace(b"\r\n", b"\n").decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if fields:
            data = fields["data"]
            events.append((fields.get("event", ""), json.loads(data) if data.startswith("{") else data))
    return events


def text_of(vendor: str, body: bytes, *, stream: bool) -> str:
    """The text in an answer, read here and not by the code that wrote it."""
    if vendor == "ollama":
        return "".join(json.loads(line).get("message", {}).get("content", "") for line in body.splitlines())
    values = [data for _, data in events_of(body)] if stream else [json.loads(body)]
    return "".join(_said(vendor, value, stream) for value in values if isinstance(value, dict))


def _said(vendor: str, value: Any, stream: bool) -> str:
    if vendor in ("openai", "openrouter"):
        place = "delta" if stream else "message"
        return "".join(choice[place].get("content") or "" for choice in value.get("choices", ()))
    if vendor == "gemini":
        parts = [part for each in value.get("candidates", ()) for part in each["content"]["parts"]]
        return "".join(part["text"] for part in parts if not part.get("thought"))
    if stream:
        if vendor == "openai-responses":
            return value["delta"] if value["type"] == "response.output_text.delta" else ""
        if vendor == "anthropic":
            return value.get("delta", {}).get("text", "")
        message = (value.get("delta") or {}).get("message") or {}
        content = message.get("content") or {}
        return content.get("text", "") if isinstance(content, dict) else ""
    if vendor == "openai-responses":
        parts = [part for item in value["output"] if item["type"] == "message" for part in item["content"]]
        return "".join(part.get("text", "") for part in parts)
    content = value["content"] if vendor == "anthropic" else value["message"]["content"]
    return "".join(part.get("text", "") for part in content)
