"""The runbook: what to do, in which order, and what counts as done. Verdicts come from evidence only.

Steps keep the numbers of the vendor's article (A1–A6) and guide (G1–G4), because Support speaks in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.domain.model.situation import Situation
from workbench.domain.runbook import blocklists, containment, coverage, manual_steps, recovery, users
from workbench.domain.runbook.verdict import Found, Verdict

__all__ = ["Found", "StepView", "Verdict", "gated", "judged", "steps"]


@dataclass(frozen=True, slots=True)
class StepText:
    """The unchanging part of a step: its name, where it comes from, and the words for the guided mode."""

    id: str
    title: str
    source: str
    action: str
    why: str
    who: str
    takes: str
    breaks: str
    happens: str


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as shown: its text and what the evidence says of it now."""

    id: str
    title: str
    source: str
    verdict: Verdict
    evidence: tuple[str, ...]
    progress: tuple[int, int] | None
    next_action: str
    why: str
    who: str
    takes: str
    breaks: str
    happens: str
    idle: bool = False
    waits: str = ""


class Order(StrEnum):
    """Step ids in the order of urgency (design, the runbook)."""

    EVIDENCE = "0"
    KEYS = "1"
    STRANGERS = "1b"
    LOGINS = "2"
    STOP = "3"
    PASSWORDS = "4"
    TWO_FACTOR = "5"
    LEFTOVERS = "6"
    LEAK = "7"
    DAMAGE = "8"
    BLOCKLISTS = "9"
    ADOPTION = "10"
    HARDEN = "11"
    REPORT = "12"


_TEXTS = (
    StepText(
        Order.EVIDENCE,
        "Preserve evidence, tell Support",
        "A intro",
        "evidence.preserve",
        "Deleting a key destroys its creation date; Support can end panel sessions that you cannot.",
        "you",
        "seconds",
        "nothing: it only reads",
        "The account's keys, users, domains, logins and limits are stored sealed; then a message to copy.",
    ),
    StepText(
        Order.KEYS,
        "Replace the API keys",
        "A2 G1",
        "keys.replace",
        "A stolen key sends mail, reads logs and makes more keys until it is deleted.",
        "you",
        "under a minute",
        "programs that use an old key stop sending until they get the new one",
        "Each key is replaced: new one stored and proven, old one deleted and proven dead.",
    ),
    StepText(
        Order.STRANGERS,
        "Strangers among the users out",
        "–",
        "pane.users",
        "A stranger with the admin role makes new keys as fast as you delete them.",
        "you, in the control panel",
        "a minute each",
        "nothing, if they are strangers",
        "You judge each unknown user; users can only be deleted in the control panel.",
    ),
    StepText(
        Order.LOGINS,
        "Reset SMTP passwords everywhere",
        "A3 G1",
        "logins.reset",
        "SMTP logins send mail without any key, and a reset leaves no date: all of them count as known.",
        "you",
        "a minute for some hundred logins",
        "programs that send by SMTP stop until they get the new password",
        "Every login of every domain gets a new password: stored first, set, then proven by AUTH.",
    ),
    StepText(
        Order.STOP,
        "Stop what is queued, cap sending",
        "G1",
        "queues.purge",
        "Queued and scheduled mail goes out although the credential that made it is dead.",
        "you",
        "seconds",
        "the domain's own queued and scheduled mail is thrown away too",
        "The queues of the abused domains are purged on every storage host.",
    ),
    StepText(
        Order.PASSWORDS,
        "New password for every user",
        "A4 G4",
        "pane.users",
        "Whoever knows a user's password walks back in through the front door.",
        "each user",
        "5 minutes each; a mailed link dies after 20 minutes",
        "open control-panel sessions of that user",
        "Each user resets the password where they sign in; the account shows when.",
    ),
    StepText(
        Order.TWO_FACTOR,
        "Two-factor for every user",
        "A5",
        "pane.users",
        "A password alone can be phished again tomorrow.",
        "each user",
        "5 minutes each",
        "users without their second device cannot sign in",
        "Each user switches it on where they sign in; the account shows it.",
    ),
    StepText(
        Order.LEFTOVERS,
        "Remove what the intruder left",
        "–",
        "pane.credentials",
        "Routes, webhooks, keys and subaccounts outlive the stolen credential.",
        "you",
        "some minutes",
        "what you remove, if it was yours",
        "You judge each thing that appeared in the abuse window; what is not yours is removed.",
    ),
    StepText(
        Order.LEAK,
        "Find the leak",
        "A1",
        "",
        "Support asks for it first, and it decides whether the intruder comes back next week.",
        "you and your developers",
        "an hour",
        "nothing: it only reads",
        "Code, git history, servers' files, web exposure and access logs are searched.",
    ),
    StepText(
        Order.DAMAGE,
        "Assess the damage",
        "G2",
        "",
        "You must know what went out, to whom, and what to expect.",
        "you",
        "minutes",
        "nothing: it only reads",
        "The abuse window, messages by credential, complaints and bounces are counted.",
    ),
    StepText(
        Order.BLOCKLISTS,
        "Blocklists: check, remove, watch",
        "G2 G3",
        "blocklists.check",
        "A listing that matters keeps your own mail out of inboxes; it may come days later.",
        "you; for shared addresses Mailgun",
        "seconds to check, days to watch",
        "nothing: it only asks",
        "Your sending addresses and domains are looked up on the lists that matter.",
    ),
    StepText(
        Order.ADOPTION,
        "New credentials into the applications",
        "A2 A3",
        "pane.credentials",
        "Production is down until its programs have the new credentials.",
        "you and your developers",
        "minutes to hours",
        "nothing more",
        "Each replacement is handed over and then seen in use in the account's logs.",
    ),
    StepText(
        Order.HARDEN,
        "Harden",
        "guide",
        "",
        "So that the next leaked secret opens less, for less time.",
        "you",
        "half an hour",
        "see each item",
        "Least-privilege keys, expiry, IP allowlist, signing key, alerts.",
    ),
    StepText(
        Order.REPORT,
        "Report to Support, host, people",
        "A6",
        "",
        "Support re-enables the account once every step is confirmed.",
        "you",
        "minutes",
        "nothing",
        "A report with the evidence of every step is written, to send.",
    ),
)

