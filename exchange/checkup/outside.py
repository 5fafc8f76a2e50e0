"""What the settings switch on, what production asks for, and the certificate that people see."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core.buckets import StoreAway, bucket_of
from core.clock import Clock
from core.settings import Settings
from exchange.checkup.finding import Finding, note

_PATIENCE_S = 5.0
_RENEW_WITHIN_DAYS = 14


def production(settings: Settings) -> Iterator[Finding]:
    if settings.production:
        yield Finding(
            settings.secure_cookies, "cookies are sent over https only", "set PIAOHAO_SECURE_COOKIES=1"
        )  # fmt: skip
        yield Finding(
            not settings.database.startswith("sqlite"), "production runs on PostgreSQL", "set PIAOHAO_DATABASE_URL"
        )
        yield Finding(
            settings.public_url.startswith("https://"), "people reach it over https", "set PIAOHAO_PUBLIC_URL"
        )  # fmt: skip


def switched_on(settings: Settings) -> Iterator[Finding]:
    """One line of all that is on, one of all that is off."""
    known = {
        "letters by SMTP": settings.smtp_url, "payments by Stripe": settings.stripe_key,
        "files in S3": settings.s3_bucket, "search on Elasticsearch": settings.search_url,
        "gateways": settings.gateway_workers, "figures": settings.metrics_port,
        "the audit log published": settings.log_publish,
    }  # fmt: skip
    on, off = [name for name, value in known.items() if value], [name for name, value in known.items() if not value]
    yield Finding(True, f"on: {', '.join(on) or 'nothing'}")
    if off:
        yield note(f"off: {', '.join(off)}", "docs/settings.md has the setting of each")


def bucket(settings: Settings) -> Iterator[Finding]:
    found = bucket_of(settings, "")
    if found is None:
        return
    try:
        found.answers()
    except StoreAway:
        yield Finding(
            False, f"the bucket {settings.s3_bucket} at {settings.s3_url} cannot be read",
            "look at PIAOHAO_S3_* and at the service; what it said stands above",
        )  # fmt: skip
    else:
        yield Finding(True, f"the bucket {settings.s3_bucket} at {settings.s3_url} can be read")


def certificate(settings: Settings) -> Iterator[Finding]:
    """That of the public address, as a browser sees it from here."""
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" or not parts.hostname:
        return
    try:
        ends = _ends_at(parts.hostname, parts.port or 443)
    except (OSError, ValueError) as error:
        yield Finding(
            False, f"the certificate of {parts.hostname} cannot be seen: {error}", "look at the proxy in front"
        )
        return
    left = (ends - Clock().now()).days
    yield Finding(left >= _RENEW_WITHIN_DAYS, f"the certificate of {parts.hostname} ends in {left} days", "renew it")


def _ends_at(host: str, port: int) -> datetime:
    plain = socket.create_connection((host, port), timeout=_PATIENCE_S)
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured:
        shown = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
