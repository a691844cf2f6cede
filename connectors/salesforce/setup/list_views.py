"""The ready views as Salesforce's list views, a report folder with its reports, and what deploys them. Pure.

The files have the source format of a Salesforce DX project, for `sf project deploy start`. Standard columns go by the
names that list views and the report types of leads and contacts give them, which are not those of the API.
[salesforce: list views] [salesforce: reports]
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from connectors.salesforce.api_session import VERSION
from connectors.shared.ready_views import OWN_VIEW, VIEWS, Condition, View, checked, targets, words
from connectors.shared.vendor import Project
from mappings.model.compiled_mapping import CrmMapping, Target

_ROOT = "force-app/main/default"
FOLDER = "Coldframe"
_COLUMNS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Lead": (("FULL_NAME", "LEAD.COMPANY"), ("CORE.USERS.ALIAS",)),
    "Contact": (("FULL_NAME", "ACCOUNT.NAME"), ("CORE.USERS.ALIAS",)),
}
"""The standard columns before and after ours, by object."""
_REPORTS: Mapping[str, tuple[str, str, tuple[str, ...], str]] = {
    "Lead": ("LeadList", "org", ("FIRST_NAME", "LAST_NAME", "COMPANY"), "OWNER"),
    "Contact": ("ContactList", "organization", ("FIRST_NAME", "LAST_NAME", "EMAIL"), ""),
}
"""Report type, its scope of everybody's records, standard columns, and what to group by ("" for nothing)."""
_STEPS = (
    "Look at the files: what you change in them stays, until you write them anew with --force.",
    "In the folder, sign in: sf org login web --alias coldframe",
    "Try it, which changes nothing: sf project deploy start --dry-run --target-org coldframe",
    (
        "Deploy: sf project deploy start --target-org coldframe. The user needs Customize Application, Modify Metadata "
        "Through Metadata API Functions and Manage Reports in Public Folders."
    ),
    (
        "Who looks at them needs to see our fields (the permission set Coldframe_Sales of coldframe provision "
        "salesforce) and Run Reports; the report folder is shared with all internal users."
    ),
)


def project(mapping: CrmMapping) -> Project:
    """The files by their paths. Raises UnwrittenError where the mapping lacks a field that a view needs."""
    objects = [name for name in mapping.people if name in _COLUMNS]
    checked(mapping, objects)
    files = {"sfdx-project.json": _project_file(), f"{_ROOT}/reports/{FOLDER}.reportFolder-meta.xml": _folder()}
    for name in objects:
        for view in VIEWS:
            files[f"{_ROOT}/objects/{name}/listViews/{list_name(view)}.listView-meta.xml"] = _list(mapping, name, view)
            files[f"{_ROOT}/reports/{FOLDER}/{view.name}_{name}s.report-meta.xml"] = _report(mapping, name, view)
    others = [name for name in mapping.people if name not in _COLUMNS]
    left = [f"Make the views of {name} by hand: docs/views.md says what is in each." for name in others]
    return Project(files=files, steps=(*_STEPS, *left))


def list_name(view: View) -> str:
    """The name of a list view: `Coldframe_Due_today`."""
    return f"Coldframe_{view.name}"


def _list(mapping: CrmMapping, name: str, view: View) -> str:
    written, (before, after) = targets(mapping, name), _COLUMNS[name]
    shown = [written[part].field for part in view.shows]
    lines = [_tag("fullName", list_name(view))]
    lines += [_tag("columns", each) for each in (*before, *shown, *after)]
    lines.append(_tag("filterScope", "Mine" if view.mine else "Everything"))
    for condition in view.conditions:
        field, operation, value = _filter(written[condition.part], condition)
        parts = _tag("field", field), _tag("operation", operation), _tag("value", value)
        lines.append(_block("filters", parts))
    return _document("ListView", [*lines, _tag("label", f"{OWN_VIEW}{view.title}")])


def _report(mapping: CrmMapping, name: str, view: View) -> str:
    written, (kind, everybody, standard, group) = targets(mapping, name), _REPORTS[name]
    columns = [*standard, *(f"{name}.{written[part].field}" for part in view.shows)]
    filters = [_filter(written[each.part], each) for each in view.conditions]
    criteria = [(f"{name}.{field}", operation, value) for field, operation, value in filters]
    if name == "Lead":
        criteria.append(("CONVERTED", "equals", "False"))
    lines = [_block("columns", [_tag("field", each)]) for each in columns]
    lines.append(_tag("description", view.says))
    lines.append(_block("filter", [_block("criteriaItems", _criterion(*each)) for each in criteria]))
    lines.append(_tag("format", "Summary" if group else "Tabular"))
    if group:
        down = _tag("dateGranularity", "Day"), _tag("field", group), _tag("sortOrder", "Asc")
        lines.append(_block("groupingsDown", down))
    lines += [
        _tag("name", f"{view.title} ({name}s)"),
        _tag("reportType", kind),
        _tag("scope", "user" if view.mine else everybody),
        _tag("showDetails", "true"),
        _block("timeFrameFilter", [_tag("dateColumn", "CREATED_DATE"), _tag("interval", "INTERVAL_CUSTOM")]),
    ]
    return _document("Report", lines)


def _criterion(column: str, operation: str, value: str) -> Sequence[str]:
    return (
        _tag("column", column),
        _tag("columnToColumn", "false"),
        _tag("isUnlocked", "true"),
        _tag("operator", operation),
        _tag("value", value),
    )


def _filter(target: Target, condition: Condition) -> tuple[str, str, str]:
    """(field, operation, value): several values are one text with commas, and a time that is known has come."""
    match condition.test:
        case "is":
            return target.field, "equals", ",".join(words(target, condition))
        case "is not":
            return target.field, "notEqual", ",".join(words(target, condition))
        case "today":
            return target.field, "equals", "TODAY"
        case "known":
            return target.field, "lessOrEqual", "TODAY"


def _folder() -> str:
    shares = _tag("accessLevel", "View"), _tag("sharedTo", "AllInternalUsers"), _tag("sharedToType", "Organization")
    return _document("ReportFolder", [_block("folderShares", shares), _tag("name", FOLDER)])


def _project_file() -> str:
    return (
        "{\n"
        '  "packageDirectories": [{"path": "force-app", "default": true}],\n'
        '  "name": "coldframe-views",\n'
        f'  "sourceApiVersion": "{VERSION}"\n'
        "}\n"
    )


def _document(kind: str, lines: Sequence[str]) -> str:
    body = "\n".join(_indented(lines))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{kind} xmlns="http://soap.sforce.com/2006/04/metadata">\n{body}\n</{kind}>\n'
    )


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"


def _block(name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"<{name}>", *_indented(lines), f"</{name}>"])


def _indented(lines: Sequence[str]) -> Iterator[str]:
    for each in lines:
        yield from (f"    {line}" for line in each.split("\n"))
