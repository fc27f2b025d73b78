"""The report's parts for those who are not technicians: management, marketing, hosting provider, recipients. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import estimated, plural
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.forensics.planted import made_themselves
from workbench.domain.forensics.recorded import RecordedAssessment, RecordedTally
from workbench.domain.forensics.since import (
    abuse_began,
    abuse_began_text,
    first_sign,
    through_own_server,
    used_by_the_intruder,
)
from workbench.domain.hardening import measures
from workbench.domain.hardening.recorded import ScoreBefore
from workbench.domain.leaks import leaks
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import adoption, claims, runbook, user_actions
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.sending import sending
from workbench.reports.blocks import Bullets, Chart, Section, Table, Text

_SUBJECTS = 3  # subjects of one sender; the rest is counted
_SENDERS = 20
_REMOVALS = (
    EffectKind.ROUTE_DELETE,
    EffectKind.WEBHOOK_DELETE,
    EffectKind.ACCOUNT_WEBHOOK_DELETE,
    EffectKind.DOMAIN_DELETE,
    EffectKind.LOGIN_DELETE,
    EffectKind.SUBACCOUNT_DISABLE,
    EffectKind.LIST_CLOSE,
    EffectKind.DKIM_DEACTIVATE,
    EffectKind.TRACKING_FOOTER,
    EffectKind.SANDBOX_RECIPIENT_DELETE,
    EffectKind.SUPPRESSION_ALLOW_DELETE,
)

# What somebody has to fill in.
BLANK = "________"


def where_we_stand(situation: Situation) -> Section:
    """Return what management asks first: is it over, who is down, what is open."""
    open_steps = [v for v in runbook.steps(situation) if not v.verdict.closed]
    found = containment(situation)
    alarms = len(open_alarms(situation))
    rings = (
        f"{plural(alarms, 'alarm')} open: something appeared that is not ours, so the intruder may still be inside."
        if alarms
        else f"Nothing that is not ours was seen to appear, as of {claims.stamp(found.as_of)}."
        if found.contained
        else "No alarm is open; that says nothing of what is listed above as open or not read."
    )
    items = (
        f"Is it over? {sentence(found.words)}",
        sentence(sending(situation.volume, situation.state, situation.now).text),
        rings,
        _who_is_down(situation),
        f"{plural(len(open_steps), 'step')} still open: {'; '.join(v.title for v in open_steps) or 'none'}.",
    )
    return Section("Where we stand", (Bullets(items),))


def _who_is_down(situation: Situation) -> str:
    down = adoption.senders_down(situation)
    if down:
        are = "is" if down == 1 else "are"
        return f"{plural(down, 'program')} that sent mail {are} down until each has its new credential (step 10)."
    if adoption.log_unread(situation) and not adoption.settled(situation):
        return sentence(adoption.down_words(situation))
    if not adoption.replacements(situation):
        return "No program that sends mail is down for want of a new credential: none is replaced yet."
    by_hour = ", as far as the last hour of the log shows" if adoption.by_one_hour(situation) else ""
    return f"No program that sends mail is down for want of a new credential{by_hour}."


def sentence(words: str) -> str:
    """Return words as a sentence."""
    return f"{words[0].upper()}{words[1:].rstrip('.')}." if words else ""


def safe_because(situation: Situation) -> Section:
    """Return why the account is safe now, each reason as the account shows it; what is not so says so.

    While it is not over there is no such reason: the section says what was done, and that it is not safe yet.
    """
    found = containment(situation)
    state = situation.state

    def proven(*kinds: EffectKind) -> int:
        return sum(r.state is EffectState.VERIFIED for r in state.of_kind(*kinds))

    everybody = user_actions.people(situation)
    passwords = sum(one.password is not user_actions.HowKnown.OPEN for one in everybody)
    second = sum(one.two_factor is not user_actions.HowKnown.OPEN for one in everybody)
    now = measures.score(measures.items(situation))
    before = state.known(ScoreBefore).percent
    leak = leaks.lines(state)
    items = [
        f"{plural(proven(EffectKind.KEY_DELETE), 'API key')} deleted and proven absent, "
        f"{proven(EffectKind.KEY_CREATE)} new stored and proven.",
        f"{plural(proven(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE), 'SMTP login')} with a new "
        "password that the mail server accepted.",
        _removed(proven(*_REMOVALS)),
        f"{passwords} of {plural(len(everybody), 'user')} have a new password, {second} have two-factor."
        if everybody
        else "No user was read, so of new passwords and two-factor nothing is known.",
        f"Hardening stands at {now.percent} %{f' (before: {before} %)' if before is not None else ''}.",
        f"The leak: {visible(leak[0], 300)}"
        if leak
        else "Where the credential leaked is not established yet: until then it can leak again.",
    ]
    if not found.contained:
        items.insert(0, f"It is NOT safe yet: {found.words}.")
        return Section("What was done so far", (Bullets(tuple(items)),))
    return Section(f"Why it is safe now (as of {claims.stamp(found.as_of)})", (Bullets(tuple(items)),))


def _removed(count: int) -> str:
    if not count:
        return "Nothing that the intruder left is removed or repaired yet."
    return f"{plural(count, 'thing')} that the intruder left removed or repaired, each proven."


def what_went_out(situation: Situation) -> Section:
    """Return the hours, the domains and the assessment of what was sent."""
    volume = situation.volume
    if volume is None or not volume.hours:
        return Section("What went out", (Text("The account's metrics could not be read."),))
    last = volume.hours[-48:]
    chart = Chart(
        "Messages accepted, by hour", tuple((f"{hour.start:%d %b %H:%M}", hour.accepted) for hour in last)
    )
    rows = tuple(
        (visible(name, 120), f"{count:,}", f"{volume.usual_by_domain.get(name, 0.0):,.0f}")
        for name, count in sorted(volume.by_domain.items(), key=lambda pair: -pair[1])
    )
    since = "accepted while the abuse lasted" if volume.began is not None else "accepted in the time read"
    table = Table(("sending domain", since, "usual in that time"), rows)
    lines = situation.state.known(RecordedAssessment).lines
    return Section(
        "What went out",
        (Text(sentence(volume.explained())), chart, table, *((Bullets(lines),) if lines else ())),
    )


# Where nothing was sent, a paper about what was sent would claim it.
_NOBODY_YET = "No message is judged to be the intruder's so far"
NOTHING_SENT = "The log was read, and no message in it is judged to be the intruder's."


def nothing_sent(situation: Situation) -> bool:
    """Return whether the log was read and nothing in it is the intruder's; False while any was not read or judged."""
    return _nobody_judged(situation) and not unjudged(situation)


