"""Stored templates of a domain (v3) and of the account (v4) (dossier B4)."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.drill.api.dates import utctxt
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedTemplate, Version

AREA = EndpointArea("templates")
_V3 = "/v3/{domain}/templates"
_V4 = "/v4/templates"


def _shelf(call: WireCall) -> dict[str, SimulatedTemplate]:
    return call.domain().templates if "domain" in call.params else call.area.templates


def _one(call: WireCall) -> SimulatedTemplate:
    template = _shelf(call).get(call.params["template"])
    if template is None:
        raise WireRefusal(404, "template not found")
    return template


def _version(call: WireCall) -> tuple[SimulatedTemplate, Version]:
    template = _one(call)
    version = template.versions.get(call.params["version"])
    if version is None:
        raise WireRefusal(404, "template version not found")
    return template, version


def _shown(template: SimulatedTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": template.description,
        "createdAt": utctxt(template.created),
        "createdBy": template.created_by,
        "id": template.id,
    }


def _version_shown(version: Version, content: bool) -> dict[str, Any]:
    """Return a version; a list of versions omits the content and the headers."""
    return {
        "tag": version.tag,
        "template": version.template if content else "",
        "engine": version.engine,
        "mjml": "",
        "createdAt": utctxt(version.created),
        "comment": version.comment,
        "active": version.active,
        "id": version.id,
        "headers": dict(version.headers) if content else {},
    }


def _page(call: WireCall, names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the names of one page and its paging links, in the pivot style."""
    limit = max(1, call.number("limit", 10, most=100))
    pivot, turn = call.arg("p"), call.arg("page")
    start = 0
    if turn == "next" and pivot:
        start = next((i for i, name in enumerate(names) if name > pivot), len(names))
    elif turn == "prev" and pivot:
        start = max(0, next((i for i, name in enumerate(names) if name >= pivot), len(names)) - limit)
    elif turn == "last":
        start = max(0, len(names) - limit)
    page = names[start : start + limit]
    path = call.path
    return page, {
        "first": call.url(path, limit=limit),
        "last": call.url(path, page="last", limit=limit),
        "next": call.url(path, page="next", p=page[-1] if page else pivot, limit=limit),
        "previous": call.url(path, page="prev", p=page[0] if page else pivot, limit=limit),
    }


@AREA.on("GET", _V3, _V4)
def list_templates(call: WireCall) -> WireAnswer:
    """One page without content; ``items`` is null when there are none."""
    shelf = _shelf(call)
    page, paging = _page(call, sorted(shelf))
    return ok(items=[_shown(shelf[name]) for name in page] or None, paging=paging)


@AREA.on("GET", _V3 + "/{template}", _V4 + "/{template}")
def one_template(call: WireCall) -> WireAnswer:
    """One template; with ``active`` its active version and content."""
    template = _one(call)
    item = _shown(template)
    active = next((v for v in template.versions.values() if v.active), None)
    if call.flag("active") and active is not None:
        item["version"] = _version_shown(active, True)
    return ok(template=item)


@AREA.on("POST", _V3, _V4)
def create_template(call: WireCall) -> WireAnswer:
    """Store a template, with a first version if content is given."""
    name = call.arg("name").lower()
    shelf = _shelf(call)
    if not name or name in shelf:
        raise WireRefusal(400, "template name is missing or taken")
    template = SimulatedTemplate(
        name, _uuid(call), call.arg("description"), call.now, call.arg("createdBy"), {}
    )
    shelf[name] = template
    item = _shown(template)
    if call.arg("template"):
        version = _new_version(call, template)
        item["version"] = _version_shown(version, True)
    call.account.changed()
    return said("template has been stored", template=item)


@AREA.on("PUT", _V3 + "/{template}", _V4 + "/{template}")
def update_template(call: WireCall) -> WireAnswer:
    """Change the description."""
    template = _one(call)
    template.description = call.arg("description", template.description)
    call.account.changed()
    return said("template has been updated", template={"name": template.name})


@AREA.on("DELETE", _V3 + "/{template}", _V4 + "/{template}")
def delete_template(call: WireCall) -> WireAnswer:
    """Remove a template with its versions."""
    template = _one(call)
    del _shelf(call)[template.name]
    call.account.changed()
    return said("template has been deleted", template={"name": template.name})


@AREA.on("GET", _V3 + "/{template}/versions", _V4 + "/{template}/versions")
def list_versions(call: WireCall) -> WireAnswer:
    """The versions of a template, without content."""
    template = _one(call)
    page, paging = _page(call, sorted(template.versions))
    versions = [_version_shown(template.versions[tag], False) for tag in page]
    return ok(template={**_shown(template), "versions": versions}, paging=paging)


@AREA.on("POST", _V3 + "/{template}/versions", _V4 + "/{template}/versions")
def create_version(call: WireCall) -> WireAnswer:
    """Add a version."""
    template = _one(call)
    version = _new_version(call, template)
    call.account.changed()
    shape = {**_shown(template), "version": _version_shown(version, True)}
    return said("new version of the template has been stored", template=shape)


@AREA.on("GET", _V3 + "/{template}/versions/{version}", _V4 + "/{template}/versions/{version}")
def one_version(call: WireCall) -> WireAnswer:
    """One version with content and headers."""
    template, version = _version(call)
    return ok(template={**_shown(template), "version": _version_shown(version, True)})


@AREA.on("PUT", _V3 + "/{template}/versions/{version}", _V4 + "/{template}/versions/{version}")
def update_version(call: WireCall) -> WireAnswer:
    """Change a version in place: nothing dates it."""
    template, version = _version(call)
    version.template = call.arg("template", version.template)
    version.comment = call.arg("comment", version.comment)
    if call.given("headers"):
        version.headers = _headers(call)
    if call.flag("active"):
        _activate(template, version)
    call.account.changed()
    shape = {"name": template.name, "version": {"tag": version.tag}}
    return said("version has been updated", template=shape)


@AREA.on("DELETE", _V3 + "/{template}/versions/{version}", _V4 + "/{template}/versions/{version}")
def delete_version(call: WireCall) -> WireAnswer:
    """Remove a version."""
    template, version = _version(call)
    del template.versions[version.tag]
    call.account.changed()
    shape = {"name": template.name, "version": {"tag": version.tag}}
    return said("version has been deleted", template=shape)


def _new_version(call: WireCall, template: SimulatedTemplate) -> Version:
    tag = (call.arg("tag") or "initial").lower()
    if tag in template.versions:
        raise WireRefusal(400, "template version already exists")
    version = Version(
        tag,
        _uuid(call),
        call.arg("template"),
        call.now,
        call.arg("comment"),
        call.arg("engine", "handlebars"),
        headers=_headers(call),
    )
    template.versions[tag] = version
    if call.flag("active") or len(template.versions) == 1:
        _activate(template, version)
    return version


def _activate(template: SimulatedTemplate, version: Version) -> None:
    for other in template.versions.values():
        other.active = other is version


def _headers(call: WireCall) -> dict[str, str]:
    text = call.arg("headers")
    if not text:
        return {}
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, str])
    except msgspec.DecodeError:
        raise WireRefusal(400, "headers must be a JSON object of strings") from None


def _uuid(call: WireCall) -> str:
    text = call.account.next_id("template", 32)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
