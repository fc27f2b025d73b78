"""Which scripts a page loads, and which further pieces a script names."""

from __future__ import annotations

import pytest

from workbench.leaks.scripts import among, named_in, of_page


def test_a_page_names_its_scripts_and_what_it_loads_ahead() -> None:
    page = (
        b'<script type=module src="/assets/index-1a2b.js"></script><link rel="modulepreload" crossorigin '
        b'href="/assets/vendor-3c4d.js"><link rel="stylesheet" href="/a.css">'
        b'<link href="/late.js" rel=preload as=script>'
    )
    assert list(of_page(page)) == ["/assets/index-1a2b.js", "/assets/vendor-3c4d.js", "/late.js"]


@pytest.mark.parametrize(
    ("script", "path", "names"),
    [
        (b'import("./admin-4d5e6f70.js")', "/assets/index.js", ["/assets/admin-4d5e6f70.js"]),
        (
            b'm.f=["assets/a-12345678.js","assets/b-12345678.css"]',
            "/app/assets/i.js",
            ["/app/assets/a-12345678.js"],
        ),
        (
            b'"static/js/"+e+"."+{1:"aa11bb22"}[e]+".chunk.js"',
            "/static/js/main.js",
            ["/static/js/1.aa11bb22.chunk.js"],
        ),
        (
            b'r.p+"js/"+({3:"cart"}[e]||e)+"."+{3:"aa11bb22",4:"cc33dd44"}[e]+".js"',
            "/shop/js/app.js",
            ["/shop/js/cart.aa11bb22.js", "/shop/js/4.cc33dd44.js"],
        ),
        (b'from"chunk-ABCDEF12.js"', "/main.js", ["/chunk-ABCDEF12.js"]),
        (
            b'x="jquery.js";"./src/index.js";"lib/react-dom-server.js";y="https://cdn.example.net/z/a-1b2c3d4e.js"',
            "/main.js",
            [],
        ),
    ],
    ids=["beside", "list", "table", "table with names", "alone", "no pieces"],
)
def test_a_script_names_its_pieces(script: bytes, path: str, names: list[str]) -> None:
    assert list(named_in(script, path)) == names


def test_a_source_map_stands_for_its_script() -> None:
    assert among({"/.env", "/a.js.map", "/a.js", "/b.mjs"}) == ["/a.js", "/b.mjs"]


def test_a_script_built_to_exhaust_a_reader_is_read_at_once() -> None:
    assert list(named_in(b'"a"+e+"."+{' + b'1:"a",' * 20_000, "/x.js")) == []
    assert list(named_in(b'"' * 50_000, "/x.js")) == []
