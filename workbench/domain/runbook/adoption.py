"""Who needs which new credential, and whether it is in use yet (runbook step 10).

Production is down until its programs have the replacements. A replacement counts as adopted when the
account's own logs show it at work: a new key by its id, an SMTP login by any accepted message after its
reset, since the old password is dead. The places to update are those where the leak search saw the old value,
and those the operator noted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from workbench.core.clock import as_moment
from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.leaks import leaks
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.credential_use import NEVER_SEEN, CredentialUses, EverSeen
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.recorded_rows import AdoptionNote
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.handover import kept
from workbench.domain.runbook.recorded import HandOverListed
from workbench.domain.runbook.verdict import attested

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
_PLACES = 6  # places named for one credential in the list to all
# The runbook's step, and what is attested of the place where the old ones leaked.
STEP, SOURCE, TOLD = "10", "source-closed", "told"


class Replacement(Struct, frozen=True):
    """A new credential and how far it is.

    ``used_before`` says whether the old one was in use, by the logs: only then is somebody down. ``owner``
    and ``places`` are what the operator noted; ``handed_over`` when its secret was last read from the vault;
    ``unneeded`` who said that no program uses it any more.
    """

    id: str
    name: str
    entry: str
    used_before: bool | None
    in_use: bool
    seen_from: tuple[str, ...]
    owner: str = ""
    places: tuple[str, ...] = ()
    handed_over: str = ""
    old_works: bool = False
    unneeded: str = ""

    @property
    def waits(self) -> bool:
        """Return whether somebody needs the new one: the old one was used and the new one is not yet."""
        return self.used_before is not False and not self.in_use and not self.unneeded

    @property
    def down(self) -> bool:
        """Return whether a sender is down: it waits, and the old one is cut."""
        return self.waits and not self.old_works

    def line(self) -> str:
        """Return how far it is, in one sentence."""
        if self.in_use:
            source = f" from {', '.join(self.seen_from[:3])}" if self.seen_from else ""
            return f"{self.name}: in use{source}"
        if self.unneeded:
            return f"{self.name}: nobody needs it any more, says {visible(self.unneeded, 60)}"
        if self.used_before is False:
            return f"{self.name}: no mail with the old one in the logs read; nobody is waiting that they show"
        handed = f"handed over {self.handed_over}, " if self.handed_over else "not handed over yet, "
        works = ", the old one still works" if self.old_works else ""
        return f"{self.name}: {handed}not seen in use{works}{f', owner {self.owner}' if self.owner else ''}"


def replacements(situation: Situation) -> list[Replacement]:
    """Return every proven replacement, those whose sender is down first."""
    waiting = {item.credential for item in kept(situation)}
    found = [_replacement(situation, record, waiting) for record in _standing(situation.state)]
    return sorted(found, key=lambda one: (not one.down, not one.waits, one.in_use, one.name))


def _standing(state: State) -> Iterator[EffectRecord]:
    """Yield what replaced a credential of before, and was not replaced once more itself."""
    present = {record.effect.id for record in state.passwords.values()}
    ended = {r.effect.target for r in state.of_kind(EffectKind.KEY_DELETE) if r.state is EffectState.VERIFIED}
    beside = {
        r.effect.params.replaces: r.done_at
        for r in state.of_kind(EffectKind.LOGIN_CREATE)
        if r.state in _REACHED
    }
    newest = {
        (r.effect.target, r.effect.given(KeyCreateParams).domain_name): r
        for r in sorted(state.of_kind(EffectKind.KEY_CREATE), key=lambda r: r.done_at)
        if r.state in _REACHED
    }
    for record in state.of_kind(EffectKind.KEY_CREATE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_CREATE):
        effect = record.effect
        if record.state not in _REACHED or effect.params.own or effect.params.stranger:
            continue
        # A key by one that may do less or ends by itself, or made once more after somebody deleted it; a password by
        # the next.
        if effect.kind is EffectKind.KEY_CREATE:
            again = newest[effect.target, effect.given(KeyCreateParams).domain_name] is not record
            replaced = record.result.key_id in ended or again
        else:
            replaced = effect.id not in present
        # Its sender moved to the login made beside it: this password only ended the old one.
        moved = effect.kind is EffectKind.LOGIN_RESET and beside.get(effect.target, "~") <= record.done_at
        if not replaced and not moved:
            yield record


def _replacement(situation: Situation, record: EffectRecord, waiting: Collection[str]) -> Replacement:
    state = situation.state
    note = state.adoption.get(record.effect.id) or AdoptionNote(effect=record.effect.id)
    in_use, seen = _in_use(situation, record)
    old = _old(record)
    kind, _, name = old.partition(":")
    is_key = kind == "key"
    from_search = leaks.places_of(state, key_id=name) if is_key else leaks.places_of(state, login=name)
    return Replacement(
        id=record.effect.id,
        name=_name(record),
        entry=record.entry,
        used_before=_used_before(state, record, old),
        in_use=in_use,
        seen_from=seen,
        owner=note.owner or "",
        places=tuple(dict.fromkeys((*(note.places or ()), *from_search))),
        handed_over=state.handed_over.get(record.entry, ""),
        old_works=old in waiting,
        unneeded=note.unneeded or "",
    )


def addresses_in_use(situation: Situation) -> Iterator[str]:
    """Yield the addresses from which new credentials of any kind were seen in use."""
    state = situation.state
    for record in (*state.of_kind(EffectKind.KEY_CREATE), *state.passwords.values()):
        if record.effect.params.own or record.effect.params.stranger:
            continue
        in_use, seen = _in_use(situation, record)
        if in_use:
            yield from seen


def senders_down(situation: Situation, made: Sequence[Replacement] | None = None) -> int:
    """Return how many senders are down, for every place that says a number; none once step 10 was attested.

    ``made`` are the replacements, where who asks has them already.
    """
    if settled(situation):
        return 0
    return sum(one.down for one in (replacements(situation) if made is None else made))


def settled(situation: Situation) -> bool:
    """Return whether somebody attested that production runs again, whatever the log shows."""
    return attested(situation.state, STEP) is not None


def down_words(situation: Situation, made: Sequence[Replacement] | None = None) -> str:
    """Return in words without a full stop how many senders are down, or why nobody can tell."""
    down, blind = senders_down(situation, made), log_unread(situation)
    if blind and not settled(situation):
        return f"who sends could not be read, so whether a sender is down cannot be told: {blind}"
    if down:
        return f"{plural(down, 'sender')} still down"
    by_hour = ", as far as the last hour shows" if by_one_hour(situation, made) else ""
    dark = () if settled(situation) else situation.state.known(CredentialUses).gaps
    read = f" in the log that could be read (not {visible(dark[0], 160)})" if dark else ""
    return f"no sender is down{read}{by_hour}"


def by_one_hour(situation: Situation, made: Sequence[Replacement] | None = None) -> bool:
    """Return whether a credential counts as unused by a look at the last hour alone.

    Who sends once a day, or could not send for hours, shows in the whole log only (step 8), or in somebody's word.
    """
    if situation.state.fact(RecordedAssessment) is not None or attested(situation.state, "8") is not None:
        return False
    found = replacements(situation) if made is None else made
    return any(one.used_before is False and not one.in_use and not one.unneeded for one in found)


def log_unread(situation: Situation) -> str:
    """Return why the log of who sends could not be read at all, ``""`` where it was."""
    gap = situation.inventory.gaps.get("who sends")
    if gap is not None:
        return visible(gap.reason, 160)
    fact = situation.state.known(CredentialUses)
    return visible(fact.gaps[0], 160) if fact.gaps and not fact.entries and not fact.by_credential else ""


def source_question(situation: Situation) -> str:
    """Return what to ask before anything is handed over, empty once it was answered.

    A new secret put where the old one was stolen is stolen again.
    """
    if any(a.step == STEP and a.subject == SOURCE for a in situation.state.attestations):
        return ""
    if situation.state.fact(LeaksFound) is None:
        return "Where the old credentials leaked is not searched yet (step 7): could the new ones be read there, too?"
    open_ = sum(one.open for one in leaks.leaks(situation.state))
    return f"{plural(open_, 'place')} where old credentials lay, still open (step 7)." if open_ else ""


def told(situation: Situation, waiting: Sequence[Replacement]) -> bool:
    """Return whether whoever runs the programs has the list of all who wait: then it is their turn.

    What stood on a list that was sent is not handed over anew because the old ones were ended since.
    """
    said = [a.at for a in situation.state.attestations if a.step == STEP and a.subject == TOLD]
    if not said:
        return False
    listed = situation.state.fact(HandOverListed)
    if listed is None:
        # Journals of before say that a list was sent, not what stood on it: what there was to hand over then.
        return max(said) >= situation.state.last_cut_at
    return all(one.id in listed.effects for one in waiting)


def with_listed(state: State, sent: Sequence[Replacement]) -> HandOverListed:
    """Return what stands on the lists that were sent, with one more; a list whose sending was taken back is none."""
    said = any(a.step == STEP and a.subject == TOLD for a in state.attestations)
    before = state.known(HandOverListed).effects if said else ()
    return HandOverListed(effects=tuple(dict.fromkeys((*before, *(one.id for one in sent)))))


def hand_over_list(waiting: Sequence[Replacement]) -> str:
    """Return the list to hand to whoever runs the programs: what, where it goes, how to fetch it. No secret."""
    lines = [
        "Our Mailgun credentials were replaced: old keys are deleted, old passwords changed. Please put the new ones "
        "in place today.",
        "Each command writes the secret to a pipe; never paste a secret into chat, mail or a ticket.",
        "",
    ]
    for one in waiting:
        owner = f" (owner: {visible(one.owner, 80)})" if one.owner else ""
        lines.append(f"{one.name}{owner}")
        lines += [f"  where: {visible(place, 160)}" for place in one.places[:_PLACES]]
        lines.append(f"  {get_command(one)} | …")
    return "\n".join(lines)


def env_snippet(replacement: Replacement) -> str:
    """Return lines for an environment file that fetch the secret through a pipe and never hold it."""
    variable = "MAILGUN_API_KEY" if replacement.entry.startswith("API key") else "MAILGUN_SMTP_PASSWORD"
    return f'{variable}="$({get_command(replacement)})"'


def get_command(replacement: Replacement) -> str:
    """Return the command that writes the secret to a pipe; the entry's name is quoted for a POSIX shell."""
    # Names come from the account and may hold anything; control characters would act on the terminal.
    quoted = visible(replacement.entry, 200).replace("'", "'\\''")
    return f"workbench secrets get '{quoted}'"


