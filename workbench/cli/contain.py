"""``workbench contain``: the whole cut without a screen."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from workbench.cli import tables
from workbench.cli.account_reading import read_account
from workbench.cli.confirming import confirm, confirm_what_is_new
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, text
from workbench.core.clock import iso
from workbench.core.errors import ApiError, NotAuthorised, UsageError, WorkbenchError
from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.documents import documents
from workbench.domain.detection.abused_domains import abused_domains, figures_unread, senders_known
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.state import interrupted
from workbench.domain.runbook import coverage, deadlines, handover, manual_steps
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.queues import queues_left
from workbench.domain.runbook.recorded import LeftOut
from workbench.execution.progress import EffectMoved, Phase, ProgressNotice, Summary
from workbench.planning.contain import Scope, not_cut, plan
from workbench.planning.grants import PROPOSED, SAME, of_words
from workbench.presentation.activity_log import AFTER
from workbench.session.events import Changed, VaultDamaged, Waiting
from workbench.session.session import Session
from workbench.smtp.auth_probe import CANNOT_PROVE, ELSEWHERE

HALF_WAY = 4


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    return run_async(lambda: _contain(options))


async def _contain(options: argparse.Namespace) -> int:
    # What is wrong with the words themselves is said before anything is asked for.
    scope_of(options)
    session = await open_from(options, stores=not options.dry_run)
    try:
        return await contain(session, options)
    finally:
        await session.aclose()


async def contain(session: Session, options: argparse.Namespace) -> int:
    """Read, preserve, plan, confirm, run, and print the document or the tables; returns the exit code."""
    if not options.dry_run:
        # Before anything is asked of the account: two writers would undo each other's proofs (exit 2).
        session.recorder.check_writable()
    if options.verify:
        return await verify(session, options)
    if words := interrupted(session.state):
        say(f"{words} It is gone on with first.")
    await read_account(session)
    scope = scope_of(options)
    planned = plan(session.situation(), scope)
    if options.dry_run:
        document(documents.plan(planned, session.recorder.incident))
        return 0
    begun = {r.effect.id for r in _continuable(session)}
    if not planned.effects and not begun:
        if not_cut(planned):
            say("Nothing is left in this scope that can be cut as asked; what is alive is named below.")
        elif not coverage.not_cut(session.situation()):
            say("Nothing is left to do in this scope: every key and login was cut by this incident.")
        else:
            say("Nothing that could be read is left to cut; a part of the account could not be read.")
        await _check_kept(session)
        await _read_who_sent(session)
        await _prove_overtaken(session)
        code = _finish(session, options, None, planned, begun)
        # Said whatever came before: how far it is is the last line of every containment.
        return max(code, _still_uncut(session, scope))
    if not options.yes:
        confirm(planned, len(begun))
    before = _begun(session)
    try:
        return await _carry_out(session, options, scope, planned, begun)
    except WorkbenchError as fault:
        # This host gave out (a full disk, a lost volume, closed output), the account did, or what is left cannot be
        # planned: once something was begun that is half-way.
        if _begun(session) > before:
            fault.exit_code = HALF_WAY
        raise


def _begun(session: Session) -> int:
    """Return how many calls that change the account were begun so far."""
    return sum(record.attempts for record in session.state.effects.values())


async def _carry_out(
    session: Session, options: argparse.Namespace, scope: Scope, planned: Plan, begun: Collection[str]
) -> int:
    """Run what was confirmed, first what an earlier run left, and print how it ended; returns the exit code."""
    stop = session.recorder.subscribe(_progress(session, options))
    try:
        await session.account.preserve() if "0a" not in session.state.snapshots else None
        summary = await session.run(None) if begun else None
        if summary is None or summary.halted is None:
            if begun:
                # What was finished left less to do, and may have deleted what was half made: plan on what is there now.
                await session.account.read_inventory()
                planned, shown = plan(session.situation(), scope), planned
                if not options.yes:
                    confirm_what_is_new(planned, shown)
            if planned.effects:
                summary = await session.run(planned)
            if summary is not None and summary.halted is None and _refused_lesser(session, planned):
                say("Sending keys were refused: replacing those keys by keys of the same role instead.")
                planned, shown = plan(session.situation(), scope), planned
                if not options.yes:
                    confirm_what_is_new(planned, shown)
                summary = await session.run(planned) if planned.effects else summary
    finally:
        stop()
    if summary is not None:
        say(summary.line())
        if any(CANNOT_PROVE in record.evidence for record in session.state.of_kind(EffectKind.LOGIN_RESET)):
            say(f"New passwords could not be proven from here. {ELSEWHERE}")
        if summary.halted is not None:
            explain(await _why_halted(session, summary.halted))
    await session.recorder.learn(LeftOut(left_out=planned.left_out))
    await _read_again(session)
    if summary is None or summary.halted is None:
        await _read_who_sent(session)
        await _prove_overtaken(session)
    code = _finish(session, options, summary, planned, begun)
    return max(code, _still_uncut(session, scope))


def _still_uncut(session: Session, scope: Scope) -> int:
    """Return 1 and say why where it is not over: what could not be read, what came meanwhile, what is open; else 0.

    A script that reads 0 as *access is cut* must not be told a lie: a way back that is known to be open, and one
    that nobody could look at, both end with 1.
    """
    situation = session.situation()
    found = containment(situation)
    gaps = coverage.not_cut(situation)
    again = _left_to_plan(session, scope)
    missed = [e for e in again or () if e.id not in session.state.effects]
    alive = not_cut(again) if again is not None else []
    for line in (*alive, *_stuck(session)):
        say(line)
    for gap in gaps:
        say(f"Not read, so not cut: {coverage.said(gap)}")
    for effect in missed[:5]:
        say(f"Not cut yet, it was not there or not readable before: {effect.what}")
    say(f"{found.words[0].upper()}{found.words[1:]}.")
    if queued := queues_left(situation):
        names = " ".join(visible(name, 120) for name in queued[:3])
        say(
            f"Queued mail needs no key to go out. It goes, with what your own programs queued: --purge {names}"
        )
    if missed or any(gap.passing for gap in session.inventory.gaps.values()):
        say("Run the same command again: it does what is left, and nothing twice.")
    elif gaps:
        say("Run it with a key that may read these, or look in the control panel and attest the step.")
    whole = again is not None and not missed and not gaps and not alive
    return 0 if found.contained and whole else 1


def _left_to_plan(session: Session, scope: Scope) -> Plan | None:
    """Return the plan of what is left; None, and why, where it cannot be planned now, which is not cut either.

    A key that is refused no longer says which one of the list it is.
    """
    try:
        return plan(session.situation(), scope)
    except UsageError as error:
        explain(error)
        return None


def _stuck(session: Session) -> list[str]:
    """Return, for replacements that could not be made or proven, what was refused and how the cut can be ended."""
    refused: dict[tuple[str, str], list[str]] = {}
    for record in session.state.of_kind(EffectKind.KEY_CREATE):
        replaced = record.effect.params.replaces
        if record.state is EffectState.FAILED and replaced in session.inventory.keys:
            why = (record.failure.get("what", ""), record.failure.get("todo", ""))
            refused.setdefault(why, []).append(key_tail(replaced))
    return [
        f"NOT CUT: {plural(len(tails), 'old key still works', 'old keys still work')} ({', '.join(tails[:6])}). "
        f"{what} {todo}"
        for (what, todo), tails in refused.items()
    ]


async def _why_halted(session: Session, error: WorkbenchError) -> WorkbenchError:
    """Return why the run stopped; where our key was refused half-way, what the evidence says about it."""
    if isinstance(error, NotAuthorised):
        try:
            await session.account.connect()
        except ApiError as told:
            return told
    return error


def _refused_lesser(session: Session, planned: Plan) -> bool:
    """Return whether a sending key that should replace an account key was refused: there is a way around."""
    return any(
        session.state.effects[e.id].state is EffectState.FAILED
        and isinstance(e.params, KeyCreateParams)
        and e.params.lesser
        for e in planned
    )


async def verify(session: Session, options: argparse.Namespace) -> int:
    """Prove again, from this host, that what is dead stayed dead and what was made lives; returns the exit code."""
    capabilities = await session.account.connect()
    for line in capabilities.words():
        say(line)
    found = await session.prove_again()
    if options.json:
        document(
            {
                **documents.head("contain", session.recorder.incident),
                **documents.known(session.situation()),
                "effects": documents.effects(session.state.effects.values()),
                "proofs": {
                    "checked": found.checked,
                    "proven": found.sure,
                    "cannot_prove": found.untold,
                    "against": found.against,
                },
                "timers": _timers(session),
                "alarms": documents.alarms(session.state),
            }
        )
    else:
        text(tables.effects(session.state.effects.values()))
        say(found.line())
        for line in (*found.against, *found.untold):
            say(f"- {line}")
    if not found.checked:
        say("This incident has cut and made nothing yet, so there was nothing to prove.")
    return 0 if found.checked and not (found.untold or found.against) else 1


def scope_of(options: argparse.Namespace) -> Scope:
    """Return the scope that the options name; without a screen everything not named otherwise is cut now."""
    return Scope(
        keys=tuple(options.keys),
        logins=tuple(options.logins),
        domains=tuple(options.domains),
        replace_first=tuple(options.replace_first),
        remove_strangers=options.remove_strangers,
        purge=tuple(options.purge),
        limit=options.limit,
        grants=of_words(options.grant) or (SAME if options.same_roles else PROPOSED),
        unreplaced=tuple(options.without_replacement),
        finish=options.finish,
    )


async def _read_again(session: Session) -> None:
    try:
        await session.account.read_rate()
        await session.account.watch(whole=True)
    except ApiError as error:
        say(f"The account could not be read again: {error.what}")


async def _read_who_sent(session: Session) -> None:
    """Read the log where the figures cannot tell for which domains a stranger sent, whose queues count."""
    situation = session.situation()
    named = abused_domains(situation) and not figures_unread(situation)
    if situation.volume is None or senders_known(situation) or named or not situation.state.first_cut_at:
        return
    say("The sending figures do not name every sender: reading the log for who does not show in them.")
    await session.account.investigation.assess()
    await session.account.note_containment()


def _continuable(session: Session) -> list[Any]:
    return session.state.unfinished


def _progress(session: Session, options: argparse.Namespace) -> Any:
    moved = {"verified": 0, "failed": 0}
    said = len(session.recorder.log_lines())

    def listen(event: object) -> None:
        nonlocal said
        if event == Changed("log"):
            lines = session.recorder.log_lines()
            for line in lines[said:]:
                # What an earlier run left open, and what the account said of it: one line an effect.
                if line.text.startswith(AFTER):
                    say(line.text)
            said = len(lines)
        elif isinstance(event, ProgressNotice) and not isinstance(event, Waiting | VaultDamaged):
            say(event.text)
        elif isinstance(event, EffectMoved) and event.phase in (Phase.VERIFIED, Phase.FAILED):
            moved[event.phase.value] += 1
            record = event.record
            if event.phase is Phase.FAILED:
                say(f"FAILED {record.effect.what}: {record.failure.get('what', '')}")
            elif not options.json or moved["verified"] % 50 == 0:
                say(f"{moved['verified']:>5} verified  {record.effect.what}")

    return listen


async def _prove_overtaken(session: Session) -> None:
    """Prove again what was proven before the last way to set passwords was shut, and say what that showed."""
    if (found := await session.prove_overtaken()) is not None:
        say(f"New passwords, since the last way to set others was shut: {found.line()}.")
        for line in (*found.against, *found.untold[:3]):
            say(f"- {line}")


async def _check_kept(session: Session) -> None:
    """Set the deadlines that an earlier run was stopped before setting."""
    if not session.recorder.read_only:
        for timer in deadlines.wanted(session.situation()):
            await session.recorder.record("timer", timer.body())


def _timers(session: Session) -> list[dict[str, Any]]:
    return [
        {"id": t.id, "kind": t.kind, "subject": t.subject, "text": t.text, "due": iso(t.due), "over": t.over}
        for t in deadlines.running(session.situation())
    ]


def _finish(
    session: Session,
    options: argparse.Namespace,
    summary: Summary | None,
    planned: Plan,
    begun: Collection[str],
) -> int:
    situation = session.situation()
    waiting = handover.kept(situation)
    if options.json:
        document(
            {
                **documents.head("contain", session.recorder.incident),
                **documents.known(situation),
                "effects": documents.effects(session.state.effects.values()),
                "steps": documents.steps(situation),
                "findings": [f.to_json() for f in session.findings()],
                "kept": [documents.kept(item) for item in waiting],
                "timers": _timers(session),
                "panel": manual_steps.to_json(session.state),
                "left_out": list(planned.left_out),
                "notes": list(planned.notes),
                "alarms": documents.alarms(session.state),
                "seconds": None if summary is None else round(summary.seconds, 3),
                "seconds_sending": None if summary is None else round(summary.seconds_sending, 3),
                "halted": None if summary is None or summary.halted is None else str(summary.halted),
            }
        )
    else:
        text(tables.effects(session.state.effects.values()))
        text(tables.steps(session.steps()))
    for line in handover.waiting(situation):
        say(line)
    if waiting:
        say("Hand the replacements over (workbench secrets), then: workbench contain --yes --finish")
    if summary is not None and summary.halted is not None:
        return HALF_WAY
    own = {effect.id for effect in planned} | set(begun)
    unsettled = any(not r.state.settled for i, r in session.state.effects.items() if i in own)
    return 1 if unsettled or waiting else 0
