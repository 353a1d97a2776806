"""Looks at a PostgreSQL server as one that is to keep a state: its version, the way, the rights."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from rbsync.checks import Check
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.postgresql.server_errors import GRANT, MAKE, STANDBY
from rbsync.stores.postgresql.sessions import Session
from rbsync.stores.postgresql.state_tables import TABLES, format_of

_OPEN_HINT = (
    "names of datapoints, and why some failed, can be read on the way: put sslmode=verify-full and "
    "sslrootcert=FILE into the URL, or into PGSSLMODE and PGSSLROOTCERT"
)
_CHECKED = ("verify-ca", "verify-full")
_LACKING = """
SELECT DISTINCT one FROM unnest(%s::text[]) AS one,
  unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS allowed
WHERE NOT has_table_privilege(one, allowed)
ORDER BY one
"""
_MAY_MAKE = """
SELECT CASE WHEN to_regnamespace(quote_ident(%s)) IS NULL
  THEN has_database_privilege(current_database(), 'CREATE')
  ELSE has_schema_privilege(to_regnamespace(quote_ident(%s))::oid, 'CREATE') END
"""


def server_checks(session: Session, address: ServerAddress) -> Iterator[Check]:
    """Looks at the server of a session. Raises StoreError for a schema that is not ours."""
    yield _way(session)
    yield _rights(session, address)


def _way(session: Session) -> Check:
    ((version, encryption),) = session.execute(
        "SELECT current_setting('server_version'),"
        " (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
    )
    server = f"PostgreSQL {version.partition(' ')[0]}"
    # The server knows the way from a pooler, of which ours may be another one.
    if session.pgconn.ssl_in_use:
        return _encrypted(session, f"{server}, {encryption or 'TLS'}")
    if _is_here(session.info.hostaddr):
        return Check("state server", "ok", f"{server}, on this machine")
    return Check("state server", "warning", f"{server}, without TLS", _OPEN_HINT)


def _encrypted(session: Session, found: str) -> Check:
    # Whoever stands in between has a certificate, too.
    mode = session.info.get_parameters().get("sslmode", "prefer")
    if mode in _CHECKED or _is_here(session.info.hostaddr):
        return Check("state server", "ok", found)
    return Check(
        "state server", "warning", f"{found}, whose certificate is not checked", _OPEN_HINT
    )


def _is_here(address: str) -> bool:
    """Tells whether an address is this machine's; a socket has none."""
    return not address or ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _rights(session: Session, address: ServerAddress) -> Check:
    ((user, reads_only, of_all),) = session.execute(
        "SELECT current_user, current_setting('transaction_read_only')::bool,"
        " pg_has_role('pg_signal_backend', 'USAGE')"
    )
    told = {"schema": address.schema, "user": user}
    if reads_only:
        return Check("state rights", "warning", "it can be read, and not written to", STANDBY)
    present = format_of(session, address)
    if present is None:
        schema = address.schema
        ((may_make,),) = session.execute(_MAY_MAKE, (schema, schema))
        if may_make:
            return Check("state rights", "ok", f"{user} may make the state in `{schema}`")
        found = f"{user} may not make the state in `{schema}`"
        return Check("state rights", "failed", found, MAKE.format(**told))
    lacking = [str(one) for (one,) in session.execute(_LACKING, (list(TABLES),))]
    if not lacking:
        whose = "any run" if of_all else f"runs of the role {user}"
        found = f"{user} may read and write it (format {present}), and end {whose}"
        return Check("state rights", "ok", found)
    found = f"{user} may not read and write {', '.join(lacking)}"
    return Check("state rights", "failed", found, GRANT.format(**told))
