"""No paper names a person or a secret, outside the lists meant for it: every audience, every export, every text."""

from __future__ import annotations

import pytest

from tests.support.situations import US
from tests.unit.documents.test_exports import told
from workbench.core.clock import iso
from workbench.documents import exports
from workbench.domain.forensics import timeline
from workbench.domain.mail import samples
from workbench.domain.mail.samples import Wanted
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.situation import Situation
from workbench.mailgun.models import User
from workbench.reports import mail_texts, render
from workbench.reports.report import Audience, Material, compose

READER = "anna.reader@mailbox.example"
PERSON = "margaret.hamilton@acme.example"
SECRET = "0123456789abcdef0123456789abcdef-01234567-89abcdef"
_RAW = f"""From: Shop <notice@mg.acme.example>
To: {READER}
Subject: for {READER}
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Dear Anna,
use {SECRET} and https://parcel.example/t/{READER}?to={READER}
sent to {READER}
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="{READER}.html"

x
--b--
"""


def everything() -> Situation:
    """Return a situation with users, a stored message to a reader, clicks and a key that a person asked for."""
    where = told()
    where.inventory.users["u1"] = UserItem(User(id="u1", email=PERSON, name="Margaret", role="admin"), US)
    sample = samples.blank(
        Wanted("g", "key:x", "notice@mg.acme.example", "mg.acme.example", "", "s", 5, "", "m@x", "k", "")
    )
    samples.fill(sample, {"body-mime": _RAW})
    where.state.learn(samples.KeptMail(samples=(sample,), as_of=iso(where.now)))
    return where


def papers(where: Situation) -> dict[str, str]:
    """Return every paper by its name."""
    made = {f"report {one}": render.text(compose(one, Material(where, (), "f" * 64))) for one in Audience}
    made |= {kind: exports.made(kind, where, lambda: timeline.timeline(where)) for kind in exports.KINDS}
    for text in (mail_texts.to_mailgun, mail_texts.to_host, mail_texts.to_registrar):
        made[text.__name__] = text(where)
    return made


def test_no_reader_and_no_secret_stands_in_any_paper() -> None:
    for name, text in papers(everything()).items():
        plain = "".join(text.split())
        assert "anna.reader" not in plain and SECRET not in plain and "anna" not in plain.lower(), name


def test_the_accounts_people_stand_whole_in_supports_report_alone() -> None:
    for name, text in papers(everything()).items():
        assert (PERSON in "".join(text.split())) == (name == "report support"), name


@pytest.mark.parametrize("audience", list(Audience))
def test_no_paper_holds_a_way_to_the_trap(audience: Audience) -> None:
    shown = render.page(compose(audience, Material(everything(), (), "f" * 64)))
    assert "https://parcel.example" not in shown and "<a " not in shown
