"""How pages send, in the words of OpenAPI; the shape comes from the types that read it."""

import msgspec

from webhooks.declaration import SCHEMA, Described
from webhooks.sources.website.website_messages import LARGEST, Message


def description() -> Described:
    """The operation of the script /t.js, for whoever sends without it."""
    _, found = msgspec.json.schema_components([Message], ref_template=SCHEMA)
    schemas = {"WebsiteMessage": found.pop("Message"), **found}
    schema = {"$ref": SCHEMA.format(name="WebsiteMessage")}
    return Described(
        operation={
            "operationId": "sendFromPage",
            "summary": "Send what somebody did on a page of your website",
            "description": f"From browsers, with a public key and the Origin of a listed site; {LARGEST} bytes at "
            "most. The script /t.js does it. 403 is answered to other origins, 429 to more than may be sent.",
            "requestBody": {
                "required": True,
                "content": {"text/plain": {"schema": schema}, "application/json": {"schema": schema}},
            },
            "responses": {
                "202": {
                    "description": "Kept.",
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"accepted": {"type": "integer"}}}
                        }
                    },
                },
                "403": {"description": "Of a page or a key that is not listed, or sent by a program."},
                "429": {"description": "Too many. Send it again after `Retry-After`."},
            },
        },
        schemas=schemas,
    )
