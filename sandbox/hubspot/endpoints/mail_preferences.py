"""Communication preferences: a person's subscriptions, as far as all of them can be ended at once."""

from sandbox.hubspot.state.portal import Portal
from sandbox.hubspot.state.refusals import Refused, malformed
from sandbox.shared import sandbox_clock
from sandbox.shared.http_call import Answer, Call, reply

MOST = 100


class Preferences:
    """The endpoint that unsubscribes people from everything; `hs_email_optout` follows."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.allowed = True
        """Whether the token has the scope."""

    def unsubscribe_all(self, call: Call) -> Answer:
        """POST e-mail addresses; those of nobody known are taken all the same, as HubSpot takes them."""
        if not self.allowed:
            message = "This app hasn't been granted all required scopes to make this call."
            raise Refused(status=403, category="MISSING_SCOPES", message=message)
        if call.argument("channel") != "EMAIL":
            why = "channel is required and must be EMAIL"
            raise malformed(why)
        emails = call.json().get("inputs")
        if not isinstance(emails, list) or not emails or len(emails) > MOST:
            why = f"inputs must be a list of 1 to {MOST} addresses"
            raise malformed(why)
        bad = [one for one in emails if not isinstance(one, str) or "@" not in one]
        if bad:
            raise Refused(status=400, category="VALIDATION_ERROR", message=f"{bad[0]} is not an e-mail address")
        shelf = self.portal.shelves["contacts"]
        for one in emails:
            record = shelf.find_by("email", one)
            if record is not None:
                self.portal.update(record, {"hs_email_optout": "true"}, self.portal.api)
        stamp = sandbox_clock.zulu(self.portal.now())
        return reply({"status": "COMPLETE", "results": [], "startedAt": stamp, "completedAt": stamp})
