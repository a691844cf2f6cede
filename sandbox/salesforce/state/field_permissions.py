"""Who may see a custom field: permission sets, their field permissions, and whom they are assigned to.

A field that was made through the Tooling API is invisible until a permission set of the API's user names it.
"""

from sandbox.salesforce.state.field_values import Field
from sandbox.salesforce.state.org import Org


def settle(org: Org, custom: dict[str, dict[str, Field]], made: dict[str, set[str]]) -> None:
    """Show the API's user the custom fields it may see, writable where it may edit; `made` are those to be granted.

    `custom` holds all custom fields per object.
    """
    sets = org.records["PermissionSet"]
    assigned = {
        row["PermissionSetId"]
        for row in org.records["PermissionSetAssignment"].values()
        if row["AssigneeId"] == org.api_user and row["PermissionSetId"] in sets
    }
    rights: dict[str, bool] = {}
    for row in org.records["FieldPermissions"].values():
        if row["ParentId"] in assigned and row.get("PermissionsRead"):
            rights[row["Field"]] = rights.get(row["Field"], False) or bool(row.get("PermissionsEdit"))
    for object_name, names in made.items():
        for name in names:
            field = custom[object_name][name]
            granted = rights.get(f"{object_name}.{name}")
            if granted is None:
                org.fields[object_name].pop(name, None)
                continue
            field.createable = field.updateable = granted
            org.fields[object_name][name] = field
