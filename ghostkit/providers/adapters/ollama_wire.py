"""Ollama's API over HTTP: it needs no SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from ghostkit.errors import BadAnswer


class OllamaRefusal(Exception):
    """An answer that is an error, in Ollama's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class OllamaClient:
    """`http` is an `httpx2.AsyncClient`; `base_url` has no `/api`."""

    def __init__(self, http: Any, base_url: str, key: str | None) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def models(self) -> list[str]:
        """Names of what has been fetched, `:latest` left out."""
        found = await self._asked("GET", "/api/tags")
        return [str(model.get("name", "")).removesuffix(":latest") for model in found.get("models") or ()]

    async def files(self) -> list[dict[str, Any]]:
        """What has been fetched, each with its name, tag and digest."""
        return [
            model for model in (await self._asked("GET", "/api/tags")).get("models") or () if isinstance(model, dict)
        ]

    async def embed(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self._asked("POST", "/api/embed", body)

    async def show(self, model: str) -> dict[str, Any]:
        return await self._asked("POST", "/api/show", {"model": model})

    async def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self._asked("POST", "/api/chat", {**body, "stream": False})

    async def chat_stream(self, body: dict[str, Any]) -> Lines:
        return await self._streamed("/api/chat", {**body, "stream": True})

    async def pull(self, model: str) -> Lines:
        return await self._streamed("/api/pull", {"model": model, "stream": True})

    async def _streamed(self, path: str, body: dict[str, Any]) -> Lines:
        request = self._request("POST", path, body)
        response = await self._http.send(request, stream=True)
        if response.status_code >= 400:
            try:
                raise _refusal(response.status_code, await response.aread())
            finally:
                await response.aclose()
        return Lines(response)

    async def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = await self._http.send(self._request(method, path, body))
        if response.status_code >= 400:
            raise _refusal(response.status_code, response.content)
        answer = json.loads(response.content)
        if not isinstance(answer, dict):
            raise _no_object()
        if "error" in answer:
            raise OllamaRefusal(0, str(answer["error"]))
        return answer

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        return self._http.build_request(method, self._base_url + path, content=content, headers=headers)


class Lines:
    """A body of JSON objects, one a line, as they come; a last line without its end counts if it is whole."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._lines: AsyncIterator[str] = response.aiter_lines()

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> dict[str, Any]:
        while True:
            line = await self._lines.__anext__()
            if line.strip():
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise _no_object()
                return found

    async def aclose(self) -> None:
        await self._response.aclose()


def _no_object() -> BadAnswer:
    return BadAnswer("What came is not an answer of Ollama's.", fix="Check OLLAMA_HOST: something else answers there.")


def _refusal(status: int, body: bytes) -> OllamaRefusal:
    try:
        said = json.loads(body)
        message = said.get("error") if isinstance(said, dict) else None
    except ValueError:
        message = None
    return OllamaRefusal(status, str(message or body[:500].decode("utf-8", "replace")))
