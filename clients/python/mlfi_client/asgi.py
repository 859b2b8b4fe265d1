"""Middleware for FastAPI, Starlette and every other ASGI application."""

from __future__ import annotations

import json
import time
from typing import Any, Awaitable, Callable, List, MutableMapping

from ._client import Model

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
LARGEST_BYTES = 1_000_000


class MlfiMiddleware:
    """Logs the JSON requests to one path and what they were answered. Bodies pass through as they are; large ones unlogged."""

    def __init__(self, app: Any, *, model: Model, path: str) -> None:
        self._app = app
        self._model = model
        self._path = path

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        asked, said = _Kept(), _Kept()
        status = 500

        async def receive_and_keep() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                asked.add(message.get("body", b""))
            return message

        async def keep_and_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            elif message["type"] == "http.response.body":
                said.add(message.get("body", b""))
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive_and_keep, keep_and_send)
        finally:
            self._note(asked, said, status, time.perf_counter() - started)

    def _note(self, asked: "_Kept", said: "_Kept", status: int, took: float) -> None:
        request, response = asked.value(), said.value()
        # What a client asked wrongly is no failure of the model.
        if request is None or 400 <= status < 500:
            return
        if status >= 500:
            self._model.log_call(request, latency_seconds=took, error=True)
        elif response is not None:
            self._model.log_call(request, response, latency_seconds=took)


class _Kept:
    """The parts of a body, up to a size."""

    def __init__(self) -> None:
        self._parts: List[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= LARGEST_BYTES:
            self._parts.append(part)

    def value(self) -> Any:
        if self._size == 0 or self._size > LARGEST_BYTES:
            return None
        try:
            return json.loads(b"".join(self._parts))
        except ValueError:
            return None
