"""Requests that no honest program sends, each with the answer that it gets.

``expected`` is the status of each answer that comes, in order. After a refusal of framing nothing that follows may be
taken for a request: that is what smuggling needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.exchange.gateway import scene

LISTING = f"/i/{scene.LISTING}"
_FIXED = f"Host: gateway.test\r\nX-Api-Key: {scene.KEY}\r\n"
SMUGGLED = f"GET {LISTING}/echo?smuggled=1 HTTP/1.1\r\n{_FIXED}\r\n"


_CLOSE = "Connection: close\r\n"
_METHODS = ("get", "BREW", "TRACE")
NO_UPGRADE = "upgrade_not_supported"
NO_CODING = "transfer_coding_not_supported"


@dataclass(frozen=True)
class Hostile:
    name: str
    sent: bytes
    expected: tuple[int, ...]
    code: str = ""


def _get(target: str = f"{LISTING}/echo", lines: str = "", *, method: str = "GET", fixed: str = _FIXED) -> str:
    return f"{method} {target} HTTP/1.1\r\n{fixed}{lines}\r\n"


def _post(lines: str, body: str) -> str:
    return _get(lines=lines, method="POST") + body


def _case(name: str, sent: str, status: int, code: str) -> Hostile:
    return Hostile(name, sent.encode("latin-1"), (status,), code)


def _framing() -> list[Hostile]:
    chunked, zero = "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"
    ambiguous = {
        "length and chunked": (f"Content-Length: 5\r\n{chunked}", zero),
        "chunked and length": (f"{chunked}Content-Length: 5\r\n", zero),
        "two lengths that differ": ("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef"),
        "two lengths that agree": ("Content-Length: 5\r\nContent-Length: 5\r\n", "abcde"),
        "a list of lengths": ("Content-Length: 5, 5\r\n", "abcde"),
        "a length with a sign": ("Content-Length: +5\r\n", "abcde"),
        "a negative length": ("Content-Length: -5\r\n", ""),
        "a length in hexadecimal": ("Content-Length: 0x5\r\n", "abcde"),
        "a length with a fraction": ("Content-Length: 5.0\r\n", "abcde"),
        "a length of nothing": ("Content-Length:\r\n", ""),
        "a length of twenty digits": ("Content-Length: 18446744073709551617\r\n", "a"),
        "a length with an underscore": ("Content-Length: 1_0\r\n", "abcdefghij"),
        "chunked twice in a line": ("Transfer-Encoding: chunked, chunked\r\n", zero),
        "chunked twice in two lines": (chunked + chunked, zero),
        "chunked before another coding": ("Transfer-Encoding: chunked, identity\r\n", zero),
        "gzip and chunked": ("Transfer-Encoding: gzip, chunked\r\n", zero),
        "chunked with a parameter": ("Transfer-Encoding: chunked;q=1\r\n", zero),
        "chunked after a vertical tab": ("Transfer-Encoding: \x0bchunked\r\n", zero),
        "xchunked": ("Transfer-Encoding: xchunked\r\n", zero),
        "chunked in quotes": ('Transfer-Encoding: "chunked"\r\n', zero),
    }
    cases = [_case(name, _post(*parts) + SMUGGLED, 400, "framing_ambiguous") for name, parts in ambiguous.items()]
    cases += [
        _case(
            f"{coding} as a transfer coding", _post(f"Transfer-Encoding: {coding}\r\n", "") + SMUGGLED, 501, NO_CODING
        )
        for coding in ("identity", "gzip")
    ]
    old = f"POST {LISTING}/echo HTTP/1.0\r\n{_FIXED}{chunked}\r\n{zero}{SMUGGLED}"
    return [*cases, _case("chunked in HTTP/1.0", old, 400, "framing_ambiguous")]


def _chunks() -> list[Hostile]:
    bodies = {
        "a chunk size that is no number": "xyz\r\nabc\r\n0\r\n\r\n",
        "a chunk size with a sign": "+3\r\nabc\r\n0\r\n\r\n",
        "a negative chunk size": "-3\r\nabc\r\n0\r\n\r\n",
        "a chunk size of 0x3": "0x3\r\nabc\r\n0\r\n\r\n",
        "a chunk size with a space before": " 3\r\nabc\r\n0\r\n\r\n",
        "a chunk size of twenty digits": "fffffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
        "an empty chunk size": "\r\nabc\r\n0\r\n\r\n",
        "a chunk shorter than its size": "5\r\nabc\r\n0\r\n\r\n",
        "a chunk longer than its size": "2\r\nabc\r\n0\r\n\r\n",
        "chunks with bare LF": "3\nabc\n0\n\n",
        "a chunk size with bare CR": "3\rabc\r\n0\r\n\r\n",
        "a chunk extension with a line feed": "3;a=\nb\r\nabc\r\n0\r\n\r\n",
        "an endless chunk extension": "3;" + "a" * 20_000 + "\r\nabc\r\n0\r\n\r\n",
        "a trailer that is no header": "0\r\nno header\r\n\r\n",
        "a trailer with a folded line": "0\r\nA: b\r\n c\r\n\r\n",
        "endless trailers": "0\r\n" + "A: " + "b" * 3_000 + "\r\n" + ("C: " + "d" * 3_000 + "\r\n") * 5 + "\r\n",
    }
    return [
        _case(name, _post("Transfer-Encoding: chunked\r\n", body) + SMUGGLED, 400, "framing_ambiguous")
        for name, body in bodies.items()
    ]


def _lines() -> list[Hostile]:
    malformed = {
        "a folded header": "X-A: b\r\n c\r\n",
        "a folded header with a tab": "X-A: b\r\n\tc\r\n",
        "a space before the colon": "X-A : b\r\n",
        "a tab before the colon": "X-A\t: b\r\n",
        "a header without a colon": "X-A\r\n",
        "a header without a name": ": b\r\n",
        "a NUL in a value": "X-A: b\0c\r\n",
        "a NUL in a name": "X-\0A: b\r\n",
        "a bare CR in a value": "X-A: b\rX-B: c\r\n",
        "a bare LF between headers": "X-A: b\nX-B: c\r\n",
        "a control character in a value": "X-A: b\x01c\r\n",
        "a delete character in a value": "X-A: b\x7fc\r\n",
        "a parenthesis in a name": "X(A): b\r\n",
        "a space in a name": "X A: b\r\n",
        "a name beyond ASCII": "X-\xe4: b\r\n",
        "Expect twice": "Expect: 100-continue\r\nExpect: 100-continue\r\n",
    }
    cases = [_case(name, _get(lines=lines) + SMUGGLED, 400, "request_malformed") for name, lines in malformed.items()]
    return cases + _request_lines() + _versions()


def _request_lines() -> list[Hostile]:
    def line(first: str, lines: str = _FIXED) -> str:
        return f"{first}\r\n{lines}\r\n"

    malformed = {
        "whitespace before the first header": line(f"GET {LISTING}/echo HTTP/1.1", f" {_FIXED}"),
        "lines that end with LF": _get().replace("\r\n", "\n"),
        "no method": line(f" {LISTING}/echo HTTP/1.1"),
        "two spaces after the method": line(f"GET  {LISTING}/echo HTTP/1.1"),
        "a space at the end of the request line": line(f"GET {LISTING}/echo HTTP/1.1 "),
        "a space in the target": _get(f"{LISTING}/echo a"),
        "tabs for spaces": line(f"GET\t{LISTING}/echo\tHTTP/1.1"),
        "a version without a minor": line(f"GET {LISTING}/echo HTTP/1"),
        "no version (HTTP/0.9)": f"GET {LISTING}/echo\r\n\r\n",
        "a target beyond ASCII": _get(f"{LISTING}/\xe4"),
        "a fragment in the target": _get(f"{LISTING}/echo#x"),
        "a backslash in the target": _get(f"{LISTING}\\echo"),
        "a greeting of TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 60,
    }
    return [_case(name, sent, 400, "request_malformed") for name, sent in malformed.items()]


def _versions() -> list[Hostile]:
    versions = [
        _case(version, f"GET {LISTING}/echo {version}\r\n{_FIXED}\r\n", 505, "version_not_supported")
        for version in ("HTTP/1.2", "HTTP/3.0")
    ]
    return [
        *versions,
        _case("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version_not_supported"),
        *[_case(f"the method {method}", _get(method=method), 501, "method_not_implemented") for method in _METHODS],
    ]


def _targets() -> list[Hostile]:
    other = f"http://127.0.0.1:1{LISTING}/echo"
    cases = [
        _case("CONNECT", f"CONNECT gateway.test:443 HTTP/1.1\r\n{_FIXED}\r\n", 400, "target_not_origin"),
        _case("the absolute form", _get(other), 400, "target_not_origin"),
        _case("the absolute form, upper case", _get(other.upper()), 400, "target_not_origin"),
        _case("the authority form", _get("gateway.test:80"), 400, "target_not_origin"),
        _case("the asterisk form", _get("*", method="OPTIONS"), 400, "target_not_origin"),
        _case("a path without its slash", _get("i/echo"), 400, "target_not_origin"),
        _case("a target of 9,000 bytes", _get(f"{LISTING}/echo?" + "a" * 9_000), 414, "request_line_too_long"),
        _case("a request line without an end", "GET /" + "a" * 40_000, 414, "request_line_too_long"),
    ]
    return cases + [
        _case(f"the path {path}", _get(LISTING + path, _CLOSE), 400, "path_malformed")
        for path in [
            "/../echo",
            "/people/..",
            "/people/../echo",
            "/people/.",
            "//echo",
            "/people//a",
            "/people/%2e%2e",
            "/people/%2E./x",
            "/people/..;/x",
            "/people/a%2fb",
            "/people/a%5Cb",
            "/people/a%00",
            "/people/a%0d%0aX:1",
            "/people/%",
            "/people/%zz",
            '/people/"a"',
            "/people/%c0%ae",
            "/people/<a>",
            "/people/a|b",
            "/people/{id}",
        ]
    ]


def _sizes_and_hosts() -> list[Hostile]:
    key = f"X-Api-Key: {scene.KEY}\r\n"
    return [
        _case("no Host", _get(fixed=key), 400, "host_invalid"),
        _case("two Hosts", _get(fixed=f"Host: a\r\nHost: b\r\n{key}"), 400, "host_invalid"),
        _case("a Host with a path", _get(fixed=f"Host: a/b\r\n{key}"), 400, "host_invalid"),
        _case("a Host with a user", _get(fixed=f"Host: a@b\r\n{key}"), 400, "host_invalid"),
        _case("two Hosts in a line", _get(fixed=f"Host: a, b\r\n{key}"), 400, "host_invalid"),
        _case("101 headers", _get(lines="".join(f"X-{n}: 1\r\n" for n in range(101))), 431, "headers_too_large"),
        _case("a header of 40,000 bytes", _get(lines="X-A: " + "b" * 40_000 + "\r\n"), 431, "headers_too_large"),
        _case("headers without an end", _get(lines="X-A: " + "b" * 40_000)[:-2], 431, "headers_too_large"),
        _case("a body of 17 million bytes", _post("Content-Length: 17825793\r\n", "abc"), 413, "body_too_large"),
        _case("an expectation of tea", _post("Content-Length: 1\r\nExpect: tea\r\n", "a"), 417, "expectation_failed"),
        _case("WebSocket", _get(lines="Connection: Upgrade\r\nUpgrade: websocket\r\n") + SMUGGLED, 501, NO_UPGRADE),
        _case("an upgrade to h2c", _get(lines="Connection: Upgrade\r\nUpgrade: h2c\r\n") + SMUGGLED, 501, NO_UPGRADE),
    ]


def _credentials() -> list[Hostile]:
    key, bearer = f"X-Api-Key: {scene.KEY}\r\n", f"Authorization: Bearer {scene.KEY}\r\n"
    cases = {
        "no credential": ("", 401, "credential_missing"),
        "two keys": (key + key, 400, "credential_repeated"),
        "a key in two headers": (key + bearer, 400, "credential_repeated"),
        "a key with a space": (f"X-Api-Key: {scene.KEY} x\r\n", 401, "credential_unknown"),
        "another scheme": ("Authorization: Basic YTpi\r\n", 401, "credential_unknown"),
        "a key's prefix alone": (f"X-Api-Key: {scene.KEY[:16]}\r\n", 401, "credential_unknown"),
        "a token that is none": ("Authorization: Bearer a.b.c\r\n", 401, "token_invalid"),
        "an empty purpose": (f"{key}Data-Purpose:\r\n", 403, "purpose_not_declared"),
        "two purposes": (f"{key}Data-Purpose: a\r\nData-Purpose: b\r\n", 400, "purpose_malformed"),
    }
    return [
        _case(name, _get(fixed="Host: gateway.test\r\n", lines=lines + _CLOSE), status, code)
        for name, (lines, status, code) in cases.items()
    ]


CORPUS = [*_framing(), *_chunks(), *_lines(), *_targets(), *_sizes_and_hosts(), *_credentials()]