def hand_over_text(replacement: Replacement) -> str:
    """Return how to hand one replacement on, to copy: commands and places, never the secret."""
    lines = [
        f"{replacement.name}",
        "",
        f"Owner: {visible(replacement.owner, 120) or 'not noted yet'}",
        "Where it goes:",
        *(f"- {visible(place, 200)}" for place in replacement.places),
        *(() if replacement.places else ("- not noted yet",)),
        "",
        "To a pipe, on this host (never onto a terminal):",
        f"  {get_command(replacement)} | the-program-that-stores-it",
        "As lines of a script that fetches it when it starts:",
        f"  {env_snippet(replacement)}",
        "",
        "It counts as handed over when the account's log shows it in use.",
    ]
    return "\n".join(lines)


def _old(record: EffectRecord) -> str:
    """Return the credential that a replacement stands for, as readings name it."""
    params = record.effect.params
    if record.effect.kind is EffectKind.KEY_CREATE:
        return f"key:{params.replaces or record.effect.target}"
    return f"smtp:{params.replaces or record.effect.target}"


def _in_use(situation: Situation, record: EffectRecord) -> tuple[bool, tuple[str, ...]]:
    seen = situation.state.seen_use
    if record.effect.kind is EffectKind.KEY_CREATE:
        entry = seen.get(f"key:{record.result.key_id}", NEVER_SEEN)
        return entry.last != "", _addresses(entry)
    entry = seen.get(f"smtp:{record.effect.target}", NEVER_SEEN)
    if _used_since(entry, record.done_at):
        return True, _addresses(entry)
    # A program that moved to the login beside the old one may go on sending by the old one's address, which is all
    # that the log names (dossier B5). Once the old password is dead only the new login can do that.
    old = record.effect.params.replaces
    entry = seen.get(f"smtp:{old}", NEVER_SEEN)
    return old != "" and _used_since(entry, _ended(situation, old)), _addresses(entry)


