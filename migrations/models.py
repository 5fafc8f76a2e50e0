"""Every feature's mapped classes, for Alembic and for tests of the schema."""

import importlib

FEATURES = (
    "core.outbox",
    "core.jobs",
    "core.idempotency",
    "core.mail",
    "compliance.policy.models",
    "compliance.audit.models",
    "compliance.subjects.models",
    "compliance.identity.models",
    "compliance.keys.models",
    "compliance.oauth.models",
    "compliance.documents.models",
    "compliance.review.models",
    "compliance.qualification.models",
    "compliance.retention.models",
    "compliance.exports.models",
    "compliance.freezes.models",
    "compliance.requests.models",
    "catalog.files.models",
    "catalog.interfaces.models",
    "catalog.listings.models",
    "catalog.references.models",
    "catalog.references.claims.models",
    "catalog.search.models",
    "billing.ledger.models",
    "billing.usage.models",
    "billing.invoices.models",
    "billing.periods.models",
    "billing.payments.models",
    "billing.settlement.models",
    "exchange.contracts.models",
    "exchange.trading.models",
    "exchange.trading.contested",
    "exchange.trading.thread",
    "exchange.delivery.models",
    "exchange.disputes.models",
    "exchange.webhooks.models",
    "exchange.notices.models",
    "exchange.sidecar.models",
    "exchange.oversight.models",
)

for _feature in FEATURES:
    importlib.import_module(_feature)
