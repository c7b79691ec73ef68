"""A hub of one model on this machine, as huggingface_hub asks one: its listing, its files, ranges of them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """`files` are served; `cut` names one that breaks off after so many bytes, once."""

    files: dict[str, bytes]
    large: frozenset[str] = frozenset()
    lies: frozenset[str] = frozenset()
    cut: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def listing(self) -> dict[str, Any]:
        siblings = []
        for name, data in self.files.items():
            row: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": _blob(data)}
            if name in self.large:
                row["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 100}
            siblings.append(row)
        return {"id": "org/model", "sha": COMMIT, "siblings": siblings}


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: Any) -> None: ...

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            known = path.startswith("/api/models/org/model")
            data = json.dumps(self.hub.listing()).encode() if known else b'{"error": "Repository not found"}'
            headers = {} if known else {"X-Error-Code": "RepoNotFound"}
            self._send(200 if known else 404, data, headers, body)
            return
        name = path.partition(f"/resolve/{COMMIT}/")[2]
        if body:
            self.hub.asked.append((name, self.headers.get("Range", "")))
        data = self.hub.files[name]
        headers = {"ETag": f'"{_blob(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if name in self.hub.lies:
            data = b"x" * len(data)
        self._send_file(name, data, headers, body)

    def _send_file(self, name: str, data: bytes, headers: dict[str, str], body: bool) -> None:
        begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        rest = data[begin:]
        if body and name in self.hub.cut:
            self.send_response(200)
            self.send_header("Content-Length", str(len(rest)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(rest[: self.hub.cut.pop(name)])
            self.close_connection = True
            return
        self._send(206 if begin else 200, rest, headers, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@contextmanager
def running(hub: Hub) -> Iterator[str]:
    """Its address."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
