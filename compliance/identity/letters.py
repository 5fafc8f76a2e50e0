"""What identity writes to people: subject and body, in both languages, the one that is theirs first."""

from __future__ import annotations

Letter = tuple[str, str]
_LINE = "\n\n—\n\n"


def invitation(language: str, organisation: str, link: str) -> Letter:
    return _both(
        language,
        (f"邀请您加入{organisation}", f"{organisation}邀请您加入票号数据交易所。请在十四天内打开以下链接：\n{link}"),
        (
            f"Invitation to join {organisation}",
            f"{organisation} invites you to the data exchange Piaohao. Open this link within fourteen days:\n{link}",
        ),
    )


def reset(language: str, link: str) -> Letter:
    return _both(
        language,
        ("重设口令", f"请在一小时内打开以下链接设定新口令；若非您本人申请，请忽略本邮件。\n{link}"),
        (
            "Choose a new password",
            f"Open this link within an hour to choose a new password; if it was not you who asked, do nothing.\n{link}",
        ),
    )


def password_changed(language: str) -> Letter:
    return _both(
        language,
        ("口令已更改", "您的口令已更改，所有会话已结束。若非您本人操作，请立即联系交易所。"),
        (
            "Your password was changed",
            "Your password was changed and all sessions have ended. If it was not you, tell the exchange at once.",
        ),
    )


def ownership_offered(language: str, organisation: str, link: str) -> Letter:
    return _both(
        language,
        (f"{organisation}的负责人拟移交给您", f"请登录后凭第二因素确认或拒绝：\n{link}"),
        (f"You are to become the owner of {organisation}", f"Sign in, and confirm it by your second factor:\n{link}"),
    )


def _both(language: str, zh: Letter, en: Letter) -> Letter:
    first, second = (zh, en) if language == "zh" else (en, zh)
    return f"{first[0]} / {second[0]}", f"{first[1]}{_LINE}{second[1]}\n"
