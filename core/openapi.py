"""The OpenAPI 3.1 document, made from the same declarations that serve the routes, and a page to read it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import flask
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from markupsafe import Markup
from marshmallow import Schema

from core.fields import LocalTextField, MoneyField, PriceField, UtcField
from core.house import House
from core.http import ANYONE, PREFIX, Route

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def document(house: House) -> dict[str, Any]:
    """The whole document as a dictionary."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Piaohao",
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": "A data exchange: catalog, licences, delivery, billing and a verifiable audit log."},
        servers=[{"url": PREFIX}],
    )
    _teach_fields(plugin)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("api_key", {"type": "apiKey", "in": "header", "name": "X-Api-Key"})
    spec.components.schema("Problem", _PROBLEM)
    for api in house.apis:
        spec.tag({"name": api.name})
        for route in api.routes:
            spec.path(path=_PARAMETER.sub(r"{\1}", route.path), operations=_operation(api.name, route))
    return spec.to_dict()


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document; code is stable, hint says how to mend it.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "hint": {"type": "string"},
    },
}


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__)


def _teach_fields(plugin: MarshmallowPlugin) -> None:
    assert plugin.converter is not None
    plugin.converter.field_mapping[MoneyField] = ("string", "decimal")
    plugin.converter.field_mapping[PriceField] = ("string", "decimal")
    plugin.converter.field_mapping[UtcField] = ("string", "date-time")
    plugin.converter.field_mapping[LocalTextField] = ("object", None)


def _operation(tag: str, route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [tag],
        "summary": route.summary,
        "operationId": re.sub(r"[^a-z0-9]+", "_", route.endpoint.lower()).strip("_"),
        "parameters": _parameters(route),
        "responses": _responses(route),
        "security": _security(route),
    }
    if route.body is not None:
        content = {"application/json": {"schema": route.body}}
        operation["requestBody"] = {"required": True, "content": content}
    return {route.method.lower(): operation}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.who == ANYONE:
        return [{}]
    return [{"bearer": []}, {"api_key": []}] if route.programs else [{"bearer": []}]


def _parameters(route: Route) -> list[Any]:
    found: list[Any] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        found.append({"in": "query", "schema": route.query})
    if route.idempotent:
        found.append({"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 200}})
    if route.if_match:
        found.append({"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}})
    return found


def _responses(route: Route) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer: dict[str, Any] = {"description": "Done"}
    if route.answer is not None and issubclass(route.answer, Schema):
        answer["content"] = {"application/json": {"schema": route.answer}}
    return {str(route.status): answer, "default": {"description": "A problem document", "content": problem}}


def mount(app: flask.Flask, house: House) -> None:
    """Serve ``/api/v1/openapi.json`` and the readable ``/api/v1/docs``; both are made once, when first asked for."""

    @cache
    def described() -> dict[str, Any]:
        return document(house)

    @cache
    def text() -> str:
        return json.dumps(described(), ensure_ascii=False, indent=1)

    @cache
    def page() -> str:
        return _page(described())

    def serve_document() -> flask.Response:
        return flask.Response(text(), mimetype="application/json")

    def serve_page() -> flask.Response:
        return flask.Response(page(), mimetype="text/html")

    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", serve_document)
    app.add_url_rule(f"{PREFIX}/docs", "api_docs", serve_page)


def _page(described: dict[str, Any]) -> str:
    rows = [
        Markup("<tr><td><code>{}</code></td><th scope='row'><code>{}{}</code></th><td>{}</td><td>{}</td></tr>").format(
            method.upper(), PREFIX, path, operation["summary"], "" if operation["security"] == [{}] else "bearer"
        )
        for path, operations in sorted(described["paths"].items())
        for method, operation in operations.items()
    ]
    head = Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Piaohao API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/base.css">'
        '<link rel="stylesheet" href="/static/layout.css"><link rel="stylesheet" href="/static/parts.css">'
        '<main class="page" id="main"><h1>Piaohao API</h1>'
        '<p>OpenAPI 3.1: <a href="openapi.json">openapi.json</a>. Errors are RFC 9457 problem documents with a '
        "stable code; money is a decimal string; lists are paged by cursor.</p>"
        '<section class="panel"><table class="table fold"><thead><tr><th scope="col">Method<th scope="col">Path'
        '<th scope="col">What it does<th scope="col">Needs</tr></thead><tbody>'
    )
    return str(head + Markup("").join(rows) + Markup("</tbody></table></section></main></html>"))
