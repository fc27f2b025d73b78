"""What each user has to do, in a message that can be sent to them as it is (runbook steps 4 and 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.incident.inventory import UserItem
from workbench.incident.phase_people import sign_in
from workbench.incident.situation import Situation
from workbench.redact import visible

# The mailed password link of the classic log-in dies after this long (compromised-account article, step 4).
LINK_LIFE = timedelta(minutes=20)

_STRONG = (
    "Choose a password that you use nowhere else: four or more random words, or 16 and more random characters "
    "from a password manager. Nothing with the company's name, a year, or a pattern on the keyboard."
)
_CLASSIC = (
    "1. On Mailgun's login page choose 'Forgot password' and enter this address.",
    "2. Open the mail at once: its link dies after 20 minutes. If it is too late, ask for a new one.",
    f"3. {_STRONG}",
    "4. Log in, open Profile, Account, Authentication, and activate two-factor authentication.",
    "5. Keep the paper key it shows where you find it without this computer: it is the way back in.",
)
_SINCH = (
    "1. You sign in with Sinch ID: change the password in the Sinch ID portal, not on Mailgun's login page.",
    f"2. {_STRONG}",
    "3. Switch two-factor authentication on in the Sinch ID portal as well.",
    "4. Do NOT follow Mailgun's own two-factor article: with Sinch ID it locks you out.",
)


def message_for(item: UserItem) -> str:
    """Return the message for one user, by how they sign in. It holds no link: none is known to be right."""
    method = sign_in(item)
    if method == "classic":
        steps: tuple[str, ...] = _CLASSIC
    elif method == "sinch":
        steps = _SINCH
    else:
        steps = (
            f"1. You sign in through {visible(method, 40)}: change the password where that account lives.",
            f"2. {_STRONG}",
            "3. Switch two-factor authentication on there as well.",
        )
    name = visible(item.user.name or "", 60)
    lines = [
        "Subject: Your Mailgun password and second factor, please today",
        "",
        f"Hello{' ' + name if name else ''},",
        "",
        "our Mailgun account was misused by a stranger. Access is cut; now every user changes the password and "
        "switches on two-factor authentication. Please do it today:",
        "",
        *steps,
        "",
        "If you clicked a strange link lately, typed the password on an odd page, use it elsewhere, or worked on an "
        "open Wi-Fi without VPN: tell us now, nobody will be blamed. It is how we find out what happened.",
        "",
        "Do not answer this mail with a password or a code. Nobody of us will ask for one.",
    ]
    return "\n".join(lines)


def link_left(situation: Situation, user_id: str) -> timedelta | None:
    """Return how long the mailed link of a user still lives; None when none was asked for, zero when dead."""
    timer = situation.state.timers.get(f"link:{user_id}")
    if timer is None:
        return None
    sent = datetime.fromisoformat(str(timer["at"])).astimezone(UTC)
    return max(timedelta(0), sent + LINK_LIFE - situation.now)
