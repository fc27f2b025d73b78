"""Where in Mailgun's own pages a step is done by hand: addresses to type, never to follow from a mail. Pure.

Only addresses that the vendor's own pages name; where none is known, the way through the panel's menus.
"""

from __future__ import annotations

API_SECURITY = "app.mailgun.com/settings/api_security"
BILLING = "app.mailgun.com/settings/billing"
SUPPORT = "app.mailgun.com/support"
STATUS = "status.mailgun.com"
PANEL = "app.mailgun.com"
WARNING = "Type it into the browser; never follow it from a mail: the intruder may have written that mail."

# step -> (address, what is done there)
_BY_STEP = {
    "0": (SUPPORT, "the message to Support goes there"),
    "1": (API_SECURITY, "the keys, as the panel shows them"),
    "1b": (PANEL, "profile menu, Security, Users: delete the stranger"),
    "2": (PANEL, "Send, Sending, Domain settings, SMTP credentials"),
    "3": (SUPPORT, "ask that all panel sessions are ended"),
    "4": (PANEL, "each user: 'forgot password' on the login page, or at the Sinch ID portal"),
    "5": (PANEL, "profile, Account, Authentication"),
    "6": (PANEL, "what no call removes"),
    "8": (BILLING, "what the abuse cost"),
    "9": (STATUS, "whether Mailgun itself has a fault"),
    "11": (API_SECURITY, "keys, sessions, IP Access Management"),
    "12": (SUPPORT, "ask that the account is enabled again"),
}


def address_of(step: str) -> tuple[str, str]:
    """Return a step's address and what is done there, ``("", "")`` where no page of Mailgun's is needed."""
    return _BY_STEP.get(step, ("", ""))
