"""A call as it was decided and spelled for the upstream. Kept with the caller's headers until anything changes."""

from __future__ import annotations

from exchange.gateway.decision import decide
from exchange.gateway.heads import TARGET, Head
from exchange.gateway.refusals import Refusal
from exchange.gateway.snapshot import Grant, Snapshot

_WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))
_MOST_KEPT = 64


class Prepared:
    """The grant, and the request but for its query and its number."""

    __slots__ = ("_after", "_before", "_path", "grant", "method", "since", "until", "version")

    def __init__(self, grant: Grant, method: bytes, path: bytes, head: Head, epoch: bytes, version: int) -> None:
        self.grant = grant
        self.method = method
        self.version = version
        self.since = max(grant.credential.starts_at, grant.entitlement.starts_at)
        self.until = min(grant.credential.expires_at, grant.entitlement.ends_at)
        framing = b""
        if head.chunked:
            framing = b"Transfer-Encoding: chunked\r\n"
        elif head.length or method in _WITH_BODY:
            framing = b"Content-Length: %d\r\n" % head.length
        target = grant.target
        fields = target.fields(head, grant.operation.rule.needs_body)
        self._path = path
        self._before = method + b" " + target.path(path, b"")
        self._after = b" HTTP/1.1\r\n%b%bCall-Id: %b-" % (fields, framing, epoch)

    def request(self, query: bytes, seq: int) -> bytes:
        """The head of the request to the upstream."""
        if not query:
            return b"%b%b%d\r\n\r\n" % (self._before, self._after, seq)
        target = self.grant.target
        if target.injection.query:
            return b"%b %b%b%d\r\n\r\n" % (self.method, target.path(self._path, query), self._after, seq)
        return b"%b?%b%b%d\r\n\r\n" % (self._before, query, self._after, seq)


def again(snapshot: Snapshot, head: Head, line: bytes, now: float, longest: int) -> tuple[Prepared, bytes] | None:
    """The call and its query, when this caller sent the same request line a while ago, but for its query."""
    cut = line.find(b"?")
    known: Prepared | None = head.decided.get(line[:-9] if cut < 0 else line[:cut])
    if known is None or known.version != snapshot.version or not known.since <= now < known.until:
        return None
    if cut < 0:
        return known, b""
    query = line[cut + 1 : -9]
    return None if len(line) > longest or query.translate(None, TARGET) else (known, query)


def prepare(snapshot: Snapshot, head: Head, method: bytes, path: bytes, now: float, epoch: bytes) -> Prepared | Refusal:
    """Decide on a call of ``/{listing}{operation path}``."""
    grant = decide(snapshot, head.credential, method, path, now, head.purpose)
    if isinstance(grant, Refusal):
        return grant
    cut = path.find(b"/", 1)
    rest = path[cut:] if cut > 0 else b"/"
    fresh = Prepared(grant, method, rest, head, epoch, snapshot.version)
    if head.plain and snapshot.decides_alone(grant, rest):
        if len(head.decided) >= _MOST_KEPT:
            head.decided.clear()
        head.decided[method + b" /i" + path] = fresh
    return fresh
