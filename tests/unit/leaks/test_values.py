"""What a bare value must look like: passwords hold dots too, code is made of words."""

from __future__ import annotations

import pytest

from workbench.leaks.fields import Field
from workbench.leaks.values import plausible


def field(value: str, style: str = "") -> Field:
    return Field("password", value, 0, 10, 10 + len(value), b"=", False, style)


@pytest.mark.parametrize(
    "code", ["form.password2", "cfg.smtp1.pw2", "utils.base64", "self.config.smtp_pass1"]
)
def test_code_is_no_password_but_an_argument_is_no_code(code: str) -> None:
    assert not plausible(field(code))
    assert plausible(field(code, "command-line"))


@pytest.mark.parametrize("value", ["EFOFA.pMqp359", "kT7.wz9QxB", "q_4Zr.x8Lm0"])
def test_a_drawn_value_with_a_dot_is_no_code(value: str) -> None:
    assert plausible(field(value))
