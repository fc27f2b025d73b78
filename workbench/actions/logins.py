"""Reset SMTP passwords on every domain, delete strangers' logins (runbook step 2)."""

from __future__ import annotations

from collections.abc import Collection

from workbench.actions.common import RANK_LOGIN, RANK_STRANGER, chosen, harm, plural, rank_of
from workbench.errors import UsageError
from workbench.incident.inventory import LoginItem
from workbench.incident.plan import Effect, EffectKind, EffectState, Plan
from workbench.incident.situation import Situation
from workbench.redact import visible


def plan_reset(
    situation: Situation, marked: Collection[str] = (), *, domains: Collection[str] = (), again: bool = False
) -> Plan:
    """Return the plan that resets the marked logins, those of the marked domains, or every login.

    A login that this incident has reset and proven is left alone unless ``again``. Raises UsageError when
    nothing is left to reset.
    """
    held = situation.inventory.logins
    by_domain = {name for name in (*marked, *domains) if name in situation.inventory.domains}
    if by_domain:
        items = [item for item in held.values() if item.domain in by_domain]
        items += [held[login] for login in marked if login in held and held[login].domain not in by_domain]
    else:
        items = chosen(marked, held, "an SMTP login")
    done = {
        r.effect.target
        for r in situation.state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE)
        if r.state in (EffectState.DONE, EffectState.VERIFIED)
    }
    effects = [_reset(situation, item) for item in items if again or item.login not in done]
    skipped = len(items) - len(effects)
    if not effects:
        raise UsageError(
            "No SMTP login needs a reset.",
            f"{plural(skipped, 'login')} reset by this incident already." if skipped else "There are none.",
            "Nothing to do here; go on with the next step.",
        )
    strangers = [e for e in effects if e.params["stranger"]]
    notes = [
        f"{plural(len(effects), 'login')} on {plural(len({e.params['domain'] for e in effects}), 'domain')}: "
        "programs that use them stop sending until they get the new password."
    ]
    if strangers:
        notes.append(
            f"{plural(len(strangers), 'login')} may be a stranger's: reset now, left as a finding to judge."
        )
    left_out = [f"{plural(skipped, 'login')} reset by this incident already"] if skipped else []
    return Plan("Reset SMTP passwords", tuple(effects), tuple(left_out), tuple(notes))


def plan_delete(situation: Situation, marked: Collection[str]) -> Plan:
    """Return the plan that deletes the marked logins. Raises UsageError without marks."""
    if not marked:
        raise UsageError(
            "No SMTP login is selected.",
            "Deleting is for logins that nobody of yours made.",
            "Select the logins with space first.",
        )
    effects, left_out = [], []
    for item in chosen(marked, situation.inventory.logins, "an SMTP login"):
        if item.is_postmaster:
            left_out.append(f"{visible(item.login, 80)}: postmaster cannot be deleted, reset it instead")
        else:
            effects.append(removal(situation, item))
    if not effects:
        raise UsageError(
            "None of the selected logins can be deleted.", " ".join(left_out), "Reset them instead."
        )
    return Plan("Delete stranger SMTP logins", tuple(effects), tuple(left_out))


def strangers(situation: Situation) -> list[LoginItem]:
    """Return the logins that are probably not ours and can be deleted."""
    return [
        item
        for item in situation.inventory.logins.values()
        if not item.is_postmaster and situation.of_login(item).likely
    ]


def removal(situation: Situation, item: LoginItem) -> Effect:
    """Return the effect that deletes a login."""
    return Effect(
        EffectKind.LOGIN_DELETE,
        target=item.login,
        place=item.place,
        params={"domain": item.domain},
        rank=rank_of(RANK_STRANGER, harm(situation, f"smtp:{item.login}")),
        what=f"delete SMTP login {visible(item.login, 120)}",
        breaks="whatever sends with this login",
        undo="cannot be undone: the login can be made again, its password is gone",
        why="; ".join(situation.of_login(item).why) or "selected as a stranger's",
    )


def _reset(situation: Situation, item: LoginItem) -> Effect:
    suspicion = situation.of_login(item)
    base = RANK_STRANGER if suspicion.likely else RANK_LOGIN
    return Effect(
        EffectKind.LOGIN_RESET,
        target=item.login,
        place=item.place,
        params={"domain": item.domain, "stranger": suspicion.likely},
        rank=rank_of(base, harm(situation, f"smtp:{item.login}")),
        what=f"new password for {visible(item.login, 120)}",
        breaks="programs that send with this login, until they get the new password",
        undo="cannot be undone: the old password is not known here",
        why="; ".join(suspicion.why) or "every login could have been exposed",
    )
