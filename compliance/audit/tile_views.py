"""The log's files over HTTP, under ``/log``: what witnesses and monitors of tiled transparency logs ask for.

Hashes and checkpoints are public. Entries name parties and amounts: their bundles are for those who audit the log.
"""

from __future__ import annotations

import flask

from compliance.audit import publishing, queries, tiles, witnesses
from compliance.audit.tiles import ENTRIES, Tile
from core import http
from core.db import Uow
from core.house import House
from core.problems import DomainError, NotFound

PREFIX = "/log"
_FOR_EVER = "public, max-age=31536000, immutable"


class TileNotFound(NotFound):
    code, title = "tile_not_found", "The log has no such file"


def mount(app: flask.Flask, house: House) -> None:
    """Serve ``/log/checkpoint`` and ``/log/tile/…``."""
    blueprint = flask.Blueprint("log", __name__, url_prefix=PREFIX)
    blueprint.add_url_rule("/<path:path>", "file", lambda path: _file(house, path))
    blueprint.register_error_handler(DomainError, http.answer_error)
    app.register_blueprint(blueprint)


def _file(house: House, path: str) -> flask.Response:
    below = publishing.prefix(house)
    if not path.startswith(below):
        raise TileNotFound()
    name = path.removeprefix(below)
    return _checkpoint(house) if name == publishing.CHECKPOINT else _tile(house, name)


def _checkpoint(house: House) -> flask.Response:
    def work(uow: Uow) -> str:
        newest = queries.newest_checkpoint(uow)
        if newest is None:
            raise queries.CheckpointNotFound("The first checkpoint has not been signed yet.")
        return witnesses.cosigned_note(uow, newest)

    return _answer(house.db.read(work).encode(), "text/plain; charset=utf-8", "no-cache")


def _tile(house: House, path: str) -> flask.Response:
    tile = tiles.parse(path)
    if tile is None:
        raise TileNotFound()
    confidential = tile.level == ENTRIES
    if confidential and not queries.sees_all(http.authenticate(house)):
        raise TileNotFound()
    content = house.db.read(lambda uow: _content(uow, tile))
    return _answer(content, "application/octet-stream", "private, no-store" if confidential else _FOR_EVER)


def _content(uow: Uow, tile: Tile) -> bytes:
    """Only what a checkpoint covers: until then nobody can prove it."""
    newest = queries.newest_checkpoint(uow)
    if newest is None or tile.leaves > newest.size:
        raise TileNotFound()
    return tiles.content(uow, tile)


def _answer(content: bytes, kind: str, caching: str) -> flask.Response:
    response = flask.Response(content, content_type=kind)
    response.headers["Cache-Control"] = caching
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
