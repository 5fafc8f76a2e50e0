"""The peer that the web process is measured beside: bare Flask and SQLAlchemy, one view that reads one row."""

from __future__ import annotations

import sys

import flask
from gunicorn.app.base import BaseApplication
from sqlalchemy import create_engine, event, text


def create_app(database: str) -> flask.Flask:
    """One row of one table by its primary key, as JSON."""
    engine = create_engine(f"sqlite:///{database}", pool_size=16)

    @event.listens_for(engine, "connect")
    def _wal(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY, title TEXT)"))
        connection.execute(text("INSERT OR REPLACE INTO thing VALUES ('one', 'a row')"))
    app = flask.Flask("bare")

    @app.get("/thing/<thing_id>")
    def show(thing_id: str) -> flask.Response:
        with engine.connect() as connection:
            row = connection.execute(text("SELECT id, title FROM thing WHERE id = :id"), {"id": thing_id}).one()
        return flask.jsonify(id=row.id, title=row.title)

    return app


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, database: str, options: dict[str, object]) -> None:
        self.database, self.options = database, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        return create_app(self.database)


if __name__ == "__main__":
    database, port, workers, threads = sys.argv[1:]
    _Server(
        database,
        {
            "bind": [f"127.0.0.1:{port}"], "workers": int(workers), "threads": int(threads), "worker_class": "gthread",
            "keepalive": 30, "control_socket_disable": True,
        },
    ).run()  # fmt: skip