def _nobody_judged(situation: Situation) -> bool:
    """Return whether the log was read whole and no message in it is judged, or looks to be, the intruder's."""
    fact = situation.state.known(RecordedAssessment)
    if not fact.entries or fact.missing:
        return False
    counted = fact.damage.intruder.accepted if fact.damage.intruder is not None else 0
    return not counted and not any(one.is_the_intruders for one in fact.senders)


def no_mail(situation: Situation, then: str = "") -> str:
    """Return why a paper about the intruder's mail is not written, and ``then`` what follows; ``""`` where it is."""
    if not _nobody_judged(situation):
        return ""
    if waiting := unjudged(situation):
        return f"{_NOBODY_YET}; {waiting}. Judge them first (`workbench judge`)."
    return f"{NOTHING_SENT} {then}".rstrip()


def not_known_yet(situation: Situation) -> str:
    """Return that nobody knows yet whether mail was sent, and why; ``""`` once that is known."""
    fact = situation.state.known(RecordedAssessment)
    counted_any = fact.damage.intruder is not None and fact.damage.intruder.accepted
    if abuse_began(situation) is not None or counted_any or any(one.is_the_intruders for one in fact.senders):
        return ""
    if _nobody_judged(situation):
        return ""
    if situation.state.fact(RecordedAssessment) is None:
        why = "the log is not assessed"
    else:
        why = "the log is not read whole" if fact.missing else "the log holds no entry of that time"
    return f"Whether mail was sent in our name is not known yet: {why} (`workbench assess`)."


