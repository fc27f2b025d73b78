"""Reset SMTP passwords on every domain, delete strangers' logins (runbook step 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import count

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.alarms import leaked_again
from workbench.domain.model.effect_params import LoginCreateParams, LoginDeleteParams, LoginResetParams
from workbench.domain.model.inventory import LoginItem
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import FIRST, NOW, is_kept
from workbench.planning.cut_order import PROPOSED, Choice, Ways
from workbench.planning.ranking import (
    RANK_LOGIN,
    RANK_STRANGER,
    NothingToDo,
    came_back,
    chosen,
    harm,
    once_more,
    plural,
    rank_of,
    seen,
    used,
)


def plan_reset(
    situation: Situation,
    marked: Collection[str] = (),
    *,
    domains: Collection[str] = (),
    again: bool = False,
    replace_first: Collection[str] = (),
    ways: Choice = NOW,
) -> Plan:
    """Return the plan that resets the marked logins, those of the marked domains, or every login.

    Logins that ``ways`` or ``replace_first`` keep get a second login instead, to hand over before the old one
    is reset. A login that this incident has reset and proven is left alone unless ``again``: a second reset is
    an effect of its own, and cuts at once unless somebody says for this login that it is kept. Raises UsageError
    when nothing is left to reset.
    """
    left_out: list[str] = []
    way = Ways(situation, ways, replace_first)
    effects = list(resets(situation, marked, way, left_out, domains=domains, again=again))
    if not effects:
        raise _nothing(left_out)
    return Plan("Reset SMTP passwords", tuple(effects), tuple(left_out), tuple(_notes(effects)))


def resets(
    situation: Situation,
    marked: Collection[str],
    way: Ways,
    left_out: list[str],
    *,
    domains: Collection[str] = (),
    again: bool = False,
) -> Iterator[Effect]:
    """Yield the effects of ``plan_reset``; ``left_out`` gets a line for what is left as it is."""
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
        # The password this incident set is in other hands already: it is as good as one of before.
        and r.effect.target not in leaked_again(situation)
    }
    left = [item for item in items if again or item.login not in done]
    first = []
    for item in left:
        # Reset once already and asked for again: that password is no longer trusted, and it is not kept unasked.
        kept = way.of_login(item) == FIRST and (item.login not in done or way.named(item))
        if kept:
            first.append(item)
        else:
            yield once_more(situation.state, _reset(situation, item))
    for item in first:
        left_out.append(f"{visible(item.login, 80)}: kept until its second login is in use")
        if not is_kept(situation, f"smtp:{item.login}"):
            yield _second(situation, item)
    if skipped := len(items) - len(left):
        left_out.append(f"{plural(skipped, 'login')} reset by this incident already")


def why_nothing_to_reset(situation: Situation, marked: Collection[str] = ()) -> str:
    """Return why no login can be reset now, ``""`` when one can; it looks no further than the first that can."""
    try:
        found = next(resets(situation, marked, Ways(situation, PROPOSED), []), None)
    except UsageError as error:
        return error.what
    return "" if found is not None else _nothing(()).what


def _nothing(left_out: Collection[str]) -> NothingToDo:
    """Return that no login needs a reset, in words."""
    return NothingToDo(
        "No SMTP login needs a reset.",
        " ".join(left_out) or "There are none.",
        "Nothing to do here; go on with the next step.",
        left_out=left_out,
    )


def _notes(effects: Collection[Effect]) -> Iterable[str]:
    resets = [e for e in effects if e.kind is EffectKind.LOGIN_RESET]
    if resets:
        yield (
            f"{plural(len(resets), 'login')} on {plural(len({e.params.domain for e in resets}), 'domain')}: "
            "programs that use them stop sending until they get the new password."
        )
    if second := len(effects) - len(resets):
        yield (
            f"{plural(second, 'second login')} to hand over first: the old passwords go on working, for the intruder "
            "too if they were stolen, until then. You are asked after 30 minutes."
        )
    if strangers_ := sum(e.given(LoginResetParams).stranger for e in resets):
        yield f"{plural(strangers_, 'login')} may be a stranger's: reset now, left as a finding to judge."


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
        if not item.is_postmaster and situation.of_login(item).disposable
    ]


def removal(situation: Situation, item: LoginItem, *, why: str = "") -> Effect:
    """Return the effect that deletes a login."""
    credential = f"smtp:{item.login}"
    effect = Effect(
        EffectKind.LOGIN_DELETE,
        target=item.login,
        place=item.place,
        params=LoginDeleteParams(domain=item.domain, credential=credential, use=used(situation, credential)),
        rank=rank_of(RANK_STRANGER, harm(situation, credential)),
        what=f"delete SMTP login {visible(item.login, 120)}",
        breaks="whatever sends with this login",
        undo="cannot be undone: the login can be made again, its password is gone",
        why="; ".join(
            (
                seen(situation, credential),
                why or "; ".join(situation.of_login(item).why) or "yours by all signs; its name was typed",
            )
        ),
    )
    # Deleted by this incident, and made again by somebody: that is another login of the same name.
    again = came_back(situation.state, effect, "logins")
    return once_more(situation.state, effect) if again else effect


def reset(situation: Situation, item: LoginItem, *, why: str = "") -> Effect:
    """Return the effect that gives a login a new password."""
    # Reset once already in this incident, and replaced first since: this end is another one.
    effect = once_more(situation.state, _reset(situation, item))
    return replace(effect, why=f"{seen(situation, f'smtp:{item.login}')}; {why}") if why else effect


def _reset(situation: Situation, item: LoginItem) -> Effect:
    suspicion = situation.of_login(item)
    credential = f"smtp:{item.login}"
    base = RANK_STRANGER if suspicion.likely else RANK_LOGIN
    why = "; ".join(suspicion.why) or "every login could have been exposed"
    return Effect(
        EffectKind.LOGIN_RESET,
        target=item.login,
        place=item.place,
        params=LoginResetParams(
            domain=item.domain,
            stranger=suspicion.likely,
            cut=NOW,
            credential=credential,
            use=used(situation, credential),
        ),
        rank=rank_of(base, harm(situation, credential)),
        what=f"new password for {visible(item.login, 120)}",
        breaks="programs that send with this login, until they get the new password",
        undo="cannot be undone: the old password is not known here",
        why=f"{seen(situation, credential)}; {why}",
    )


def _second(situation: Situation, item: LoginItem) -> Effect:
    """Return the effect that makes a second login beside one that is kept until the hand-over."""
    credential = f"smtp:{item.login}"
    name = second_name(situation, item)
    return Effect(
        EffectKind.LOGIN_CREATE,
        target=name,
        place=item.place,
        params=LoginCreateParams(
            domain=item.domain,
            replaces=item.login,
            cut=FIRST,
            credential=credential,
            use=used(situation, credential),
        ),
        rank=rank_of(RANK_LOGIN, harm(situation, credential)),
        what=f"make login {visible(name, 120)} to replace {visible(item.login, 120)}",
        breaks="nothing: the old login goes on working until it is ended",
        undo="delete the new login",
        why=f"{seen(situation, credential)}; replaced first, so that production can move before the cut",
    )


def second_name(situation: Situation, item: LoginItem) -> str:
    """Return a login beside the old one that is free: ``newsletter-2@mg.acme.example``."""
    local, _, domain = item.login.partition("@")
    taken = situation.inventory.logins  # Asked by name: going through ten thousand for each took seconds.
    number = next(n for n in count(2) if f"{local}-{n}@{domain}" not in taken)
    return f"{local}-{number}@{domain}"
