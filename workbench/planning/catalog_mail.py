"""The actions about the intruder's mail itself, its links and the papers: a part of the one table. Pure data."""

from __future__ import annotations

from workbench.planning.action import Action

MAIL = (
    Action(
        "mail.fetch",
        "mail: fetch the intruder's messages",
        "Fetches one stored message of each group of the intruder's while Mailgun keeps it, and seals it.",
        step="0",
        needs="an assessment",
    ),
    Action(
        "mail.show",
        "mail: read what was sent",
        "Shows the sealed messages as plain text: HTML reduced to words, links defanged, attachments only named.",
        step="8",
        needs="messages that were fetched",
    ),
    Action(
        "mail.links",
        "mail: landing pages and texts to stop them",
        "Lists where the intruder's mail leads to, who may be asked to stop it, and the texts to copy.",
        step="8",
    ),
    Action(
        "mail.clicked",
        "mail: write who clicked",
        "Reads who followed the intruder's links, shows it, and writes it as CSV: they are warned first.",
        step="8",
        needs="an assessment",
    ),
    Action(
        "lost.show",
        "damage: own mail that was lost",
        "Counts own mail that failed, was rejected or suppressed, by template, and writes whom to send it to again.",
        step="10",
        needs="an assessment",
    ),
    Action(
        "billing.dispute",
        "damage: dispute the bill",
        "Shows the text that disputes charges for mail you did not send: volume, plan, limit changes.",
        step="12",
    ),
    Action(
        "support.update",
        "support: update since the last message",
        "Shows what changed since the last update to Support; you are asked whether it was sent.",
        step="12",
    ),
    Action(
        "export.write",
        "report: export for other programs",
        "Writes timeline (Timesketch), indicators (CSV, JSON, STIX 2.1) or findings (MITRE ATT&CK ids) to a file.",
        step="12",
    ),
)
