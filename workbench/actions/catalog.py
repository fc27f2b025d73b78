"""The one table of actions: keys, palette, footer, help and tests all read it. Pure data.

An action either plans (``plans=True``: it shows a plan that is confirmed before anything is written) or it
reads, shows or records. ``key`` is where it lives on the keyboard; ``panes`` where that key works.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Pane(StrEnum):
    """The panes by the id their widgets carry."""

    RUNBOOK = "runbook"
    CREDENTIALS = "credentials"
    DOMAINS = "domains"
    USERS = "users"
    BLOCKLISTS = "blocklists"
    ACTIVITY = "activity"


class Danger(StrEnum):
    """How much an action can hurt: it decides how it is asked for."""

    NONE = "none"
    CHANGES = "changes the account"
    DESTROYS = "cannot be undone"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do.

    ``title`` is the palette's "area: verb"; ``does`` one sentence for help; ``needs`` says in words what
    must be selected or true, shown when the action is not possible now.
    """

    id: str
    title: str
    does: str
    key: str = ""
    panes: tuple[Pane, ...] = ()
    danger: Danger = Danger.NONE
    plans: bool = False
    step: str = ""
    footer: bool = False
    needs: str = ""

    @property
    def everywhere(self) -> bool:
        """Return whether the key works in every pane."""
        return not self.panes