def unjudged(situation: Situation) -> str:
    """Return in words how much was sent by whom nobody can tell yet; ``""`` where all of it is judged."""
    unclear = [one for one in situation.state.known(RecordedAssessment).senders if one.is_unclear]
    count = plural(sum(one.accepted for one in unclear), "message")
    return f"{count} of {plural(len(unclear), 'sender')} not judged yet" if unclear else ""


def misuse(situation: Situation) -> str:
    """Return what somebody did, as far as is known, to stand after *somebody*: nothing is stolen without ground."""
    if through_own_server(situation):
        return "used a web form or server of ours"
    used = used_by_the_intruder(situation)
    # Every login of the account is looked at for it: once, whatever the number of those used.
    theirs = made_themselves(situation) if used else frozenset()
    if any(name not in theirs for name in used):
        return "used a stolen credential of our mail account"
    if used:
        return "got into our mail account, made a key of their own there and used it"
    if abuse_began(situation) is None and any(
        one.fetched_by for one in situation.state.known(LeaksFound).thefts
    ):
        return "fetched a file with a credential of our mail account"
    return "misused our mail account" if first_sign(situation) else "may have misused our mail account"


def since_when(situation: Situation) -> list[str]:
    """Return since when there is abuse and how much was sent, by the hourly figures and by the log."""
    volume = situation.volume
    lines = []
    if volume is not None and volume.began is not None:
        lines.append(
            f"Abnormal sending {volume.span()}: {volume.abuse_accepted:,} messages were accepted; {volume.explained()}."
        )
    fact = situation.state.known(RecordedAssessment)
    theirs = fact.damage.intruder
    if theirs is not None and theirs.accepted and (began := abuse_began_text(situation)):
        count = plural(theirs.accepted, "message")
        lines.append(f"By the log the intruder sent since {began}: {count} accepted{log_read(fact)}.")
    return lines


def log_read(fact: RecordedAssessment) -> str:
    """Return until when the log was read, to stand behind a figure of an assessment; ``""`` where nobody knows."""
    read = as_moment(fact.window.as_of if fact.window is not None else None) or as_moment(fact.at)
    return f" (log read {claims.stamp(read)})" if read is not None else ""


def sent(situation: Situation) -> Section:
    """Return what went out in our name: senders, subjects, where it went, and the reaction so far."""
    fact = situation.state.known(RecordedAssessment)
    senders = [one for one in fact.senders if one.is_the_intruders]
    if not senders:
        return Section("The messages", (Text(no_mail(situation) or _no_senders(situation)),))
    rows = tuple(
        (
            visible(one.sender, 100),
            visible(_subjects(one.subjects), 240),
            f"{one.accepted:,}",
            f"{one.complained:,}",
        )
        for one in senders[:_SENDERS]
    )
    more = len(senders) - len(rows)
    harm = fact.damage.intruder or RecordedTally()
    lines = [
        f"Delivered to {estimated(harm.recipients, 'recipient', exact=harm.recipients_exact)}; "
        f"{harm.opened:,} opened and {harm.clicked:,} clicked{log_read(fact)}.",
        f"So far {harm.complained:,} complained and {harm.unsubscribed:,} unsubscribed. "
        "Complaints go on coming for days; answers and calls come on top.",
    ]
    if harm.by_provider:
        shown = ", ".join(f"{visible(name, 40)} {count:,}" for name, count in harm.by_provider.items())
        lines.append(f"Where to: {shown}.")
    if more:
        lines.append(f"{plural(more, 'more sender')} left out here.")
    if waiting := unjudged(situation):
        lines.append(f"Not counted here: {waiting}.")
    if (beyond := harm.complained - sum(one.complained for one in senders)) > 0:
        lines.append(
            f"{plural(beyond, 'complaint')} more than by sender: of messages whose acceptance was not seen."
        )
    table = Table(("in the name of", "subjects (# stands for a number)", "sent", "complaints"), rows)
    return Section("The messages", (table, Bullets(tuple(lines))))


