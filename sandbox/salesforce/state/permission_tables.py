"""The objects behind permission sets, in the notation of schema.py."""

TABLES = {
    "PermissionSet": """
Name string:80 +
Label string:80 +
Description string:255 -
IsCustom boolean !
""",
    "FieldPermissions": """
ParentId reference:PermissionSet +
SobjectType string:80 +
Field picklist:255 +R Lead.Email
PermissionsRead boolean -
PermissionsEdit boolean -
""",
    "PermissionSetAssignment": """
AssigneeId reference:User +
PermissionSetId reference:PermissionSet +
IsActive boolean !
""",
}
"""What `Field` may contain follows the org's custom fields."""
PREFIXES = {"PermissionSet": "0PS", "FieldPermissions": "01k", "PermissionSetAssignment": "0Pa", "CustomField": "00N"}
