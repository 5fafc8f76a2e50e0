"""Logs: one JSON object a line on standard error, each with the id of the request that it belongs to."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_ACCEPTABLE_ID = re.compile(r"\A[A-Za-z0-9._-]{1,64}\Z")


class JsonFormatter(logging.Formatter):
    """Time, level, logger, text, request id, and the traceback of an error."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "role": self.role,
            "logger": record.name,
            "text": record.getMessage(),
        }
        if (request_id := _request_id.get()) is not None:
            line["request"] = request_id
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(role: str, level: int = logging.INFO) -> None:
    """Send everything that is logged in this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(role))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)


class RequestIds:
    """WSGI middleware: every request has an id, taken from ``X-Request-Id`` when it is sane, and answers with it."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTABLE_ID.match(given) else secrets.token_hex(8)
        _request_id.set(request_id)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("X-Request-Id", request_id)], exc_info)

        return self.app(environ, start)
