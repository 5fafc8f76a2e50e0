"""Settings: frozen, read once from ``PIAOHAO_*`` variables and ``--data``. The only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core.addresses import allow_list

_PREFIX = re.compile("[a-z][a-z0-9-]{0,40}")
_DATABASES = ("postgresql+psycopg://", "postgresql://", "sqlite:///")
PROFILES = ("development", "demo", "test", "production")


@dataclass(frozen=True)
class Settings:
    """One exchange's settings; the name of each variable is ``PIAOHAO_`` and the field's name in capitals.

    ``commission_bp`` is basis points (600 is 6 %). ``tax_profile`` is who says how sales are taxed, empty the one of
    the same name as ``tier_profile``; ``tax_payer`` is what the platform is registered as there (``general`` or
    ``small_scale``); ``tax_rate_bp`` of 0 or more stands for the profile's standard rate.
    ``invoice_due_days`` after it was issued an invoice is to be paid. ``database_url`` empty means
    SQLite in the data folder. ``gateway_workers`` 0 means no gateway: web then streams files itself.
    ``public_url`` is where others reach web, ``gateway_url`` where they reach the gateway, when that is not its
    own host and port.
    ``upstream_allow`` lists private addresses that upstreams may have, ``10.0.0.5:8080`` or ``10.1.0.0/16``.
    ``segment_fsync`` makes every usage record survive a power loss, not only the death of a process.
    ``smtp_url`` (``smtp://user:word@host:587`` speaks STARTTLS when there is a user, ``smtps://`` TLS from the start)
    empty means that mails are written to a folder of the data folder. ``home_country`` is where this exchange is.
    ``scanned_at_once_bytes``: of a file with more text only the beginning is looked at when it comes, and all by a job.
    ``metrics_port`` 0 switches the figures of gateway, sidecar and worker off.
    ``stripe_key`` empty means that nobody pays by card or wallet here; ``stripe_url`` leads to another address than
    Stripe's own, for a test double, never in production.
    ``payout_minimum`` is in minor units: a supplier's balance below it waits for the next settlement run. So many days
    after a change of its bank account a supplier is paid there. ``paying_account_*`` is the account (and the BIC of its
    bank) that payment files are drawn on.
    ``s3_bucket`` empty means that files lie in the data folder; ``s3_url`` is the service's address. ``s3_read_*`` is a
    key that may only read what is delivered: gateways get it instead of the other.
    ``log_publish`` lists where the audit log's tiles and checkpoints are published, folders and ``s3://bucket/prefix``
    (a bucket of its own beside ``s3_bucket``, by the same address and keys), parted by commas; ``log_publish_entries``
    gives them the entries too, which name parties and amounts. ``log_witnesses`` lists the keys of witnesses whose
    cosignatures are kept, each as it is or as ``key@https://address`` when it is sent checkpoints. ``log_stamp_url``
    is a time stamp authority (RFC 3161), asked every ``log_stamp_minutes``. ``log_database_url`` is the login that
    gives entries their place and signs, when it is not that of ``database_url`` (``piaohao database roles``).
    ``search_url`` is Elasticsearch's address, or several parted by commas; empty means that the index lies in the data
    folder. Who we are there is said by ``search_api_key``, or by ``search_user`` and ``search_password``;
    ``search_ca_file`` names the authorities that its certificate is held against. Names of indices begin with
    ``search_prefix``. A person who searches waits ``search_timeout_s`` for it at most.
    ``trusted_proxies`` lists who may say in ``X-Forwarded-For`` whom they speak for, as ``upstream_allow`` does.
    """

    data: Path = Path("var/exchange")
    profile: str = "development"
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8460
    web_workers: int = 2
    web_threads: int = 8
    currency: str = "CNY"
    tier_profile: str = "cn"
    log_origin: str = "piaohao.local/log"
    log_publish: str = ""
    log_publish_entries: bool = False
    log_witnesses: str = ""
    log_database_url: str = field(default="", repr=False)
    log_stamp_url: str = ""
    log_stamp_minutes: int = 60
    tax_profile: str = ""
    tax_payer: str = "general"
    tax_rate_bp: int = -1
    commission_bp: int = 1000
    acceptance_days: int = 7
    payment_days: int = 14
    answer_days: int = 14
    session_hours: int = 12
    max_upload_bytes: int = 5_000_000_000
    scanned_at_once_bytes: int = 4 << 20
    download_slots: int = 4
    secure_cookies: bool = False
    public_url: str = ""
    gateway_port: int = 8461
    gateway_workers: int = 1
    gateway_url: str = ""
    gateway_stale_s: float = 5.0
    upstream_allow: str = ""
    segment_fsync: bool = False
    metrics_port: int = 8462
    smtp_url: str = ""
    mail_from: str = "exchange@piaohao.example"
    usage_hold_days: int = 7
    warranty_days: int = 30
    dispute_answer_days: int = 7
    fee_grace_days: int = 7
    invoice_due_days: int = 14
    price_notice_days: int = 90
    timezone: str = "Asia/Shanghai"
    home_country: str = "CN"
    stripe_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_url: str = ""
    stripe_methods: str = "card,alipay,wechat_pay"
    payout_minimum: int = 10_000
    bank_account_cooling_days: int = 3
    paying_account_name: str = "Piaohao"
    paying_account_number: str = ""
    paying_account_bank: str = ""
    search_url: str = ""
    search_api_key: str = field(default="", repr=False)
    search_user: str = ""
    search_password: str = field(default="", repr=False)
    search_ca_file: str = ""
    search_prefix: str = "piaohao"
    search_timeout_s: float = 5.0
    s3_bucket: str = ""
    s3_url: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = field(default="", repr=False)
    s3_read_access_key: str = ""
    s3_read_secret_key: str = field(default="", repr=False)
    trusted_proxies: str = ""

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'exchange.db'}"

    @property
    def web_address(self) -> str:
        """Web's public URL, without a slash at its end; the issuer of access tokens."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def gateway_address(self) -> str:
        """The gateway's public URL, without a slash at its end."""
        return (self.gateway_url or f"http://{self.host}:{self.gateway_port}").rstrip("/")

    @property
    def allowed_upstreams(self) -> tuple[str, ...]:
        """Each entry checked. Raises ValueError naming the first that is none."""
        return allow_list(self.upstream_allow)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Each entry of ``trusted_proxies``, checked. Raises ValueError naming the first that is none."""
        return allow_list(self.trusted_proxies)

    @property
    def search_urls(self) -> tuple[str, ...]:
        """Each address of Elasticsearch. Raises ValueError when one has no scheme or the way in is said twice."""
        urls = tuple(url.strip() for url in self.search_url.split(",") if url.strip())
        if not all(url.startswith(("http://", "https://")) for url in urls):
            raise ValueError("PIAOHAO_SEARCH_URL must begin with http:// or https://")
        if self.search_api_key and self.search_user:
            raise ValueError("PIAOHAO_SEARCH_API_KEY and PIAOHAO_SEARCH_USER say the same thing twice; set one of them")
        if not _PREFIX.fullmatch(self.search_prefix):
            raise ValueError("PIAOHAO_SEARCH_PREFIX must be small letters, digits and hyphens")
        return urls

    @property
    def production(self) -> bool:
        return self.profile == "production"

    @classmethod
    def from_environment(cls, data: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings of this process. Raises ValueError naming the variable that cannot be read."""
        environ = os.environ if environ is None else environ
        given: dict[str, Any] = {}
        for each in fields(cls):
            name = f"PIAOHAO_{each.name.upper()}"
            if name in environ:
                given[each.name] = _read(name, environ[name], each.default)
        if data is not None:
            given["data"] = Path(data)
        if "data" in given:
            given["data"] = given["data"].absolute()
        else:
            given["data"] = cls.data.absolute()
        if "port" in given:  # the others stay beside it unless they are given too
            given.setdefault("gateway_port", given["port"] + 1)
            given.setdefault("metrics_port", given["port"] + 2)
        settings = cls(**given)
        if settings.profile not in PROFILES:
            raise ValueError(f"PIAOHAO_PROFILE must be one of {', '.join(PROFILES)}")
        _require_database("PIAOHAO_DATABASE_URL", settings.database_url)
        _require_database("PIAOHAO_LOG_DATABASE_URL", settings.log_database_url)
        _ = settings.search_urls
        _ = settings.allowed_upstreams, settings.proxies  # what is wrong in them is told at the start
        if settings.s3_bucket and not (settings.s3_url and settings.s3_access_key and settings.s3_secret_key):
            raise ValueError("PIAOHAO_S3_BUCKET needs PIAOHAO_S3_URL, PIAOHAO_S3_ACCESS_KEY and PIAOHAO_S3_SECRET_KEY")
        if settings.production and settings.stripe_url:
            raise ValueError("PIAOHAO_STRIPE_URL is for tests and the demo; production speaks to Stripe itself")
        return settings


def environment_with(**changed: str) -> dict[str, str]:
    """This process' environment with some settings changed: for a child that shall have them."""
    return dict(os.environ) | {f"PIAOHAO_{name.upper()}": value for name, value in changed.items()}


def _require_database(name: str, url: str) -> None:
    if url and not url.startswith(_DATABASES):
        raise ValueError(f"{name} must begin with postgresql+psycopg:// or sqlite:///")


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise ValueError(f"{name} must be 1 or 0")
        return text.lower() in ("1", "true", "yes")
    try:
        return type(default)(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not a {type(default).__name__}") from None
