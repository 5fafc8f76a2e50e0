"""Every secret of an installation: what it is for, and what its rotation means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """``SEALS`` what is stored: sealed anew before older ones are retired. ``PROVES`` what is given out for a while:
    older ones are retired once that has passed. ``LASTS``: never rotated, for what was made with it is compared for
    years. ``SIGNS`` the audit log, with a command of its own.
    """

    SEALS = "seals"
    PROVES = "proves"
    LASTS = "lasts"
    SIGNS = "signs"


@dataclass(frozen=True)
class SecretName:
    name: str
    use: Use
    purpose: str


SECRETS = (
    SecretName("account-signing-keys", Use.SEALS, "the keys that people sign contracts with"),
    SecretName("bank-accounts", Use.SEALS, "suppliers' account numbers"),
    SecretName("documents", Use.SEALS, "documents of qualifications and reviews"),
    SecretName("mail", Use.SEALS, "letters on their way"),
    SecretName("oauth-signing-keys", Use.SEALS, "the keys that sign access tokens"),
    SecretName("second-factors", Use.SEALS, "the secrets of one-time codes"),
    SecretName("subjects", Use.SEALS, "each person's own key"),
    SecretName("upstream-credentials", Use.SEALS, "suppliers' credentials for their services"),
    SecretName("webhooks", Use.SEALS, "the secrets that sign webhook messages"),
    SecretName("cursor", Use.PROVES, "cursors of lists"),
    SecretName("form", Use.PROVES, "forms of pages"),
    SecretName("delivery-tickets", Use.PROVES, "download links"),
    SecretName("log-signing-key", Use.SIGNS, "checkpoints of the audit log, bundles, statements"),
    SecretName("person-sets", Use.LASTS, "distinct persons in files"),
    SecretName("privacy-codes", Use.LASTS, "codes of people's requests"),
    SecretName("sample-seed", Use.LASTS, "samples that stay the same"),
    SecretName("subject-marks", Use.LASTS, "finding a person without a name"),
    SecretName("watermark", Use.LASTS, "whose copy a leaked file is"),
)
BY_NAME = {each.name: each for each in SECRETS}
