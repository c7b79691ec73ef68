"""The worst vendor there could be: whatever it is asked, its answer quotes the key and every header back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODES = ("401", "400", "500", "stream", "cut", "page", "garbage", "moved", "stall")


class _Echo(BaseHTTPRequestHandler):
    """The first part of the path says how it fails."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""

    over: threading.Event

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        mode = self.path.split("/")[1]
        said = f"Incorrect API key provided: {self._key()}. You sent {dict(self.headers)!r}."
        error = {"message": said, "type": "authentication_error", "code": "invalid_api_key", "param": self._key()}
        if mode == "stall":
            self.over.wait(30)
            self.close_connection = True
        elif mode in ("stream", "cut"):
            events = [{"type": "error", "error": error | {"status": "INTERNAL"}, "message": said}]
            body = "".join(f"event: error\ndata: {json.dumps(event)}\n\n" for event in events).encode()
            self._send(200, "text/event-stream", body, short=mode == "cut")
        elif mode == "page":
            self._send(200, "text/html", f"<html><body>{said}</body></html>".encode())
        elif mode == "garbage":
            self._send(200, "application/json", json.dumps({"choices": said, "content": {"key": said}}).encode())
        elif mode == "moved":
            self._send(307, "text/plain", said.encode(), location=f"http://127.0.0.1:9/{self._key()}")
        else:
            body = json.dumps({"error": error, "message": said, "type": "error", "headers": dict(self.headers)})
            self._send(int(mode), "application/json", body.encode())

    do_GET = do_POST = do_HEAD = _answer

    def _key(self) -> str:
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return bearer or self.headers.get("x-api-key") or self.headers.get("x-goog-api-key") or "none"

    def _send(self, status: int, kind: str, body: bytes, *, short: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name in ("x-request-id", "request-id", "x-debug-trace-id", "www-authenticate"):
            self.send_header(name, f"for {self._key()}")
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) + (100 if short else 0)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if short:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def echoing_vendor() -> Iterator[str]:
    """Its address, without a mode."""
    over = threading.Event()
    server = _Server(("127.0.0.1", 0), type("Echo", (_Echo,), {"over": over}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


PATHS = {"openai": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": "", "cohere": "", "openrouter": "/v1"}
VARIABLES = {
    "OPENAI_BASE_URL": "openai", "ANTHROPIC_BASE_URL": "anthropic", "GOOGLE_GEMINI_BASE_URL": "gemini",
    "CO_API_URL": "cohere", "OPENROUTER_BASE_URL": "openrouter",
}  # fmt: skip


def base_url(echo: str, mode: str, provider: str) -> str:
    return f"{echo}/{mode}{PATHS[provider]}"


def environment(echo: str, mode: str) -> dict[str, str]:
    """The variables that send every vendor's requests there."""
    return {variable: base_url(echo, mode, provider) for variable, provider in VARIABLES.items()}
