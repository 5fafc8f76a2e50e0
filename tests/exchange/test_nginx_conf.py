"""What `piaohao nginx` writes, and what it refuses to write; how it behaves is tested in journeys."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from exchange.cli import main
from exchange.nginx_conf import Front, NotWritable, write

GOOD = Front("exchange.example", ("10.0.0.1:8460", "[::1]:8460"), ("10.0.0.1:8461", "10.0.0.2:8461"))


def test_machines_that_are_down_are_marked_everywhere() -> None:
    text = write(Front(GOOD.name, GOOD.webs, GOOD.gateways, down=("10.0.0.2:8461",)))
    assert text.count("server 10.0.0.2:8461 down;") == 3
    assert text.count("server 10.0.0.1:8461 max_fails=1 fail_timeout=2s;") == 3
    assert "server [::1]:8460 max_fails" in text


def test_with_a_certificate_plain_http_is_sent_on() -> None:
    text = write(
        Front(GOOD.name, GOOD.webs, GOOD.gateways, certificate="/etc/c.pem", key="/etc/k.pem", https_port=8443)
    )
    assert "listen 8443 ssl http2;" in text
    assert "return 301 https://exchange.example:8443$request_uri;" in text
    assert "PIAOHAO_GATEWAY_URL=https://exchange.example:8443/gateway" in text
    assert "pid /run/nginx.pid;" in text


@pytest.mark.parametrize(
    "wrong",
    [
        Front("exchange.example; evil", GOOD.webs, GOOD.gateways),
        Front(GOOD.name, ("10.0.0.1",), GOOD.gateways),
        Front(GOOD.name, GOOD.webs, ("10.0.0.1:1; }",)),
        Front(GOOD.name, GOOD.webs, ()),
        Front(GOOD.name, GOOD.webs, GOOD.gateways, down=("10.0.0.9:1",)),
        Front(GOOD.name, GOOD.webs, GOOD.gateways, certificate="/etc/c.pem"),
        Front(GOOD.name, GOOD.webs, GOOD.gateways, folder="/var/$x"),
    ],
)
def test_what_cannot_stand_in_a_configuration(wrong: Front) -> None:
    with pytest.raises(NotWritable):
        write(wrong)


def test_the_command_prints_it_or_says_what_is_wrong() -> None:
    words = ["nginx", "--name", GOOD.name, "--web", "10.0.0.1:8460"]
    done = CliRunner().invoke(main, [*words, "--gateway", "10.0.0.1:8461", "--down", "10.0.0.1:8461"])
    assert done.exit_code == 0
    assert "server 10.0.0.1:8461 down;" in done.output
    done = CliRunner().invoke(main, [*words, "--gateway", "nowhere"])
    assert (done.exit_code, done.output) == (1, "Error: 'nowhere' is not HOST:PORT\n")
