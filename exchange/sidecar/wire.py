"""Frames on the Unix socket between sidecar and gateways: a length of four bytes, then JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

LONGEST_BODY = 64 << 20


class FrameRefused(ValueError):
    """What came is not a frame of this protocol."""


def encode(message: dict[str, Any]) -> bytes:
    return frame(compact(message))


def compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4) + body


def put(items: Iterable[bytes]) -> bytes:
    """A frame of items that are encoded already."""
    return frame(b'{"t":"put","items":[' + b",".join(items) + b"]}")


async def receive(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message, None at the end. Raises FrameRefused."""
    try:
        length = int.from_bytes(await reader.readexactly(4))
        if length > LONGEST_BODY:
            raise FrameRefused(f"a frame of {length} bytes")
        message = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValueError as error:
        raise FrameRefused(str(error)) from None
    if not isinstance(message, dict) or not isinstance(message.get("t"), str):
        raise FrameRefused("a message without a type")
    return message