def _used_since(entry: EverSeen, since: str) -> bool:
    """Return whether a login was seen in use after a moment; never where either is not known."""
    last, after = as_moment(entry.last), as_moment(since)
    return last is not None and after is not None and last > after


def _ended(situation: Situation, login: str) -> str:
    """Return when a login's old password was last proven dead, empty where it was not."""
    ends = situation.state.of_kind(EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE)
    return max(
        (r.done_at for r in ends if r.effect.target == login and r.state is EffectState.VERIFIED), default=""
    )


def _used_before(state: State, record: EffectRecord, old: str) -> bool | None:
    """Return whether the old one was used before it was cut; None where no reading can tell."""
    if record.effect.params.use is not None:
        return True
    made = as_moment(record.done_at)
    first = as_moment(state.seen_use.get(old, NEVER_SEEN).first)
    if first is not None and (old.startswith("key:") or made is None or first <= made):
        return True
    known = as_moment(state.use_known_at)
    if known is None:
        return None
    before_it = made is not None and known <= made
    return False if before_it or state.known(CredentialUses).sampled is False else None


def _addresses(entry: EverSeen) -> tuple[str, ...]:
    return tuple(visible(address, 60) for address in entry.addresses)


def _name(record: EffectRecord) -> str:
    if record.effect.kind is EffectKind.KEY_CREATE:
        tail = key_tail(record.result.key_id)
        return f"key {visible(record.effect.params.name, 60)} {tail}"
    return f"SMTP {visible(record.effect.target, 80)}"
