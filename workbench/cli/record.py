"""What a person says, without the screen: judge a finding, attest a step, take it back; the texts to send."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable

from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, say, text
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.findings import meant
from workbench.domain.leaks.beside import BESIDE, beside_secrets
from workbench.domain.runbook import adoption, user_actions
from workbench.reports import mail_texts, production, support_update
from workbench.session.session import Session

_TEXTS = {
    "links": mail_texts.to_mailgun,
    "abuse-host": mail_texts.to_host,
    "abuse-registrar": mail_texts.to_registrar,
    "billing": production.billing,
}


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 once it is recorded or told."""
    return run_async(lambda: _run(options))


async def _run(options: argparse.Namespace) -> int:
    work: dict[str, Callable[[Session, argparse.Namespace], Awaitable[str]]] = {
        "judge": _judge,
        "attest": _attest,
        "undo": _undo,
        "message": _message,
    }
    session = await open_from(options)
    try:
        said = await work[options.record](session, options)
        if options.json:
            schema = f"workbench.{options.record}/1"
            document({"schema": schema, "incident": session.recorder.incident, "said": said})
        else:
            text(said)
    finally:
        await session.aclose()
    return 0


async def _judge(session: Session, options: argparse.Namespace) -> str:
    await read_account(session)
    found = meant(session.findings(), options.finding)
    if not found:
        raise UsageError(
            f"There is no finding {visible(options.finding, 120)}.",
            "Nothing was recorded.",
            "`workbench sweep` lists the findings; the beginning of a title is enough, `--json` has their ids.",
        )
    if len({one.id for one in found}) > 1:
        names = "; ".join(visible(one.title, 80) for one in found[:4])
        raise UsageError(
            f"{visible(options.finding, 80)} begins {len(found)} findings.",
            f"Nothing was recorded. They are: {names}{' and more' if len(found) > 4 else ''}.",
            "Type more of the title, or the finding's id (`workbench sweep --json`).",
        )
    for one in found:
        await session.recorder.decide(
            one.key, options.decision, options.reason or "judged on the command line", one.title
        )
    return "\n".join(f"{visible(f.title, 120)}: {options.decision}" for f in found)


async def _attest(session: Session, options: argparse.Namespace) -> str:
    known = [step.id for step in session.steps()]
    if options.step == BESIDE:
        _check_beside(session, options.subject)
    elif options.step not in known:
        raise UsageError(
            f"There is no step {visible(options.step, 20)}.",
            "Nothing was recorded.",
            f"The steps are {', '.join(known)}.",
        )
    await session.recorder.attest(options.step, options.text, options.subject)
    return f"Step {options.step}: attested by {session.recorder.operator}, with the time."


def _check_beside(session: Session, subject: str) -> None:
    """Raise UsageError where ``subject`` is none of the other secrets of this incident's leaked files."""
    found = beside_secrets(session.state)
    if any(one.subject == subject for one in found):
        return
    raise UsageError(
        f"--subject {visible(subject, 40) or '(none)'} is no other secret of a leaked file.",
        "It must be said which of them was replaced.",
        "; ".join(f"{one.subject} {one.title}" for one in found[:20])
        or "None is known yet: workbench leaks PATH… looks for them.",
    )


async def _undo(session: Session, options: argparse.Namespace) -> str:
    return await session.recorder.take_back(options.row)


async def _message(session: Session, options: argparse.Namespace) -> str:
    await read_account(session)
    situation = session.situation()
    if options.to == "support":
        return session.support_message()
    if options.to == "support-update":
        said = support_update.update(situation)
        if options.sent:
            session.recorder.check_writable()
            await session.recorder.learn(support_update.to_fact(situation, session.recorder.operator))
        return said
    if (written := _TEXTS.get(options.to)) is not None:
        return written(situation)
    if options.to == "users":
        waiting = user_actions.to_tell(situation) or user_actions.pending(situation)
        if not waiting:
            say("Every user has a new password and a second factor.")
            return ""
        return user_actions.message_to_all([person.item for person in waiting])
    return adoption.hand_over_list([one for one in adoption.replacements(situation) if one.waits])
