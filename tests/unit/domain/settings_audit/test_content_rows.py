"""What the sweep proposes for templates and rules: delete, the version before, other headers, a limit that fires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.effect_params import TemplateActivateParams, TemplateHeadersParams
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.settings import PlaceSettings, Settings
from workbench.domain.settings_audit.audit import Swept, sweep
from workbench.domain.settings_audit.remedies import effect_of
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import Alert
from workbench.mailgun.models import Template, TemplateVersion

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
OLD, NEW = NOW - timedelta(days=300), NOW - timedelta(hours=5)
US = Place(Region.US)
HOME = CustomerNames.of(["mg.acme.example", "acme.example"])


def judged(*templates: Template, alerts: tuple[Alert, ...] = ()) -> list[Swept]:
    """Return what the sweep says of them."""
    settings = Settings(NOW, SINCE)
    settings.places[US] = PlaceSettings(US, templates=list(templates), alerts=list(alerts))
    return sweep(settings, HOME).swept


def template(made: datetime, headers: dict[str, Any] | None = None, **more: Any) -> Template:
    """Return a template with one active version of its own age."""
    version = TemplateVersion(tag="v2", created_at=more.pop("version_at", made), headers=headers or {})
    return Template(name="welcome", id="t1", created_at=made, version=version, **more)


def test_one_made_inside_the_window_is_deleted() -> None:
    [item] = judged(template(NEW))
    effect = effect_of(item, Region.US)
    assert effect is not None and (effect.kind, effect.target) == (EffectKind.TEMPLATE_DELETE, "welcome")
    assert effect.undo.startswith("cannot be undone") and effect.params.about == item.key


def test_a_version_added_gives_way_to_the_newest_of_before() -> None:
    versions = (
        TemplateVersion(tag="v0", created_at=OLD),
        TemplateVersion(tag="v1", created_at=OLD + timedelta(days=9)),
        TemplateVersion(tag="v2", created_at=NEW),
    )
    [item] = judged(template(OLD, version_at=NEW, versions=versions))
    effect = effect_of(item, Region.US)
    assert effect is not None and effect.kind is EffectKind.TEMPLATE_ACTIVATE
    assert effect.given(TemplateActivateParams).tag == "v1" and "v1 instead of v2" in effect.what
    # Without an earlier version only a person can set it back.
    [alone] = judged(template(OLD, version_at=NEW, versions=versions[2:]))
    assert alone.remedy == "" and "source control" in alone.instruct


def test_only_foreign_senders_are_taken_out_of_an_edited_version() -> None:
    headers = {"From": "Acme <hi@mg.acme.example>", "Subject": "Hi", "Reply-To": "x@evil.example"}
    [item] = judged(template(OLD, headers))
    effect = effect_of(item, Region.US)
    assert effect is not None and effect.kind is EffectKind.TEMPLATE_HEADERS
    assert effect.given(TemplateHeadersParams).headers == {
        "From": "Acme <hi@mg.acme.example>",
        "Subject": "Hi",
    }
    assert "Reply-To of version v2" in effect.what
    [clean] = judged(template(OLD, {"From": "hi@mg.acme.example"}))
    assert clean.remedy == "" and clean.score == 0


@pytest.mark.parametrize(
    ("comparator", "limit", "remedy"),
    [
        (">", "0.99", "rule.set"),
        ("<", "0.05", "rule.set"),
        (">", "never", "rule.set"),
        (">", "0.05", ""),
        (">=", "0.01", ""),
    ],
)
def test_a_loosened_rule_gets_a_limit_that_fires(comparator: str, limit: str, remedy: str) -> None:
    rule = Alert(
        name="bounces", metric="hard_bounce_rate", comparator=comparator, limit=limit, dimension="domain",
        period="1h", alert_channels=("email",), created_at=OLD, updated_at=NEW,
    )  # fmt: skip
    [item] = judged(alerts=(rule,))
    assert item.remedy == remedy
    effect = effect_of(item, Region.US)
    if effect is not None:
        assert effect.kind is EffectKind.RULE_SET and "not known" in effect.what
        assert json.loads(canonical(effect.params.body()))["rule"] == {
            "metric": "hard_bounce_rate", "comparator": ">", "limit": "0.05", "dimension": "domain",
            "filters": [], "description": "", "period": "1h", "alert_channels": ["email"],
        }  # fmt: skip


def test_a_rule_made_inside_the_window_is_deleted_and_an_unknown_metric_left_to_a_person() -> None:
    made = Alert(name="a", metric="x", comparator=">", limit="1", dimension="domain", created_at=NEW)
    odd = Alert(name="b", metric="x", comparator=">", limit="1", created_at=OLD, updated_at=NEW)
    first, second = judged(alerts=(made, odd))
    assert first.remedy == "rule.delete"
    assert second.remedy == "" and "set it back" in second.instruct


def test_a_date_of_the_future_hides_nothing_and_deletes_nothing() -> None:
    ahead = NOW + timedelta(days=40)
    versions = (TemplateVersion(tag="v1", created_at=ahead), TemplateVersion(tag="v2", created_at=NEW))
    [item] = judged(template(ahead, version_at=NEW, versions=versions))
    assert item.remedy == "template.activate" and item.score == 2
    [odd] = judged(template(ahead))
    assert odd.remedy == "" and odd.score == 0 and "in the future" in odd.why[0]
