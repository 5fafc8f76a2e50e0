"""A new key for the log's signer: announced in the log under the old key, which signs the announcement too."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import checkpoints, epochs, notes, sequencer
from compliance.audit.service import record
from compliance.audit.verifier import Key
from core.actor import SYSTEM
from core.house import House

REKEYED = "log:rotate_key"
TAKEN_UP = "log:take_up_key"


def rotate_key(house: House, keeper: House | None = None) -> tuple[Key, Key]:
    """Answers the old key and the new one, which signs from now on; what the old one signed stays good.

    The last checkpoint under the old key alone covers the entry that names the new one; one more entry follows, so that
    there is a checkpoint under the new key at once. ``keeper`` is the same exchange by the login that may give entries
    their place, when that is another one. Raises LogInconsistent.
    """
    value = secrets.token_bytes(32)
    origin, old_private = epochs.origin(house), checkpoints.private_key(house)
    old, new = checkpoints.public_key(house), notes.key_of(origin, Ed25519PrivateKey.from_private_bytes(value))
    vouched = notes.signed(f"{origin}/key\n{new.text()}\n", origin, old_private)
    house.db.write(
        lambda uow: record(
            uow, SYSTEM, action=REKEYED, object_id=epochs.LOG,
            data={"old_key": old.text(), "new_key": new.text(), "vouched": base64.b64encode(vouched.encode()).decode()},
        )
    )  # fmt: skip
    _sign_all(keeper or house)
    with checkpoints.alone(house):
        house.keyring.rotate(checkpoints.SIGNING_KEY, value)
    taken_up = {"key": new.text()}
    house.db.write(lambda uow: record(uow, SYSTEM, action=TAKEN_UP, object_id=epochs.LOG, data=taken_up))
    _sign_all(keeper or house)
    return old, new


def _sign_all(house: House) -> None:
    while sequencer.run(house):
        pass
    checkpoints.sign(house)
