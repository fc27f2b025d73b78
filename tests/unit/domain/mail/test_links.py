"""Links of hostile mail: shown so that nobody follows them, counted by what is the same for every reader."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.mail.links import (
    defanged,
    defanged_shape,
    defanged_text,
    host_of,
    links_in,
    looks_like,
    scheme_of,
    shape_of_link,
)

_LIVE = re.compile(r"(?i)\bhttps?://|\bjavascript:|\bdata:|www\.\w")


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://evil.example/a?x=1", "hxxps://evil[.]example/a?x=1"),
        ("http://user:pw@evil.example:8080/", "hxxp://user:pw[@]evil[.]example:8080/"),
        ("java\tscript:alert(1)", "javascript[:]alert(1)"),
        ("data:text/html;base64,AAAA", "data[:]text/html;base64,AAAA… (21 characters)"),
        ("www.evil.example/x", "hxxp://www[.]evil[.]example/x"),
        ("https://\u0430cme.example/", "hxxps://xn--cme-5cd[.]example/ (shown as \u0430cme[.]example)"),
        ("https://evil.example/\u202egnp.exe", "hxxps://evil[.]example/gnp.exe"),
    ],
)
def test_a_link_is_shown_and_leads_nowhere(link: str, shown: str) -> None:
    assert defanged(link) == shown


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=60), st.sampled_from(["https://", "http:\\\\", "javascript:", "data:", "www.", "//", ""])
)
def test_nothing_that_is_defanged_can_be_followed(text: str, scheme: str) -> None:
    assert not _LIVE.search(defanged(scheme + text))
    assert not _LIVE.search(defanged_text(f"see https://a.example/{text}").replace("[.]", "_"))


@pytest.mark.parametrize(
    ("link", "shape"),
    [
        (
            "https://e.example/u/anna@mail.example/a1b2c3d4e5f6g7?to=a%40b.example&x=2#f",
            "https://e.example/u/#/#?to=#&x=#",
        ),
        ("https://user@E.example/Pay", "https://e.example/Pay"),
        ("https://e.example/order/12345", "https://e.example/order/#"),
        ("https://e.example/?anna@mail.example", "https://e.example/?#"),
        ("javascript:x()", ""),
        ("mailto:a@b.example", ""),
    ],
)
def test_the_shape_names_no_reader(link: str, shape: str) -> None:
    assert shape_of_link(link) == shape


def test_the_shape_of_a_link_is_shown_whole() -> None:
    shape = shape_of_link("https://e.example/track/a1b2c3d4e5f6?to=x%40y.example")
    assert defanged_shape(shape) == "hxxps://e[.]example/track/#?to=#"


def test_links_of_a_text_are_found_once_without_the_stop_behind_them() -> None:
    text = "Go to https://a.example/x, or HTTPS://a.example/x (www.b.example). javascript:void(0) https://a.example/x"
    assert links_in(text) == [
        "https://a.example/x",
        "HTTPS://a.example/x",
        "www.b.example",
        "javascript:void(0",
    ]


@pytest.mark.parametrize(
    ("host", "alike"),
    [
        ("acme.example", ""),
        ("mail.acme.example", ""),
        ("acme.example.evil.example", "acme.example"),
        ("xn--cme-5cd.example", "acme.example"),
        ("parcel.example", ""),
    ],
)
def test_a_name_made_to_look_like_ours_is_told(host: str, alike: str) -> None:
    assert looks_like(host, ["acme.example"]) == alike


def test_what_stands_before_an_at_is_no_host() -> None:
    assert host_of("https://acme.example@evil.example/") == "evil.example"
    assert scheme_of(" JAVASCRIPT:x") == "javascript"
