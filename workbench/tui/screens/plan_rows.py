"""What the plan screen writes: effects as rows, counts in words, the effect under the cursor. No widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.core.redact import visible
from workbench.tui.widgets.table import Cell, Column, TableRow

if TYPE_CHECKING:
    from workbench.domain.model.plan import Effect, Plan
    from workbench.planning.choices import Choices

# What an effect kind is called when effects are counted: (one, many).
_NOUNS = {
    "key.create": ("key minted", "keys minted"),
    "key.delete": ("key deleted", "keys deleted"),
    "smtp.create": ("SMTP login made", "SMTP logins made"),
    "smtp.reset": ("SMTP password reset", "SMTP passwords reset"),
    "smtp.delete": ("SMTP login deleted", "SMTP logins deleted"),
    "queue.purge": ("queue purged", "queues purged"),
    "limit.set": ("limit set", "limits set"),
    "limit.clear": ("limit removed", "limits removed"),
    "subaccount.disable": ("subaccount disabled", "subaccounts disabled"),
    "subaccount.enable": ("subaccount enabled", "subaccounts enabled"),
    "domain.delete": ("domain deleted", "domains deleted"),
    "domain.update": ("domain's settings changed", "domains' settings changed"),
    "signing_key.renew": ("signing key renewed", "signing keys renewed"),
    "public_key.renew": ("public key renewed", "public keys renewed"),
    "route.delete": ("route deleted", "routes deleted"),
    "webhook.delete": ("webhook removed", "webhooks removed"),
    "account_webhook.delete": ("account webhook deleted", "account webhooks deleted"),
    "allowlist.add": ("address allowed", "addresses allowed"),
    "allowlist.remove": ("address off the allowlist", "addresses off the allowlist"),
    "list.close": ("mailing list closed", "mailing lists closed"),
    "tracking.footer": ("footer cleared", "footers cleared"),
    "sandbox_recipient.delete": ("sandbox recipient removed", "sandbox recipients removed"),
    "suppression_allow.delete": ("never-suppress entry removed", "never-suppress entries removed"),
    "suppression.lift": ("suppression lifted", "suppressions lifted"),
    "alert.create": ("alert rule made", "alert rules made"),
    "dkim.create": ("DKIM key made", "DKIM keys made"),
    "dkim.activate": ("DKIM key switched on", "DKIM keys switched on"),
    "dkim.deactivate": ("DKIM key switched off", "DKIM keys switched off"),
    "dkim.rotate": ("DKIM key rolled", "DKIM keys rolled"),
    "rule.delete": ("rule deleted", "rules deleted"),
    "rule.set": ("rule set back", "rules set back"),
    "template.delete": ("template deleted", "templates deleted"),
    "template.activate": ("template version set back", "template versions set back"),
    "template.headers": ("template's headers set back", "templates' headers set back"),
}
SENTENCES_SHOWN = 200

# What an effect is about stands whole where the width allows; what breaks and how to undo it, whole below the rows.
MOST_WHAT = 90
_WAY = (
    Column("way", "way", width=5, priority=1),
    Column("use", "last hour", width=18, min_width=14, priority=4),
)
_REST = (
    Column("place", "in", width=9, min_width=4, priority=5),
    Column("undo", "undo", width=5, priority=3),
    Column("breaks", "what breaks", flex=2, min_width=11, priority=2),
)


def columns(plan: Plan, *, ways: bool) -> tuple[Column, ...]:
    """Return the columns of a plan, with ``ways`` those of the way and the use of each credential."""
    longest = max((len(visible(effect.what)) for effect in plan), default=0)
    what = Column("what", "what", width=max(34, min(MOST_WHAT, longest)), min_width=29 if ways else 34)
    return (what, *(_WAY if ways else ()), *_REST)


_LOOKS = {
    "production": ("production", ""),
    "intruder": ("intruder", "bad"),
    "both": ("both", "warn"),
}


def counted(effects: Iterable[Effect]) -> str:
    """Return effects counted by kind, in words: ``5 keys minted, 5 keys deleted``."""
    kinds = Counter(effect.kind.value for effect in effects)
    parts = []
    for kind, count in kinds.items():
        one, many = _NOUNS.get(kind, (kind, kind))
        parts.append(f"{count:,} {one if count == 1 else many}")
    return ", ".join(parts)


def credential_of(effect: Effect) -> str:
    """Return the credential an effect is about (``key:<id>``, ``smtp:<login>``), ``""`` for none."""
    return effect.params.credential


def worst_first(plan: Plan) -> list[Effect]:
    """Return the effects as they will be begun, by harm, with those of one credential side by side."""
    ranks: dict[str, int] = {}
    for effect in plan:
        group = credential_of(effect) or effect.id
        ranks[group] = max(ranks.get(group, effect.rank), effect.rank)
    order = {group: n for n, group in enumerate(sorted(ranks, key=lambda g: -ranks[g]))}
    return sorted(plan, key=lambda e: order[credential_of(e) or e.id])


def effect_row(effect: Effect, choices: Choices | None = None) -> TableRow:
    """Return one effect as a row; with ``choices`` its way and its use stand in it."""
    forever = effect.undo.startswith("cannot")
    cells = [Cell(effect.what or f"{effect.kind.value} {effect.target}")]
    if choices is not None:
        cells += [_way_cell(effect, choices), _use_cell(effect, choices)]
    cells += [
        Cell(str(effect.place)),
        Cell("never" if forever else "yes", "bad" if forever else ""),
        Cell(effect.breaks or "nothing", "" if effect.breaks else "dim"),
    ]
    return TableRow(effect.id, tuple(cells), search=effect.target)


def _way_cell(effect: Effect, choices: Choices) -> Cell:
    from workbench.planning.choices import WORDS

    credential = credential_of(effect)
    if not credential:
        return Cell("")
    way = choices.way(credential)
    return Cell(WORDS.get(way, way), "dim" if choices.fixed(credential) else "accent")


def _use_cell(effect: Effect, choices: Choices) -> Cell:
    from workbench.domain.model.credential_use import CredentialUses

    if not credential_of(effect):
        return Cell("")
    if choices.situation.state.fact(CredentialUses) is None:
        return Cell("not read yet", "dim", -1)
    use = effect.params.use
    if use is None or not use.last_hour:
        return Cell("none", "dim", 0)
    count = use.last_hour
    word, tone = _LOOKS.get(use.looks, ("unclear", "warn"))
    return Cell(f"{count:,} {word}", tone, count)


def detail(effect: Effect, choices: Choices | None) -> list[tuple[str, str]]:
    """Return (label, words) pairs about one effect: what, who uses it, what each way breaks, undo."""
    credential = credential_of(effect)
    if choices is None or not credential:
        return [
            ("What", f"{effect.what} ({effect.place})"),
            ("Breaks", effect.breaks or "nothing"),
            ("Undo", effect.undo),
            ("Why", effect.why),
        ]
    from workbench.domain.runbook.handover import FIRST, NOW
    from workbench.planning.choices import MEANS

    way = choices.way(credential)
    fixed = choices.fixed(credential)
    now, other = choices.rights(credential)
    rights = f"{now}{f' [e: {other}]' if other else ''}" if now else ""
    return [
        ("What", f"{effect.what} ({effect.place})"),
        ("Why", effect.why),
        ("Way", f"{MEANS[way]}{f'. {fixed}' if fixed else ''}"),
        ("" if fixed else "Or w", MEANS[NOW if way == FIRST else FIRST]),
        ("Rights" if rights else "", rights),
        ("Undo", effect.undo),
    ]


def without_orphans(plan: Plan, chosen: set[str]) -> set[str]:
    """Return the chosen effects minus those that need one which was left out.

    Deleting an old key waits for its replacement: without the replacement it must not happen either.
    """
    kept = set(chosen)
    own = {e.id for e in plan}
    while True:
        # Dependencies on effects outside this plan were met before; only those within it count.
        orphans = {e.id for e in plan if e.id in kept and any(a in own and a not in kept for a in e.after)}
        if not orphans:
            return kept
        kept -= orphans


def bounded(sentences: list[str]) -> str:
    """Return sentences line by line; what is cut off is counted."""
    shown = [visible(line, 500) for line in sentences[:SENTENCES_SHOWN]]
    if len(sentences) > SENTENCES_SHOWN:
        shown.append(f"and {len(sentences) - SENTENCES_SHOWN} more")
    return "\n".join(shown)
