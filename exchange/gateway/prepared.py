"""A call as it was decided and spelled for the upstream. Kept with its caller until anything changes."""

from __future__ import annotations

from exchange.gateway.decision import Admission, admit, operate, split
from exchange.gateway.heads import TARGET, Caller, Head
from exchange.gateway.refusals import Refused
from exchange.gateway.snapshot import Grant, Snapshot

_WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))
_MOST_KEPT = 256


class Prepared:
    """The grant, and the request line but for its query."""

    __slots__ = ("_before", "_path", "_plain", "admission", "grant", "method")

    def __init__(self, admission: Admission, grant: Grant, method: bytes, path: bytes) -> None:
        self.admission = admission
        self.grant = grant
        self.method = method
        self._plain = grant.operation.rule.needs_body
        self._path = path
        self._before = method + b" " + grant.target.path(path, b"")

    def request(self, query: bytes, head: Head, epoch: bytes, seq: int) -> bytes:
        """The head of the request to the upstream."""
        target = self.grant.target
        fields = head.forwards.get((target, self._plain)) or target.fields(head, self._plain)
        framing = b"" if head.plain and self.method == b"GET" else self._framing(head)
        if not query:
            return b"%b HTTP/1.1\r\n%b%bCall-Id: %b-%d\r\n\r\n" % (self._before, fields, framing, epoch, seq)
        if target.injection.query:
            line = self.method + b" " + target.path(self._path, query)
            return b"%b HTTP/1.1\r\n%b%bCall-Id: %b-%d\r\n\r\n" % (line, fields, framing, epoch, seq)
        return b"%b?%b HTTP/1.1\r\n%b%bCall-Id: %b-%d\r\n\r\n" % (self._before, query, fields, framing, epoch, seq)

    def anew(self, snapshot: Snapshot, caller: Caller, now: float) -> Prepared:
        """The same call, decided on now. Raises Refused."""
        listing_id = self.grant.entitlement.listing_id.encode()
        return prepare(snapshot, caller, self.method, b"/" + listing_id + self._path, now)

    def _framing(self, head: Head) -> bytes:
        if head.chunked:
            return b"Transfer-Encoding: chunked\r\n"
        return b"Content-Length: %d\r\n" % head.length if head.length or self.method in _WITH_BODY else b""


def again(caller: Caller, snapshot: Snapshot, line: bytes, now: float, longest: int) -> tuple[Prepared, bytes] | None:
    """The call and its query, when this caller sent the same request line a while ago, but for its query."""
    cut = line.find(b"?")
    known: Prepared | None = caller.decided.get(line[:-9] if cut < 0 else line[:cut])
    if known is None or line[-9:] != b" HTTP/1.1":
        return None
    admission = known.admission
    if admission.version != snapshot.version or not admission.since <= now < admission.until:
        return None
    if cut < 0:
        return known, b""
    query = line[cut + 1 : -9]
    return None if len(line) > longest or query.translate(None, TARGET) else (known, query)


def prepare(snapshot: Snapshot, caller: Caller, method: bytes, path: bytes, now: float) -> Prepared:
    """Decide on a call of ``/{listing}{operation path}`` as ``decision.decide`` does. Raises Refused."""
    listing_id, rest = split(path)
    admission: Admission | None = caller.admissions.get(listing_id)
    if admission is None or admission.version != snapshot.version or not admission.since <= now < admission.until:
        admission = admit(snapshot, caller.credential, listing_id, now, caller.claim, caller.mark)
        if admission.alone:
            _keep(caller.admissions, listing_id, admission)
    try:
        grant = operate(admission, method, rest)
    except Refused as refused:
        refused.whom = (admission.who.organisation_id, listing_id.decode("latin-1"))
        raise
    fresh = Prepared(admission, grant, method, rest)
    if admission.alone and admission.revision.router.literal(rest) is not None:
        _keep(caller.decided, method + b" /i" + path, fresh)
    return fresh


def _keep(kept: dict[bytes, object], key: bytes, value: object) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
