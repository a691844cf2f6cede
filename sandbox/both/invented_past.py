"""The invented past of invented people: calls, e-mails, meetings and campaigns, as each CRM keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sandbox.hubspot.handle import HubSpot
from sandbox.salesforce.handle import Salesforce
from sandbox.shared import sandbox_clock
from sandbox.shared.sandbox_clock import DAY
from sandbox.shared.seeded_random import Chance

_MINUTE = 60_000
CAMPAIGNS = (
    ("Webinar", "Webinar: The anatomy of a cold lead"),
    ("Webinar", "Webinar: Scoring that sales believes in"),
    ("Webinar", "Webinar: First response in five minutes"),
    ("Webinar", "Webinar: Two systems, one truth"),
    ("Trade Show", "RevOps Summit Berlin"),
    ("Trade Show", "SaaS Days Lisbon"),
    ("Trade Show", "Demand Gen Forum London"),
    ("Content", "Guide: Lead nurturing for teams of ten"),
    ("Content", "Whitepaper: What a score is worth"),
    ("Content", "Checklist: The handoff"),
    ("Email", "Newsletter, spring"),
    ("Email", "Newsletter, autumn"),
)
DISPOSITIONS = ("Connected", "No answer", "Left voicemail")
HUBSPOT_DISPOSITIONS = (
    "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "b2cf5968-551e-4856-9783-52b3da59a7d0",
)
"""HubSpot's own outcomes of a call: connected, no answer, left voicemail."""
_WEIGHTS = (22, 60, 18)
_STATUSES = {"Webinar": ("Registered", "Attended"), "Email": ("Responded",)}
_SILENT_PART = 0.05
"""The part of records that say nothing: open tasks, e-mails of our own, campaigns nobody answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose history it is: record ids ("" where a system does not know them) and since when they are known (ms)."""

    hubspot: str = ""
    salesforce: str = ""
    object: str = ""
    since: int = 0


_Deed: TypeAlias = Callable[[Subject, int], None]


@dataclass(slots=True)
class Past:
    """Puts activities of the past into both systems; `said` counts those with an outcome, `silent` the others."""

    hubspot: HubSpot
    salesforce: Salesforce
    chance: Chance
    said: int = 0
    silent: int = 0
    _campaigns: list[tuple[str, str]] = field(default_factory=list)
    _joined: set[tuple[str, str]] = field(default_factory=set)

    def fill(self, subjects: Sequence[Subject], *, activities: int) -> None:
        """That many activities, some people with many, most with a few, and a few records that say nothing."""
        if not subjects or not activities:
            return
        now = self.salesforce.org.now()
        self._campaigns = [
            (
                kind,
                self.salesforce.add("Campaign", {"Name": name, "Type": kind, "IsActive": True}, at=now - DAY),
            )
            for kind, name in CAMPAIGNS
        ]
        weights = [self.chance.expovariate(1.0) + 0.1 for _ in subjects]
        for subject in self.chance.choices(subjects, weights, k=activities):
            self._choose(subject)(subject, self._time(subject, now))
            self.said += 1
        for subject in self.chance.choices(subjects, k=round(activities * _SILENT_PART)):
            self._say_nothing(subject, self._time(subject, now))
            self.silent += 1

    def _time(self, subject: Subject, now: int) -> int:
        """More of it lately than long ago."""
        span = max(1, now - _MINUTE - subject.since)
        return subject.since + int(span * self.chance.random() ** 0.6)

    def _choose(self, subject: Subject) -> _Deed:
        if subject.salesforce and (not subject.hubspot or self.chance.random() < 0.6):  # noqa: PLR2004  # a part
            deeds: tuple[_Deed, ...] = (self._call, self._reply, self._event, self._member)
            return self.chance.choices(deeds, (40, 14, 6, 40))[0]
        deeds = (self._hubspot_call, self._hubspot_meeting, self._hubspot_email)
        return self.chance.choices(deeds, (60, 8, 32))[0]

    def _task(self, subject: Subject, at: int, **values: str) -> None:
        stamp = {"ActivityDate": sandbox_clock.day(at)}
        if values.get("Status") == "Completed":
            stamp["CompletedDateTime"] = sandbox_clock.offset(at)
        self.salesforce.add("Task", {"WhoId": subject.salesforce, **stamp, **values}, at=at)

    def _call(self, subject: Subject, at: int) -> None:
        outcome = self.chance.choices(DISPOSITIONS, _WEIGHTS)[0]
        about = {"Subject": "Call", "TaskSubtype": "Call", "CallType": "Outbound", "CallDisposition": outcome}
        note = 'Asked for "the numbers",\nwill think about it, and call back' if outcome == "Connected" else ""
        self._task(subject, at, **about, Status="Completed", Description=note)

    def _reply(self, subject: Subject, at: int) -> None:
        self._task(subject, at, Subject="Reply: Your question", TaskSubtype="Email", Status="Completed")

    def _event(self, subject: Subject, at: int) -> None:
        start, end = (
            sandbox_clock.offset(at + DAY),
            sandbox_clock.offset(at + DAY + 30 * _MINUTE),
        )
        values = {"WhoId": subject.salesforce, "Subject": "Intro call, 30 minutes"}
        self.salesforce.add("Event", values | {"StartDateTime": start, "EndDateTime": end}, at=at)

    def _member(self, subject: Subject, at: int, *, silent: bool = False) -> None:
        """A campaign they have not been in before; a call where they have been in all."""
        open_to = [each for each in self._campaigns if (subject.salesforce, each[1]) not in self._joined]
        if not open_to:
            (self._wait if silent else self._call)(subject, at)
            return
        kind, campaign = self.chance.choice(open_to)
        self._joined.add((subject.salesforce, campaign))
        status = "Sent" if silent else self.chance.choice(_STATUSES.get(kind, ("Responded",)))
        whose = {"LeadId" if subject.object == "Lead" else "ContactId": subject.salesforce}
        self.salesforce.add("CampaignMember", {"CampaignId": campaign, "Status": status, **whose}, at=at)

    def _wait(self, subject: Subject, at: int) -> None:
        self._task(subject, at, Subject="Call back", TaskSubtype="Call")

    def _engagement(self, kind: str, subject: Subject, at: int, **values: str) -> None:
        made = self.hubspot.add(kind, {"hs_timestamp": sandbox_clock.zulu(at), **values}, at=at)
        self.hubspot.link(kind, made, "contacts", subject.hubspot)

    def _hubspot_call(self, subject: Subject, at: int) -> None:
        outcome = self.chance.choices(HUBSPOT_DISPOSITIONS, _WEIGHTS)[0]
        about = {"hs_call_title": "Call", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}
        self._engagement("calls", subject, at, hs_call_disposition=outcome, **about)

    def _hubspot_meeting(self, subject: Subject, at: int) -> None:
        about = {"hs_meeting_title": "Intro call", "hs_meeting_outcome": "SCHEDULED"}
        self._engagement("meetings", subject, at, **about)

    def _hubspot_email(self, subject: Subject, at: int, direction: str = "INCOMING_EMAIL") -> None:
        about = {"hs_email_subject": "Re: Your question", "hs_email_status": "SENT"}
        self._engagement("emails", subject, at, hs_email_direction=direction, **about)

    def _say_nothing(self, subject: Subject, at: int) -> None:
        if not subject.salesforce:
            self._hubspot_email(subject, at, "EMAIL")
        elif self.chance.random() < 0.5:  # noqa: PLR2004  # a coin
            self._wait(subject, at)
        else:
            self._member(subject, at, silent=True)