# What "the cause is fixed" rests on before any list is asked: keys, strangers, logins, queued mail.
GATE = (Order.KEYS, Order.STRANGERS, Order.LOGINS, Order.STOP)

_JUDGES: dict[str, Callable[[Situation], Found]] = {
    Order.EVIDENCE: containment.evidence,
    Order.KEYS: containment.keys,
    Order.STRANGERS: users.strangers,
    Order.LOGINS: containment.logins,
    Order.STOP: containment.stop,
    Order.PASSWORDS: users.passwords,
    Order.TWO_FACTOR: users.two_factor,
    Order.LEFTOVERS: recovery.leftovers,
    Order.LEAK: recovery.leak,
    Order.DAMAGE: recovery.damage,
    Order.BLOCKLISTS: blocklists.blocklists,
    Order.ADOPTION: recovery.adoption,
    Order.HARDEN: recovery.harden,
    Order.REPORT: recovery.report,
}


def steps(situation: Situation) -> list[StepView]:
    """Return every step with its verdict, in the order of urgency."""
    return gated(list(judged(situation)))


def judged(situation: Situation) -> Iterator[StepView]:
    """Yield every step with its own verdict, for who judges one after the other: ``gated`` takes all of them."""
    for text in _TEXTS:
        found = coverage.held_back(situation, text.id, _JUDGES[text.id](situation))
        yield StepView(
            id=text.id,
            title=text.title,
            source=text.source,
            verdict=found.verdict,
            evidence=(*found.evidence, *manual_steps.asked(situation.state, text.id)),
            progress=found.progress,
            next_action=found.action or text.action,
            why=text.why,
            who=text.who,
            takes=text.takes,
            breaks=text.breaks,
            happens=found.happens or text.happens,
            idle=found.idle,
            waits=found.waits,
        )


def gated(views: Sequence[StepView]) -> list[StepView]:
    """Return the steps after what they owe to each other."""
    return [_gated(view, views) for view in views]


def _gated(view: StepView, views: Sequence[StepView]) -> StepView:
    """Have the step of the blocklists stand back while no list may be asked: too early, and it is listed again."""
    if view.next_action != blocklists.REMOVE or view.idle or view.verdict is not Verdict.IN_PROGRESS:
        return view
    open_ = [one.id for one in views if one.id in GATE and not one.verdict.closed]
    if not open_:
        return view
    waits = f"step{'s' if len(open_) > 1 else ''} {', '.join(open_)}: no list is asked before they are closed"
    return replace(view, idle=True, waits=waits, next_action=blocklists.CHECK)
