"""What stands in front of web and gateways."""

from __future__ import annotations

import click

from exchange import nginx_conf


@click.command("nginx")
@click.option("--name", required=True, help="The exchange's host name.")
@click.option("--web", "webs", multiple=True, required=True, metavar="HOST:PORT", help="A web role. Repeatable.")
@click.option("--gateway", "gateways", multiple=True, required=True, metavar="HOST:PORT", help="Gateways. Repeatable.")
@click.option("--down", multiple=True, metavar="HOST:PORT", help="One of them that gets no new requests. Repeatable.")
@click.option("--certificate", default="", help="Path of the TLS certificate chain.  [default: plain HTTP]")
@click.option("--key", default="", help="Path of its private key.")
@click.option("--https-port", type=int, default=443, show_default=True)
@click.option("--http-port", type=int, default=80, show_default=True)
@click.option("--folder", default="/var/cache/nginx", show_default=True, help="Where nginx may write.")
def nginx(
    name: str, webs: tuple[str, ...], gateways: tuple[str, ...], down: tuple[str, ...], certificate: str, key: str,
    https_port: int, http_port: int, folder: str,
) -> None:  # fmt: skip
    """Print the configuration of an nginx in front of all machines.

    To restart a machine without losing a call: write it with --down for its addresses, `nginx -s reload`, restart the
    machine, write it as before, reload again.
    """
    front = nginx_conf.Front(name, webs, gateways, down, certificate, key, https_port, http_port, folder)
    try:
        click.echo(nginx_conf.write(front), nl=False)
    except nginx_conf.NotWritable as problem:
        raise click.ClickException(str(problem)) from None
