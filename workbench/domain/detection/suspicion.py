"""Who is probably not one of us: words for and against, never a verdict. The operator decides.

The account has no field that says *stranger*. What it has are dates, names and who asked for a key; each
reason here is a sentence that can be read out to the people who would know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, LoginItem, UserItem

# Without an abuse window to go by, what was made in the last days before the incident is asked about.
RECENT = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How likely something is the intruder's: ``score`` 0 (nothing) to 3 (several signs), and why in words."""

    score: int
    why: tuple[str, ...]

    @property
    def likely(self) -> bool:
        """Return whether enough speaks for a stranger to propose treating it as one."""
        return self.score >= 2


NOTHING = Suspicion(0, ())


@dataclass(frozen=True, slots=True)
class Background:
    """What normal looks like in this account, computed once per reading."""

    since: datetime
    mail_domains: frozenset[str]
    sending_domains: tuple[str, ...]
    people: frozenset[str]
    ours: frozenset[str]
    # From here on new passwords are set because we asked for them (steps 4 and 5).
    asked: datetime | None = None

    @classmethod
    def of(
        cls,
        inventory: Inventory,
        since: datetime,
        ours: Iterable[str] = (),
        asked: datetime | None = None,
    ) -> Background:
        """Return the background of an inventory; ``since`` is where the abuse window (or its guess) begins."""
        users = [item.user for item in inventory.users.values()]
        owner = next((u.email or "" for u in users if u.is_master), "")
        domains = Counter(_mail_domain(u.email) for u in users if u.email)
        # The owner's domain is home; so is one that most people share and one the account sends from.
        known = {_mail_domain(owner)} | {d for d, n in domains.items() if n >= 2}
        return cls(
            since=since,
            mail_domains=frozenset(d for d in known if d),
            sending_domains=tuple(inventory.domains),
            people=frozenset((u.email or "").lower() for u in users if u.email)
            | frozenset((u.name or "").lower() for u in users if u.name)
            | frozenset(u.id for u in users),
            ours=frozenset(ours),
            asked=asked,
        )

    def is_home(self, mail_domain: str) -> bool:
        """Return whether a mail domain belongs to the customer as far as the account shows."""
        return mail_domain in self.mail_domains or any(
            _registrable(mail_domain) == _registrable(d) for d in (*self.mail_domains, *self.sending_domains)
        )


def of_key(item: KeyItem, background: Background) -> Suspicion:
    """Return what speaks for a key being planted: its age, who asked for it, a sign-in key."""
    key = item.key
    if key.id in background.ours:
        return NOTHING
    why: list[str] = []
    score = 0
    if key.created_at is not None and key.created_at >= background.since:
        score += 2
        why.append(f"made {key.created_at:%d %b %H:%M}Z, inside the abuse window")
    asker = (key.requestor or key.user_name or "").strip()
    if asker and not _known_person(asker, background):
        score += 2
        why.append(f"asked for by {asker}, who is not among the users you would know")
    if key.kind == "web":
        score += 1
        why.append("a control-panel session key; it bypasses the IP allowlist")
    return Suspicion(min(score, 3), tuple(why))


def of_login(item: LoginItem, background: Background) -> Suspicion:
    """Return what speaks for an SMTP login being planted: only its creation date can (dossier F)."""
    created = item.credential.created_at
    if item.is_postmaster or created is None or created < background.since or item.login in background.ours:
        return NOTHING
    return Suspicion(2, (f"made {created:%d %b %H:%M}Z, inside the abuse window",))


def of_user(item: UserItem, background: Background) -> Suspicion:
    """Return what speaks for a user being a stranger; users carry no creation date (dossier B1)."""
    user = item.user
    if user.is_master:
        return NOTHING
    why: list[str] = []
    score = 0
    domain = _mail_domain(user.email)
    if not user.email:
        score += 1
        why.append("has no address")
    elif not background.is_home(domain):
        score += 2
        why.append(f"the address is at {domain}, where nobody else of yours is")
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
    if score and not any(
        _registrable(domain.name) == _registrable(other)
        for other in background.sending_domains
        if other != domain.name
    ):
        score += 1
        why.append("shares its registered name with no other domain of yours")
    return Suspicion(min(score, 3), tuple(why))


def window_start(now: datetime, abuse_began: datetime | None) -> datetime:
    """Return from when on things count as made by the intruder: a day before the abuse, or some days ago."""
    return abuse_began - timedelta(days=1) if abuse_began is not None else now - RECENT


def _known_person(asker: str, background: Background) -> bool:
    lowered = asker.lower()
    if "@" in lowered:
        return lowered in background.people and background.is_home(_mail_domain(lowered))
    return lowered in background.people


def _mail_domain(address: str | None) -> str:
    return (address or "").rpartition("@")[2].lower()


def _registrable(name: str) -> str:
    """Return the last two labels: close enough to tell ``mg.acme.example`` and ``acme.example`` belong together."""
    return ".".join(name.lower().split(".")[-2:])
