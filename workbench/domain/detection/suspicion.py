"""Who is probably not one of us: words for and against, never a verdict. The operator decides.

The account has no field that says *stranger*. What it has are dates, names and who asked for a key; each
reason here is a sentence that can be read out to the people who would know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.core.registered_names import is_webmail, mail_domain, registrable
from workbench.domain.detection.hosts import CustomerNames, home_of
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem

# What an operator decided about a user; everything else about decisions is the situation's.
OURS, INTRUDER = "ours", "intruder"
# Without an abuse window to go by, what was made in the last days before the incident is asked about.
RECENT = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How likely something is the intruder's: ``score`` 0 (nothing) to 3 (several signs), and why in words.

    ``disposable`` says that it may be deleted for good, without a replacement: a date inside the known abuse window,
    two independent signs, or somebody's word. One weak sign never is enough, nor is what could not be read.
    """

    score: int
    why: tuple[str, ...]
    disposable: bool = False

    @property
    def likely(self) -> bool:
        """Return whether enough speaks for a stranger to propose treating it as one."""
        return self.score >= 2


NOTHING = Suspicion(0, ())


@dataclass(frozen=True, slots=True)
class Background:
    """What normal looks like in this account, computed once per reading.

    ``home`` are the registered names of the customer, ``older`` the ids of users seen to have existed before the
    abuse, ``vouched`` the registered names that users share of whom one is, ``known`` what the known users are
    called: ids, addresses and names, in lower case. ``people_read`` is False where the user list was not read whole:
    nobody is a stranger by a list that is not there. ``window`` says whether abuse was seen to begin, or ``since``
    is only a guess.
    """

    since: datetime
    home: CustomerNames
    older: frozenset[str]
    vouched: frozenset[str]
    known: frozenset[str]
    ours: frozenset[str]
    # From here on new passwords are set because we asked for them (steps 4 and 5).
    asked: datetime | None = None
    people_read: bool = True
    window: bool = True

    @classmethod
    def of(
        cls,
        inventory: Inventory,
        since: datetime,
        ours: Iterable[str] = (),
        asked: datetime | None = None,
        *,
        judged: Mapping[str, str] | None = None,
        dated: Mapping[str, datetime] | None = None,
        window: bool = True,
    ) -> Background:
        """Return the background of an inventory; ``since`` is where the abuse window (or its guess) begins.

        ``judged`` are the operator's decisions by user id; ``dated`` since when users were seen to exist, as kept
        before the first cut: a new password wipes out the only date the account shows.
        """
        decided = judged or {}
        older = _older(inventory, since, dated or {})
        vouched = _vouched(inventory, older, decided)
        home = home_of(inventory, since)
        read = bool(inventory.users) and not any(
            gap.slice == "users" and not gap.note and (gap.place is None or gap.place.subaccount is None)
            for gap in inventory.gaps.values()
        )
        bare = cls(since, home, older, vouched, frozenset(), frozenset(ours), asked, read, window)
        return replace(bare, known=_known(inventory, bare, decided))

    def is_home(self, domain: str) -> bool:
        """Return whether a mail domain belongs to the customer as far as the account shows."""
        return self.home.owns(domain) or registrable(domain) in self.vouched


def exists_since(item: UserItem) -> datetime | None:
    """Return the earliest moment at which this user is seen to have existed, None where nothing shows one.

    Users carry no creation date (dossier B1); a password or a second factor is set by somebody who is there.
    """
    dates = (item.user.password_updated_at, item.user.tfa_created_at)
    return min((date for date in dates if date is not None), default=None)


def _older(inventory: Inventory, since: datetime, dated: Mapping[str, datetime]) -> frozenset[str]:
    """Return the ids of the users of whom a date shows that they were there before ``since``."""
    return frozenset(
        item.id
        for item in inventory.users.values()
        if any(date is not None and date < since for date in (exists_since(item), dated.get(item.id)))
    )


def _vouched(inventory: Inventory, older: frozenset[str], judged: Mapping[str, str]) -> frozenset[str]:
    """Return the registered mail domains that two or more users share, one of whom is older than the abuse.

    Two strangers at one domain would vouch for each other as well as two colleagues do; where anybody can have an
    address nobody vouches for anybody, and who is judged the intruder's for no one.
    """
    sharing: dict[str, list[bool]] = {}
    for item in inventory.users.values():
        name = registrable(mail_domain(item.user.email))
        if name and not is_webmail(name) and judged.get(item.id) != INTRUDER:
            sharing.setdefault(name, []).append(item.id in older)
    return frozenset(name for name, old in sharing.items() if len(old) >= 2 and any(old))


