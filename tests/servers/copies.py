"""Copies of a PostgreSQL database, a fresh one for each test: a used one is emptied rather than made anew.

To copy ten megabytes in six hundred files takes the server ten times as long as to empty tables that hold what one
test wrote. A database whose schema a test has changed is not used again. Each use has a name of its own, so that a
process that outlives its test does not write into the next one's.
"""

from __future__ import annotations

from uuid import uuid4

import psycopg
from psycopg import sql

from tests.servers import postgresql
from tests.servers.exchange import eventually

_MOST_USES = 40  # dead rows add up
_SCHEMA = """
SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT string_agg(version_num, ' ') FROM alembic_version
UNION ALL SELECT sum(xmin::text::bigint)::text FROM pg_attribute
UNION ALL SELECT sum(xmin::text::bigint)::text FROM pg_constraint
UNION ALL SELECT sum(xmin::text::bigint)::text FROM pg_index
UNION ALL SELECT sum(xmin::text::bigint)::text FROM pg_proc
UNION ALL SELECT sum(xmin::text::bigint)::text FROM pg_trigger
"""
_RELATIONS = """
SELECT relkind::text, relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
"""
_OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


class Copies:
    """Of the database ``template`` on the server of ``url``."""

    def __init__(self, url: str, template: str) -> None:
        self._url, self._template = url, template
        self._spares: list[str] = []
        self._uses: dict[str, int] = {}
        self._schema: list[tuple[str]] = []
        self._empty = ""

    def take(self) -> str:
        """The address of one that is as the template is."""
        if self._spares:
            return self._address(self._spares.pop())
        name = f"test_{uuid4().hex}"
        postgresql.create_database(self._url, name, self._template)
        if not self._empty:
            self._look(name)
        return self._address(name)

    def give_back(self, address: str) -> None:
        """No longer needed: whoever is still connected to it is put out."""
        name = address.rpartition("/")[2]
        renamed = f"test_{uuid4().hex}"
        uses = self._uses.pop(name, 0) + 1
        if uses < _MOST_USES and self._closed(name, renamed) and self._emptied(renamed):
            self._spares.append(renamed)
            self._uses[renamed] = uses
        else:
            postgresql.drop_database(self._url, name)
            postgresql.drop_database(self._url, renamed)

    def _address(self, name: str) -> str:
        return self._url.rpartition("/")[0] + "/" + name

    def _look(self, name: str) -> None:
        """What the schema is, and what empties it."""
        with postgresql.connect(self._address(name)) as connection:
            self._schema = connection.execute(_SCHEMA).fetchall()
            relations = connection.execute(_RELATIONS).fetchall()
        told = ["SET session_replication_role = replica"]  # what is written once may not be deleted otherwise
        told += [f'DELETE FROM "{name}"' for kind, name in relations if kind == "r"]
        told += [f'ALTER SEQUENCE "{name}" RESTART' for kind, name in relations if kind == "S"]
        self._empty = "; ".join(told)

    def _closed(self, name: str, renamed: str) -> bool:
        """Put out who is connected, and give it another name."""
        with postgresql.connect(self._url) as connection:
            connection.execute(_END, [name])
            try:
                assert eventually(lambda: not connection.execute(_OTHERS, [name]).fetchall(), 5)
                connection.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(renamed))
                )
            except (AssertionError, psycopg.Error):
                return False
        return True

    def _emptied(self, name: str) -> bool:
        """Whether it is now as the template is."""
        with postgresql.connect(self._address(name)) as connection:
            if connection.execute(_SCHEMA).fetchall() != self._schema:
                return False
            connection.execute(self._empty.encode())
        return True
