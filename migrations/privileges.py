"""PostgreSQL roles that part what the processes may do to the database; the audit log above all.

Four roles without a login, made by names with a prefix: the *migrator* owns the tables, the *application* trades and
may only add to the audit log, the *sequencer* gives entries their place and signs and sees nothing else, the *auditor*
reads the log and writes nothing. The statements can be run again, after each upgrade: what they find is brought in
line.
"""

from __future__ import annotations

import re

_SEALED = ("audit_leaf", "audit_node", "audit_head", "audit_checkpoint")
"""What stands between an entry and its proof."""
LOG = (
    *_SEALED, "audit_entry", "audit_pending", "audit_concern", "audit_counter", "audit_epoch", "audit_cosignature",
    "audit_stamp",
)  # fmt: skip
REWRITTEN = ("subject", "personal_value")
"""Tables that are written anew when somebody is forgotten: PostgreSQL lets only their owner do that."""
_APPLICATION = {
    "INSERT": ("audit_entry", "audit_pending", "audit_concern", "audit_counter", "audit_cosignature", "audit_stamp"),
    "UPDATE": ("audit_counter",),
}
_SEQUENCER = {
    "SELECT": ("audit_entry", "audit_pending", *_SEALED, "audit_epoch"),
    "INSERT": _SEALED,
    "UPDATE": ("audit_head",),
    "DELETE": ("audit_pending",),
}
_KINDS = ("migrator", "application", "sequencer", "auditor")
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,30}")

_CREATE = """DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
END $$"""
_OWN = """DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v') AND c.relname NOT IN ({rewritten})
      AND pg_get_userbyid(c.relowner) <> '{migrator}'
  LOOP EXECUTE format('ALTER TABLE %s OWNER TO {migrator}', found.name); END LOOP;
  FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND pg_get_userbyid(p.proowner) <> '{migrator}'
  LOOP EXECUTE format('ALTER FUNCTION %s OWNER TO {migrator}', found.name); END LOOP;
END $$"""
_GIVE = """DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename = '{table}' AND tableowner <> '{role}')
  THEN ALTER TABLE {table} OWNER TO {role}; END IF;
END $$"""


def role(prefix: str, kind: str) -> str:
    """The name of one of the four roles."""
    return f"{prefix}_{kind}"


def statements(prefix: str) -> list[str]:
    """What makes the roles and says what each may do. Raises ValueError for a prefix that is no plain name."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("a prefix is a small letter, then small letters, digits and _")
    migrator, application, sequencer, auditor = (role(prefix, kind) for kind in _KINDS)
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public"
    others = f"{application}, {sequencer}, {auditor}"
    return [
        *(_CREATE.format(role=role(prefix, kind)) for kind in _KINDS),
        f"GRANT {application} TO {migrator}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {migrator}",
        f"GRANT CREATE ON SCHEMA public TO {application}",
        _OWN.format(migrator=migrator, rewritten=", ".join(f"'{table}'" for table in REWRITTEN)),
        *(_GIVE.format(table=table, role=application) for table in REWRITTEN),
        f"REVOKE ALL ON SCHEMA public FROM {others}",
        f"GRANT USAGE ON SCHEMA public TO {others}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {sequencer}, {auditor}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {others}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {application}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {application}",
        f"{later} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application}",
        f"{later} GRANT USAGE, SELECT ON SEQUENCES TO {application}",
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version, {', '.join(LOG)} FROM {application}",
        *_granted(_APPLICATION, application),
        *_granted(_SEQUENCER, sequencer),
        f"GRANT SELECT ON {', '.join(LOG)} TO {auditor}",
        f"GRANT SELECT ON alembic_version TO {sequencer}, {auditor}",
    ]


def _granted(allowed: dict[str, tuple[str, ...]], to: str) -> list[str]:
    return [f"GRANT {act} ON {', '.join(tables)} TO {to}" for act, tables in allowed.items()]