def _known(inventory: Inventory, background: Background, judged: Mapping[str, str]) -> frozenset[str]:
    """Return what the users nothing speaks against are called; what a suspect calls itself too is no name of theirs.

    It is who may have asked for a key: on the same terms on which a user counts as one of ours.
    """
    known: set[str] = set()
    strange: set[str] = set()
    for item in inventory.users.values():
        word = judged.get(item.id)
        ours = word == OURS or (word != INTRUDER and not of_user(item, background).likely)
        (known if ours else strange).update(_names(item))
    return frozenset(known - strange)


def _names(item: UserItem) -> Iterator[str]:
    for name in (item.id, item.user.email, item.user.name):
        if name and name.strip():
            yield name.strip().lower()


def of_key(item: KeyItem, background: Background) -> Suspicion:
    """Return what speaks for a key being planted: its age, who asked for it, a sign-in key."""
    key = item.key
    if key.id in background.ours:
        return NOTHING
    why: list[str] = []
    score = signs = 0
    before = key.created_at is not None and key.created_at < background.since
    young = key.created_at is not None and not before
    if young:
        score += 2
        signs += 1
        why.append(_made(key.created_at, background))
    if (asker := _unknown_asker(key.requestor, key.user_name, background)) is not None:
        # Asked about, whatever its date; but one from before the abuse may be a former colleague's, with production
        # on it: it is replaced, and never deleted for good on this sign.
        score += 2
        # A free-text name is nobody's address: a reason to ask, and no sign to delete by.
        signs += bool(key.requestor) or "@" in asker
        why.append(f"asked for by {asker}, who is not among the users you would know")
    if key.kind == "web":
        score += 1
        why.append("a control-panel session key; it bypasses the IP allowlist")
    disposable = not before and ((young and background.window) or signs >= 2)
    return Suspicion(min(score, 3), tuple(why), disposable)


def _made(at: datetime | None, background: Background) -> str:
    if background.window:
        return f"made {at:%d %b %H:%M}Z, inside the abuse window"
    return f"made {at:%d %b %H:%M}Z, in the last days; when the abuse began is not known"


def _unknown_asker(requestor: str | None, name: str | None, background: Background) -> str | None:
    """Return who asked for a key where that is nobody known; None where it is, or where the users were not read."""
    asked = (requestor or name or "").strip()
    return asked if asked and background.people_read and asked.lower() not in background.known else None


def of_login(item: LoginItem, background: Background) -> Suspicion:
    """Return what speaks for an SMTP login being planted: only its creation date can (dossier F)."""
    created = item.credential.created_at
    # The cheapest first: of ten thousand logins nearly all are older.
    if created is None or created < background.since or item.is_postmaster or item.login in background.ours:
        return NOTHING
    return Suspicion(2, (_made(created, background),), background.window)


def of_user(item: UserItem, background: Background) -> Suspicion:
    """Return what speaks for a user being a stranger; users carry no creation date (dossier B1)."""
    user = item.user
    if user.is_master:
        return NOTHING
    why: list[str] = []
    score = 0
    domain = mail_domain(user.email)
    if not domain:
        score += 1 if item.id in background.older else 2
        why.append("has no address that would show where they belong")
    elif is_webmail(domain):
        score += 2
        why.append(f"the address is at {domain}, where anybody can have one")
    elif not background.is_home(domain):
        score += 2
        why.append(f"no user from before the abuse has an address at {domain}")
    changed = user.password_updated_at
    asked = changed is not None and background.asked is not None and changed >= background.asked
    if changed is not None and changed >= background.since and not asked:
        score += 1
        why.append(f"password set {changed:%d %b %H:%M}Z, inside the abuse window")
    return Suspicion(min(score, 3), tuple(why))


def of_domain(item: DomainItem, background: Background) -> Suspicion:
    """Return what speaks for a domain being planted: its date, and a name that looks like another."""
    domain = item.domain
    if domain.is_sandbox:
        return NOTHING
    why: list[str] = []
    score = 0
    if domain.created_at is not None and domain.created_at >= background.since:
        score += 2
        why.append(f"added {domain.created_at:%d %b %H:%M}Z, inside the abuse window")
    if score and not background.home.owns(domain.name):
        score += 1
        why.append("shares its registered name with no other domain of yours")
    return Suspicion(min(score, 3), tuple(why))


def window_start(now: datetime, abuse_began: datetime | None, opened: datetime | None = None) -> datetime:
    """Return from when on things count as made by the intruder: a day before the abuse, or some days ago.

    Where no abuse was seen, the days are those before the incident was ``opened``: what the intruder made does not grow
    old while the incident goes on.
    """
    if abuse_began is not None:
        return abuse_began - timedelta(days=1)
    return min(now, opened or now) - RECENT