_ALL = (
    Action(
        "next.do",
        "runbook: do the next thing",
        "Does what the runbook names as next; anything that changes the account shows its plan first.",
        key="enter",
        panes=(Pane.RUNBOOK,),
        footer=True,
    ),
    Action(
        "contain.all",
        "contain: cut all access now",
        "Plans everything at once: replace every API key, reset every SMTP login, worst first.",
        key="C",
        danger=Danger.DESTROYS,
        plans=True,
        step="1",
    ),
    Action(
        "keys.replace",
        "keys: replace",
        "Mints a replacement for each selected key (or every key), stores and proves it, then deletes the old one.",
        key="r",
        panes=(Pane.CREDENTIALS,),
        danger=Danger.DESTROYS,
        plans=True,
        step="1",
        footer=True,
        needs="API keys in the list",
    ),
    Action(
        "keys.delete",
        "keys: delete strangers",
        "Deletes the selected keys without a replacement: for keys that nobody of yours made.",
        key="x",
        panes=(Pane.CREDENTIALS,),
        danger=Danger.DESTROYS,
        plans=True,
        step="1",
        needs="one or more selected API keys",
    ),
    Action(
        "logins.reset",
        "smtp: reset passwords",
        "Gives each selected SMTP login (or every login of every domain) a new password, stored first, proven by AUTH.",
        key="R",
        panes=(Pane.CREDENTIALS, Pane.DOMAINS),
        danger=Danger.DESTROYS,
        plans=True,
        step="2",
        footer=True,
        needs="SMTP logins in the list",
    ),
    Action(
        "logins.delete",
        "smtp: delete stranger logins",
        "Deletes the selected SMTP logins; postmaster cannot be deleted and is reset instead.",
        key="X",
        panes=(Pane.CREDENTIALS,),
        danger=Danger.DESTROYS,
        plans=True,
        step="2",
        needs="one or more selected SMTP logins",
    ),
    Action(
        "queues.purge",
        "domains: purge queued mail",
        "Throws away what the selected domains (or the abused ones) have queued and scheduled, your own mail included.",
        key="p",
        panes=(Pane.DOMAINS,),
        danger=Danger.DESTROYS,
        plans=True,
        step="3",
        footer=True,
        needs="domains in the list",
    ),
    Action(
        "limit.set",
        "account: set a sending limit",
        "Caps how much the account may send this month; the value before is kept for the way back.",
        key="L",
        panes=(Pane.DOMAINS,),
        danger=Danger.CHANGES,
        plans=True,
        step="3",
    ),
    Action(
        "limit.restore",
        "account: restore the sending limit",
        "Puts the sending limit back to what it was before the incident.",
        panes=(Pane.DOMAINS,),
        danger=Danger.CHANGES,
        plans=True,
        step="3",
        needs="a limit that this incident changed",
    ),
    Action(
        "subaccounts.disable",
        "account: disable a rogue subaccount",
        "Stops a subaccount: its API is suspended until it is enabled again.",
        panes=(Pane.DOMAINS,),
        danger=Danger.CHANGES,
        plans=True,
        step="3",
        needs="a subaccount",
    ),
    Action(
        "leftovers.sweep",
        "sweep: look at every setting",
        "Reads routes, webhooks, templates, lists, DKIM keys and all else an intruder can hide in, and judges each.",
        key="w",
        panes=(Pane.RUNBOOK,),
        step="6",
    ),
    Action(
        "leftovers.remove",
        "sweep: remove what the intruder left",
        "Plans the removal or repair of what was judged the intruder's, and of what plainly is.",
        danger=Danger.DESTROYS,
        plans=True,
        step="6",
        needs="a sweep with findings judged the intruder's",
    ),
    Action(
        "suppressions.lift",
        "damage: lift suppressions the abuse added",
        "Plans to take off the suppression lists the addresses that refused the spam for reputation, and no others.",
        danger=Danger.CHANGES,
        plans=True,
        step="8",
        needs="an assessment that names such addresses",
    ),
    Action(
        "damage.assess",
        "damage: assess from the log",
        "Reads the log of the abuse, attributes it to credentials and addresses, and counts what became of it.",
        panes=(Pane.RUNBOOK,),
        step="8",
    ),
    Action(
        "subaccounts.enable",
        "account: enable a subaccount again",
        "Gives a subaccount its API back: the way back from disabling it.",
        panes=(Pane.DOMAINS,),
        danger=Danger.CHANGES,
        plans=True,
        step="3",
        needs="a disabled subaccount",
    ),
    Action(
        "domains.delete",
        "domains: delete a rogue domain",
        "Deletes one domain for good, when its name is typed in full; Mailgun cannot disable a domain by API.",
        panes=(Pane.DOMAINS,),
        danger=Danger.DESTROYS,
        plans=True,
        step="6",
        needs="one selected domain, and its name typed",
    ),
    Action(
        "signing_key.renew",
        "account: renew the webhook signing key",
        "Makes a new HTTP signing key; webhook receivers fail until they have it.",
        danger=Danger.DESTROYS,
        plans=True,
        step="3",
    ),
    Action(
        "public_key.renew",
        "account: renew the public validation key",
        "Makes a new public key; it only validates addresses.",
        danger=Danger.DESTROYS,
        plans=True,
        step="3",
    ),
    Action(
        "allowlist.add",
        "allowlist: add an address",
        "Puts an address on an IP allowlist in use, this host's own first; an empty list is never begun here.",
        danger=Danger.CHANGES,
        plans=True,
        step="6",
        needs="an allowlist in use, and the address typed",
    ),
    Action(
        "allowlist.remove",
        "allowlist: remove strangers' addresses",
        "Takes entries off the IP allowlist, after this host's own address was confirmed.",
        danger=Danger.CHANGES,
        plans=True,
        step="6",
        needs="entries of the allowlist",
    ),
    Action(
        "handover.finish",
        "contain: end what was kept",
        "Ends old credentials that were replaced first: deletes the keys, resets the logins.",
        key="F",
        danger=Danger.DESTROYS,
        plans=True,
        step="10",
        needs="credentials that wait for their hand-over",
    ),
    Action(
        "contain.prove",
        "contain: prove it again",
        "Asks the account again whether what was cut is still dead and what was made still lives; changes nothing.",
        step="1",
        needs="something that was cut",
    ),
    Action(
        "alarms.show",
        "watch: alarms and what to do",
        "Lists what appeared or changed and is not ours, each with its remedy; Enter shows that plan.",
        key="A",
        needs="an open alarm",
    ),
    Action(
        "finish",
        "contain: finish what was begun",
        "Asks the account what became of every open effect and finishes it.",
        key="f",
        danger=Danger.CHANGES,
        step="1",
        needs="effects that are not proven yet",
    ),
    Action(
        "stop",
        "contain: stop after the current effects",
        "Begins nothing new; what is under way reaches its end, the rest stays planned and can be finished later.",
        key="escape",
        needs="a running plan",
    ),
    Action(
        "evidence.preserve",
        "evidence: preserve now",
        "Stores what the account shows (keys, users, domains, logins, limits) sealed, with its hash in the journal.",
        key="e",
        panes=(Pane.RUNBOOK,),
        step="0",
    ),
    Action(
        "support.message",
        "support: opening message",
        "Shows the message to copy to Mailgun Support; copying it is recorded as attested.",
        key="m",
        panes=(Pane.RUNBOOK,),
        step="0",
    ),
    Action(
        "step.attest",
        "runbook: attest a step",
        "Records that you know a step to be done where the account cannot show it: who, when, what.",
        key="t",
        panes=(Pane.RUNBOOK, Pane.USERS),
    ),
    Action(
        "finding.judge",
        "finding: judge",
        "Records whether the highlighted item is yours or the intruder's, with a reason.",
        key="d",
        panes=(Pane.CREDENTIALS, Pane.DOMAINS, Pane.USERS),
        needs="a highlighted row",
    ),
    Action(
        "findings.judge",
        "finding: judge the open ones",
        "Lists everything that waits for a judgement, also settings that have no row in a pane.",
        key="J",
        step="6",
    ),
    Action(
        "blocklists.check",
        "blocklists: check now",
        "Asks the blocklists that matter about every sending address and domain.",
        key="b",
        panes=(Pane.BLOCKLISTS,),
        step="9",
        footer=True,
    ),
    Action(
        "blocklists.removal",
        "blocklists: the way off a list",
        "Shows why it is listed, what must be true first, whose job it is, where to ask, and the text to copy.",
        key="r",
        panes=(Pane.BLOCKLISTS,),
        step="9",
        footer=True,
        needs="a listing",
    ),
    Action(
        "blocklists.requested",
        "blocklists: removal was asked for",
        "Records that the removal of the highlighted listing was requested; the list is asked again after its wait.",
        key="R",
        panes=(Pane.BLOCKLISTS,),
        step="9",
        needs="a highlighted listing, and containment done",
    ),
    Action(
        "blocklists.refused",
        "blocklists: the list said no",
        "Records in the list's own words that it refused the removal of the highlighted listing.",
        key="x",
        panes=(Pane.BLOCKLISTS,),
        step="9",
        needs="a highlighted listing",
    ),
    Action(
        "blocklists.overview",
        "blocklists: refusals, rates, lists not asked",
        "Shows which lists are not asked and why, who refuses your mail, complaints by day, Mailgun's monitoring.",
        key="i",
        panes=(Pane.BLOCKLISTS,),
        step="9",
    ),
    Action(
        "people.strangers",
        "users: name the strangers",
        "Lists the users who look like strangers, to name them at once; they are deleted in the control panel.",
        panes=(Pane.RUNBOOK, Pane.USERS),
        step="1b",
    ),
    Action(
        "people.message",
        "users: message about password and two-factor",
        "Shows what the highlighted user (or everybody who is not done) has to do, to copy; copying starts the timers.",
        key="m",
        panes=(Pane.USERS,),
        step="4",
        footer=True,
    ),
    Action(
        "leaks.search",
        "leaks: search for the leak",
        "Searches folders, repositories with their history, access logs and your own sites; reads only.",
        panes=(Pane.RUNBOOK,),
        step="7",
    ),
    Action(
        "leaks.judge",
        "leaks: how it leaked, what is open",
        "Shows when and where it was taken and every leak as it stands: close it, keep it for a reason, search again.",
        panes=(Pane.RUNBOOK,),
        step="7",
    ),
    Action(
        "leaks.recheck",
        "leaks: search again where you searched",
        "Repeats the searches of this incident: what is gone is closed, what is still exposed stays open.",
        panes=(Pane.RUNBOOK,),
        step="7",
        needs="an earlier search",
    ),
    Action(
        "leaks.person",
        "leaks: or a person",
        "Sets planted keys against the users: whom to ask, what to ask, the answer attested, whose device to check.",
        panes=(Pane.RUNBOOK, Pane.USERS),
        step="7",
    ),
    Action(
        "adoption.show",
        "credentials: hand over the new ones",
        "Lists every replacement with owner, places and whether it is in use; hands over without showing a secret.",
        key="H",
        step="10",
    ),
    Action(
        "harden.show",
        "harden: measures and score",
        "Lists what would make the next leak matter less, with what each protects and might break.",
        panes=(Pane.RUNBOOK,),
        step="11",
    ),
    Action(
        "report.write",
        "report: write, and copy for Support",
        "Writes the reports for Support, host, management, marketing and recipients, and shows Support's to copy.",
        panes=(Pane.RUNBOOK,),
        step="12",
    ),
    Action(
        "drill.people",
        "drill: let the others do theirs",
        "Plays the people of the drill: strangers deleted in the panel, passwords reset, two-factor on.",
        needs="the drill",
    ),
    Action(
        "drill.deploy",
        "drill: deploy the new credentials",
        "Plays your developers: every simulated application gets its new credential and sends again.",
        needs="the drill",
    ),
    Action(
        "drill.hour",
        "drill: let an hour pass",
        "Moves the drill's clock one hour on: listings come and go, the intruder tries again.",
        needs="the drill",
    ),
    Action(
        "drill.day",
        "drill: let a day pass",
        "Moves the drill's clock one day on and asks the blocklists again: listings come on days 1 and 3.",
        needs="the drill",
    ),
    Action(
        "drill.lists",
        "drill: write to the blocklists",
        "Plays whoever may ask: every removal that is ready is requested.",
        needs="the drill",
    ),
    Action(
        "drill.support",
        "drill: let Support re-enable the account",
        "Plays Mailgun Support: what it disabled may send again.",
        needs="the drill",
    ),
    Action(
        "secret.reveal",
        "secret: reveal once",
        "Covers the screen, shows one new secret for 20 seconds, and journals that it was shown.",
        key="V",
        panes=(Pane.CREDENTIALS,),
        needs="a highlighted row with a new secret, and share-safe off",
    ),
    Action("refresh", "view: read the account again", "Reads the whole inventory again.", key="f5"),
    Action(
        "share.toggle",
        "view: share-safe on or off",
        "With share-safe on, secrets are never drawn and people's addresses are shortened.",
        key="s",
        footer=True,
    ),
    Action("local.toggle", "view: UTC or local time", "Shows times in UTC, or in this host's own zone."),
    Action(
        "pane.maximise",
        "view: maximise the pane",
        "Gives the focused pane the whole screen, or back.",
        key="z",
    ),
    Action("pane.runbook", "go: Runbook", "Moves to the runbook.", key="1"),
    Action("pane.credentials", "go: Credentials", "Moves to API keys and SMTP logins.", key="2"),
    Action("pane.domains", "go: Domains", "Moves to the domains.", key="3"),
    Action("pane.users", "go: Users", "Moves to the users.", key="4"),
    Action("pane.blocklists", "go: Blocklists", "Moves to the blocklists.", key="5"),
    Action("pane.activity", "go: Activity", "Moves to the activity log.", key="6"),
    Action(
        "help",
        "help: this pane and its keys",
        "Explains the focused pane and lists every key.",
        key="question_mark",
        footer=True,
    ),
    Action(
        "palette",
        "view: all commands",
        "Lists every action by name, the impossible ones with the reason.",
        key="ctrl+p",
        footer=True,
    ),
    Action(
        "redraw", "view: redraw the screen", "Draws everything anew, after a disturbed line.", key="ctrl+l"
    ),
    Action(
        "quit",
        "quit",
        "Leaves; a running plan stops after its current effects, and the next start resumes.",
        key="q",
        footer=True,
    ),
)

ACTIONS: MappingProxyType[str, Action] = MappingProxyType({action.id: action for action in _ALL})
