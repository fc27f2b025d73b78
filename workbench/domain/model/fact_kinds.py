"""Every kind of fact the journal may hold, by the name its rows carry. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.domain.blocklists import recorded as blocklists
from workbench.domain.forensics import recorded as forensics
from workbench.domain.hardening import recorded as hardening
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.mail.samples import KeptMail
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.facts import RecordedFact
from workbench.domain.runbook import recorded as runbook
from workbench.domain.settings_audit.recorded import SweepRead

_KINDS: tuple[type[RecordedFact], ...] = (
    CredentialUses,
    KeptMail,
    LeaksFound,
    SweepRead,
    blocklists.AcceptedTerms,
    blocklists.GmailRates,
    blocklists.LinkedHosts,
    blocklists.RefusalsRead,
    blocklists.SendingHealth,
    blocklists.TemplateLinks,
    blocklists.VendorMonitoring,
    forensics.KeptMoments,
    forensics.LostMail,
    forensics.RecordedAssessment,
    hardening.DmarcRead,
    hardening.ScoreBefore,
    hardening.SettingsSeen,
    runbook.DeadlinesAnswered,
    runbook.DrillParts,
    runbook.HandOverListed,
    runbook.KeyLimits,
    runbook.LeftOut,
    runbook.OutsideHands,
    runbook.ProvenAgain,
    runbook.PutOff,
    runbook.ReportWritten,
    runbook.SupportUpdateSent,
)
KINDS: Mapping[str, type[RecordedFact]] = {kind.journal_name(): kind for kind in _KINDS}


def read(body: Mapping[str, Any], at: str) -> RecordedFact | None:
    """Return the fact of a journal row, None for a kind not known here; ValueError where it cannot be read."""
    kind = KINDS.get(body["name"])
    return None if kind is None else kind.from_body(body, at)
