"""The fake's own pages: they stand for Checkout, a bank's question, Alipay, WeChat Pay and Connect onboarding."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs, quote, urlencode

from tests.stripe import accounts, intents, money, sessions, setup_intents
from tests.stripe.call import Call
from tests.stripe.errors import Declined, Refused, missing
from tests.stripe.store import PLATFORM, Object, Store

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>FAKE Stripe · 假的 Stripe · {title}</title><style>
body {{ font: 1rem/1.6 system-ui, sans-serif; margin: 0; color: #1b1b1b; background: #fff; }}
header {{ background: #7a1f00; color: #fff; padding: .75rem 1.25rem; }} main {{ max-width: 38rem; padding: 1.25rem; }}
header p {{ margin: 0; max-width: 60rem; }} button {{ font: inherit; padding: .5rem 1.25rem; margin: 0 .5rem .5rem 0; }}
fieldset {{ border: 1px solid #767676; margin: 0 0 1rem; }} label {{ display: block; padding: .25rem 0; }}
dd {{ margin: 0 0 .5rem; font-weight: 600; }} .error {{ border-left: 4px solid #b00020; padding-left: .75rem; }}
</style></head><body>
<header><p><strong>FAKE Stripe of the demonstration.</strong> No card is asked for, no money moves.</p>
<p lang="zh"><strong>演示用的假 Stripe。</strong>不会要求任何卡号，也不会有真实资金往来。</p></header>
<main><h1>{title}</h1>{body}</main></body></html>"""
_BUTTON = '<button name="action" value="{0}">{1} · <span lang="zh">{2}</span></button>'
_METHODS = {"card": "Card · 银行卡", "alipay": "Alipay · 支付宝", "wechat_pay": "WeChat Pay · 微信支付"}
_PAY = (("pay", "Pay", "支付"), ("fail", "Fail", "支付失败"), ("cancel", "Cancel", "取消"))


@dataclass
class Shown:
    """A page, or where to go on."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Pages:
    def __init__(self, store: Store, base_url: str) -> None:
        self._store, self._base_url = store, base_url

    def answer(self, method: str, path: str, form: str) -> Shown:
        _, _, kind, identity, *_ = [*path.split("/"), "", "", ""]
        given = {name: values[0] for name, values in parse_qs(form).items()} if method == "POST" else {}
        try:
            with self._store.unit():
                return self._answered(kind, identity, given)
        except Declined as declined:  # on record, and another try is open
            with self._store.unit():
                return self._answered(kind, identity, {"error": str(declined)})
        except Refused as refused:
            return _page(
                "This cannot be done · 无法完成", f'<p class="error">{escape(str(refused))}</p>', refused.status
            )

    def _answered(self, kind: str, identity: str, given: dict[str, str]) -> Shown:
        known = {
            "checkout": self._checkout,
            "pay": self._pay,
            "onboarding": self._onboarding,
            "receipts": self._receipt,
        }
        if kind not in known:
            return _page("Nothing is here · 此页不存在", "", 404)
        return known[kind](identity, given)

    def _on(self, identity: str) -> Call:
        if self._store.any(identity) is None:
            raise missing("page", identity)
        return Call(self._store, self._store.account_of(identity), {}, self._base_url)

    def _checkout(self, identity: str, given: dict[str, str]) -> Shown:
        call = self._on(identity)
        session = call.store.get("checkout.session", identity, call.account)
        action = given.get("action")
        if action == "cancel" and session["cancel_url"]:
            return _to(session["cancel_url"], identity)
        if action in ("pay", "fail") and session["status"] == "open":
            session = sessions.attempt(call, identity, given.get("method", "card"), paid=action == "pay")
        if session["status"] == "complete":
            return _to(session["success_url"], identity)
        if session["status"] != "open":
            return _page("This payment has expired · 支付已过期", _back(session["cancel_url"]), 410)
        return _checkout_page(session, given.get("error") or ("The payment has failed." if action == "fail" else ""))

    def _pay(self, identity: str, given: dict[str, str]) -> Shown:
        call, action = self._on(identity), given.get("action")
        kind = "setup_intent" if identity.startswith("seti_") else "payment_intent"
        intent = call.store.get(kind, identity, call.account)
        if intent["status"] == "requires_action" and action:
            settle = setup_intents.settle if kind == "setup_intent" else intents.settle
            intent = settle(call, identity, paid=action == "pay")
        if intent["status"] == "requires_action":
            return _page("Confirm the payment · 确认付款", _sum(intent) + _form(_PAY))
        where = intent.get("_return_url")
        done = intent["status"] == "succeeded"
        if not where:
            return _page("Done · 已完成" if done else "Not paid · 未支付", "<p>Close this page. 请关闭此页面。</p>")
        words = {
            kind: identity,
            f"{kind}_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if done else "failed",
        }
        return Shown(303, "", {"Location": f"{where}{'&' if '?' in where else '?'}{urlencode(words)}"})

    def _onboarding(self, identity: str, given: dict[str, str]) -> Shown:
        call, action = self._on(identity), given.get("action")
        link = call.store.get("account_link", identity, PLATFORM)
        if link["expires_at"] < call.store.now() or link.get("_used"):
            return Shown(303, "", {"Location": link["_refresh_url"]})
        if action:
            call.store.save(link | {"_used": True})
            accounts.onboarded(call, link["_account"], complete=action == "complete")
            return Shown(303, "", {"Location": link["_return_url"]})
        buttons = (("complete", "Submit everything", "全部提交"), ("leave", "Leave unfinished", "暂不完成"))
        return _page("Receive payouts · 开通收款", f"<p>{escape(link['_account'])}</p>{_form(buttons)}")

    def _receipt(self, identity: str, _given: dict[str, str]) -> Shown:
        return _page("Receipt · 收据", _sum(self._store.get("charge", identity, None)))


def _page(title: str, body: str, status: int = 200) -> Shown:
    return Shown(status, _PAGE.format(title=escape(title), body=body))


def _to(where: str, session: str) -> Shown:
    return Shown(303, "", {"Location": where.replace("{CHECKOUT_SESSION_ID}", quote(session))})


def _checkout_page(session: Object, error: str) -> Shown:
    methods = "".join(
        f'<label><input type="radio" name="method" value="{kind}"{"" if place else " checked"}>'
        f" {_METHODS[kind]}</label>"
        for place, kind in enumerate(session["payment_method_types"])
    )
    said = (
        f'<p class="error" role="alert">{escape(error)} · <span lang="zh">支付失败，可以重试。</span></p>'
        if error
        else ""
    )
    lines = "".join(f"<dd>{line['quantity']} × {escape(line['description'])}</dd>" for line in session["_lines"])
    choice = f"<fieldset><legend>Pay with · 支付方式</legend>{methods}</fieldset>"
    return _page("Payment · 付款", f"{said}<dl>{lines}</dl>{_sum(session)}{_form(_PAY, choice)}")


def _sum(body: Object) -> str:
    amount = body.get("amount_total", body.get("amount"))
    return "" if amount is None else f"<p>{escape(money.shown(amount, body['currency']))}</p>"


def _form(buttons: tuple[tuple[str, str, str], ...], inside: str = "") -> str:
    return f'<form method="post">{inside}{"".join(_BUTTON.format(*each) for each in buttons)}</form>'


def _back(where: str | None) -> str:
    return f'<p><a href="{escape(where)}">Back · 返回</a></p>' if where else ""
