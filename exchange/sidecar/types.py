"""Value types of the sidecar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What gateways keep a copy of; each change names one of these and the thing's id."""

    SETTINGS = "settings"
    JWK = "jwk"
    ORG = "org"
    KEY = "key"
    CLIENT = "client"
    REVOKED = "revoked"
    INTERFACE = "interface"
    CREDENTIAL = "credential"  # of an interface document: never an item of its own
    ENTITLEMENT = "entitlement"
    POLICY = "policy"  # other rules: every right is judged again
    RECALL = "recall"  # of a lease: no item; the machine of the process that holds it tells it to give back


@dataclass(frozen=True, slots=True)
class Ref:
    """One thing that changed."""

    kind: str
    id: str


def recall(epoch: str, entitlement_id: str) -> Ref:
    """What a process on another machine holds of a right is wanted back."""
    return Ref(Kind.RECALL, f"{epoch}:{entitlement_id}")


@dataclass(frozen=True)
class Delta:
    """What gateways have to take over (items as the wire has them) and to forget."""

    put: tuple[dict[str, Any], ...] = ()
    drop: tuple[Ref, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.put or self.drop)


class Meter(StrEnum):
    """What a gateway holds on lease, counted in calls."""

    QUOTA = "quota"
    FUNDED = "funded"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Calls:
    """So many calls of each meter."""

    quota: int = 0
    funded: int = 0
    trial: int = 0

    def __bool__(self) -> bool:
        return bool(self.quota or self.funded or self.trial)

    def __add__(self, other: Calls) -> Calls:
        return Calls(self.quota + other.quota, self.funded + other.funded, self.trial + other.trial)

    def of(self, meter: Meter) -> int:
        value: int = getattr(self, meter)
        return value

    def with_most(self, other: Calls) -> Calls:
        """Of each meter the larger number."""
        return Calls(*(max(self.of(meter), other.of(meter)) for meter in Meter))

    def by_meter(self) -> dict[str, int]:
        return {str(meter): self.of(meter) for meter in Meter if self.of(meter)}


@dataclass(frozen=True, slots=True)
class Granted:
    """What was leased, and of which meter nothing was left. ``shared``: some was left to other processes."""

    calls: Calls
    short: Meter | None = None
    shared: bool = False


class EpochState(StrEnum):
    """Of a gateway process: it may still make calls and be granted some, or all it left is loaded."""

    LIVE = "live"
    FINISHED = "finished"


class SegmentState(StrEnum):
    """Of a segment: more may come, or all of it is loaded that can be."""

    OPEN = "open"
    DONE = "done"
