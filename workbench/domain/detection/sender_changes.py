"""Which credentials send, or send on, that should not: from addresses not seen before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from workbench.core.clock import as_moment, iso
from workbench.core.redact import key_tail, visible
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.credential_use import BOTH, INTRUDER, CredentialUses
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import State

LATE = timedelta(seconds=60)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)


def told(inventory: Inventory, state: State) -> Iterator[tuple[str, str, str, str]]:
    """Yield what sends from strange addresses anew, or after its cut: the change's id, kind, target and text."""
    known = state.baseline.senders
    if known is None:
        return
    cut = {}
    for record in state.of_kind(EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE):
        kind = "key" if record.effect.kind is EffectKind.KEY_DELETE else "smtp"
        if record.state in _REACHED:
            cut[f"{kind}:{record.effect.target}"] = record.account_at or record.done_at
    # Proven new passwords: what is used since is this one, not the one that leaked first.
    reset = {login for login, record in state.passwords.items() if record.state is EffectState.VERIFIED}
    for credential, use in state.known(CredentialUses).by_credential.items():
        if use.looks not in (INTRUDER, BOTH) or credential == "?":
            continue
        # Production may send with it again by now: only what came from strange addresses tells.
        last = (use.strange_last_used or use.last_used)[:19]
        ended = as_moment(cut.get(credential))
        # Requests that were under way at the cut may still be logged some seconds after it.
        if ended is not None and last <= iso(ended + LATE)[:19]:
            continue
        if ended is None and credential in known:
            continue
        target = credential.partition(":")[2]
        shown = (
            called(inventory, target)
            if credential.startswith("key:")
            else f"SMTP login {visible(target, 80)}"
        )
        how = "goes on sending after it was cut" if ended is not None else "has begun to send"
        addresses = ", ".join(visible(a, 45) for a in use.strange[:3])
        text = f"{shown} {how}, from addresses not seen before ({addresses})"
        if target in reset or target in state.created_keys:
            what = "new password" if target in reset else "new key"
            text += (
                f": its {what} leaked as well (find where it is read, step 7), unless its program moved there"
            )
        kind = "keys" if credential.startswith("key:") else "logins"
        yield f"sends:{credential}:{ended or ''}", kind, target, text


def called(inventory: Inventory, key_id: str) -> str:
    """Return what a key is called: one that is gone, or was never read, has its tail alone."""
    item = inventory.keys.get(key_id)
    return (
        f"API key “{visible(item.name, 60)}” {key_tail(key_id)}"
        if item is not None
        else f"API key {key_tail(key_id)}"
    )


def senders(state: State) -> AccountBaseline:
    """Return the credentials that send from strange addresses as last read: the baseline of the senders."""
    use = state.known(CredentialUses).by_credential
    return AccountBaseline(
        senders=tuple(sorted(n for n, held in use.items() if held.looks in (INTRUDER, BOTH)))
    )