def _no_senders(situation: Situation) -> str:
    if situation.state.fact(RecordedAssessment) is None:
        return "The log is not assessed yet: senders and subjects follow."
    waiting = "; ".join(filter(None, ("the log is not read whole", unjudged(situation))))
    return f"{_NOBODY_YET}; {waiting}."


def _subjects(subjects: Iterable[object]) -> str:
    named = [f"“{subject}”" for subject in subjects]
    more = f" and {len(named) - _SUBJECTS} more" if len(named) > _SUBJECTS else ""
    return ", ".join(named[:_SUBJECTS]) + more


def asked_of_host(situation: Situation) -> Section:
    """Return what the hosting provider is asked."""
    items = (
        "Please check the servers of ours that you host for intrusion, web shells and unknown accounts.",
        "Please keep web-server access logs and authentication logs of the last 30 days.",
        "Please tell us of other customers' reports about our addresses.",
        "If a configuration file (.env, backups, phpinfo) is reachable from the web, please block it now.",
    )
    return Section("What we ask of you", (Bullets(items),))


def to_say(situation: Situation) -> Section:
    """Return what marketing and customer care should expect, do and say."""
    title = "What to expect and to say"
    if none := no_mail(situation, "So there is nothing to expect, and nothing to say of it."):
        return Section(title, (Text(none),))
    items = (
        *filter(None, (not_known_yet(situation),)),
        "Expect complaints and unsubscribes in the days after; do not answer them with more mail.",
        "Hold campaigns until complaint and bounce rates are back to normal and no listing that matters is left.",
        f"Say, if asked: somebody {misuse(situation)} to send mail in our name; {_stopped(situation)}; do not click "
        "links in it; we never ask for passwords by mail.",
        "People who complained or unsubscribed because of the abuse stay suppressed unless they write to you.",
    )
    return Section(title, (Bullets(items),))


def _stopped(situation: Situation) -> str:
    if containment(situation).contained:
        return "it has been stopped"
    return "it is being stopped (say that it has been only once *Is it over?* says *contained*)"


def ended(situation: Situation) -> str:
    """Return the sentence that the access is ended, or a blank for it while that cannot be said.

    Whoever gets the text is no part of the work: how it stands is told without what is open, and how.
    """
    answer = containment(situation)
    if answer.contained:
        return "We have ended the access."
    return f"{BLANK} [say here that the access is ended, once it is; now: {answer.over.value}]."


def notice(situation: Situation) -> Section:
    """Return the draft of a notice to whoever got the messages."""
    title = "Draft notice to recipients"
    if none := no_mail(situation, "Nobody is to be told of mail that was not sent."):
        return Section(title, (Text(none),))
    unsure = not_known_yet(situation)
    in_case = (Text(f"For the case that it was. {unsure}"),) if unsure else ()
    began = abuse_began(situation)
    when = f"on {began:%d %B %Y}" if began is not None else "recently"
    name = visible(situation.state.name or "our company", 60)
    text = (
        f"{when[0].upper()}{when[1:]} somebody {misuse(situation)} to send mail in the name of {name}. You may "
        "have received one of these messages. Please do not click links in it, do not open attachments, and delete "
        f"it. {ended(situation)} If you entered a password or payment data after following such a link, change "
        "the password and tell your bank. We are sorry for the trouble."
    )
    return Section(title, (*in_case, Text(text), Text("Have it checked by whoever answers for privacy.")))
