"""The metrics that can be asked for by name, and which events of the log each is counted from (dossier B5)."""

from __future__ import annotations

from collections.abc import Iterable

SUMS: dict[str, tuple[str, ...]] = {
    "accepted_incoming_count": (),
    "accepted_outgoing_count": ("accepted",),
    "accepted_count": ("accepted",),
    "delivered_smtp_count": ("delivered",),
    "delivered_http_count": (),
    "delivered_optimized_count": (),
    "delivered_count": ("delivered",),
    "stored_count": (),
    "processed_count": ("delivered", "failed"),
    "sent_count": ("delivered", "failed"),
    "opened_count": ("opened",),
    "clicked_count": ("clicked",),
    "unique_opened_count": ("opened",),
    "unique_clicked_count": ("clicked",),
    "unsubscribed_count": ("unsubscribed",),
    "complained_count": ("complained",),
    "failed_count": ("failed", "temporary"),
    "temporary_failed_count": ("temporary",),
    "permanent_failed_count": ("failed",),
    "temporary_failed_esp_block_count": (),
    "permanent_failed_esp_block_count": (),
    "rate_limit_count": (),
    "webhook_count": (),
    "permanent_failed_optimized_count": (),
    "permanent_failed_old_count": (),
    "bounced_count": ("failed",),
    "hard_bounces_count": ("failed",),
    "soft_bounces_count": (),
    "delayed_bounce_count": (),
    "suppressed_bounces_count": (),
    "suppressed_unsubscribed_count": (),
    "suppressed_complaints_count": (),
    "delivered_first_attempt_count": ("delivered",),
    "delayed_first_attempt_count": ("temporary",),
    "delivered_subsequent_count": ("temporary",),
    "delivered_two_plus_attempts_count": ("temporary",),
}
# Rates are strings (dossier B5): part over whole.
RATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "delivered_rate": ("delivered", ("delivered", "failed")),
    "opened_rate": ("opened", ("delivered",)),
    "clicked_rate": ("clicked", ("delivered",)),
    "unique_opened_rate": ("opened", ("delivered",)),
    "unique_clicked_rate": ("clicked", ("delivered",)),
    "unsubscribed_rate": ("unsubscribed", ("delivered",)),
    "complained_rate": ("complained", ("delivered",)),
    "bounce_rate": ("failed", ("delivered", "failed")),
    "fail_rate": ("failed", ("delivered", "failed")),
    "permanent_fail_rate": ("failed", ("delivered", "failed")),
    "temporary_fail_rate": ("temporary", ("delivered", "failed")),
    "delayed_rate": ("temporary", ("delivered", "failed")),
}
USAGE = [
    "processed_count",
    "email_validation_count",
    "email_validation_public_count",
    "email_validation_valid_count",
    "email_validation_single_count",
    "email_validation_bulk_count",
    "email_validation_list_count",
    "email_validation_mailgun_count",
    "email_validation_mailjet_count",
    "email_preview_count",
    "email_preview_failed_count",
    "link_validation_count",
    "link_validation_failed_count",
    "seed_test_count",
    "ip_blocklist_monitoring_count",
    "domain_blocklist_monitoring_count",
]


def events_behind(names: Iterable[str]) -> set[str]:
    """Return the kinds of events that the metrics of these names are counted from; unknown names have none."""
    found: set[str] = set()
    for name in names:
        part, whole = RATES.get(name, ("", SUMS.get(name, ())))
        found.update(whole, [part] if part else [])
    return found
