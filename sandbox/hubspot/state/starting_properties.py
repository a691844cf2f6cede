"""The properties a portal starts with: HubSpot's own, as far as they matter here, and Coldframe's.

One line each: name, type, field type, group, label; then `!` for read-only, `*` for unique, and options.
"""

from collections.abc import Iterator, Mapping

from sandbox.hubspot.state.property_values import Property

STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
_STAGE_OPTIONS = ",".join(STAGES)
_STATUS = "NEW,OPEN,IN_PROGRESS,OPEN_DEAL,UNQUALIFIED,ATTEMPTED_TO_CONTACT,CONNECTED,BAD_TIMING"
_SOURCES = (
    "ORGANIC_SEARCH,PAID_SEARCH,EMAIL_MARKETING,SOCIAL_MEDIA,REFERRALS,OTHER_CAMPAIGNS,DIRECT_TRAFFIC,OFFLINE,"
    "PAID_SOCIAL"
)
_INDUSTRIES = (
    "COMPUTER_SOFTWARE,INFORMATION_TECHNOLOGY_AND_SERVICES,FINANCIAL_SERVICES,INSURANCE,HOSPITAL_HEALTH_CARE,"
    "LOGISTICS_AND_SUPPLY_CHAIN,MECHANICAL_OR_INDUSTRIAL_ENGINEERING,MANAGEMENT_CONSULTING,RETAIL,TELECOMMUNICATIONS,"
    "HIGHER_EDUCATION,RENEWABLES_ENVIRONMENT,BIOTECHNOLOGY,CONSTRUCTION,FOOD_BEVERAGES,MARKETING_AND_ADVERTISING"
)
_CAME_BY = (
    "demo_request,inquiry,pricing_download,educational_download,webinar,trade_show,newsletter,product_signup,other"
)
_SIZES = "1-5,5-25,25-50,50-100,100-500,500-1000,1000+"
_NURTURE = "inquiry,mql,sal,sql,customer,recycled,suppressed"
_OUTCOMES = "no_answer,voicemail,connected,meeting,accepted,qualified,rejected"
_REASONS = "timing,budget,priority,competitor,no_response,too_early,bad_fit,bad_data"
_COMMON = """
hs_object_id            number      number          {g} Record ID !
hs_createdate           datetime    date            {g} Object create date/time !
hs_lastmodifieddate     datetime    date            {g} Object last modified date/time !
hubspot_owner_id        enumeration select          {g} Owner
"""
_CONTACT = f"""
email                   string      text            contactinformation Email
firstname               string      text            contactinformation First name
lastname                string      text            contactinformation Last name
phone                   string      phonenumber     contactinformation Phone number
mobilephone             string      phonenumber     contactinformation Mobile phone number
jobtitle                string      text            contactinformation Job title
hs_seniority            string      text            contactinformation Employment seniority
hs_role                 string      text            contactinformation Employment role
company                 string      text            contactinformation Company name
website                 string      text            contactinformation Website URL
city                    string      text            contactinformation City
state                   string      text            contactinformation State
country                 string      text            contactinformation Country
industry                string      text            contactinformation Industry
numemployees            enumeration select          contactinformation Employees = {_SIZES}
annualrevenue           string      text            contactinformation Annual revenue
message                 string      textarea        contactinformation Message
hs_timezone             string      text            contactinformation Time zone
lifecyclestage          enumeration radio           contactinformation Lifecycle stage = {_STAGE_OPTIONS}
hs_lead_status          enumeration radio           contactinformation Lead status = {_STATUS}
createdate              datetime    date            contactinformation Create date !
lastmodifieddate        datetime    date            contactinformation Last modified date !
associatedcompanyid     number      number          contactinformation Primary associated company ID
hs_email_optout         bool        booleancheckbox emailinformation Opted out of all email !
hs_email_bounce         number      number          emailinformation Marketing emails bounced !
hs_email_last_open_date datetime    date            emailinformation Last marketing email open date !
hs_email_last_click_date datetime   date            emailinformation Last marketing email click date !
hs_analytics_source     enumeration select          analyticsinformation Original traffic source = {_SOURCES}
hs_analytics_last_url   string      text            analyticsinformation Last page seen !
hs_analytics_num_page_views number  number          analyticsinformation Number of page views !
hs_latest_source        enumeration select          analyticsinformation Latest traffic source = {_SOURCES}
recent_conversion_event_name string text            conversioninformation Recent conversion !
recent_conversion_date  datetime    date            conversioninformation Recent conversion date !
first_conversion_event_name string  text            conversioninformation First conversion !
hubspotscore            number      calculation_score contactinformation HubSpot score !
hs_predictivecontactscore_v2 number number          contactinformation Likelihood to close !
hs_salesforceleadid     string      text            salesforceinformation Salesforce lead ID
hs_salesforcecontactid  string      text            salesforceinformation Salesforce contact ID
salesforceaccountid     string      text            salesforceinformation Salesforce account ID
hs_additional_emails    enumeration checkbox        contactinformation Additional emails !
hs_merged_object_ids    enumeration checkbox        contactinformation Merged record IDs !
lead_source             enumeration select          contactinformation Lead source = {_CAME_BY}
sdr_problem             string      textarea        contactinformation Problem
sdr_budget              string      text            contactinformation Budget
sdr_authority           string      text            contactinformation Authority
sdr_timeline            string      text            contactinformation Timeline
"""
_COMPANY = f"""
name                    string      text            companyinformation Company name
domain                  string      text            companyinformation Company domain name
industry                enumeration select          companyinformation Industry = {_INDUSTRIES}
numberofemployees       number      number          companyinformation Number of employees
annualrevenue           number      number          companyinformation Annual revenue
country                 string      text            companyinformation Country/Region
city                    string      text            companyinformation City
state                   string      text            companyinformation State/Region
phone                   string      phonenumber     companyinformation Phone number
description             string      textarea        companyinformation Description
web_technologies        enumeration checkbox        companyinformation Web technologies
lifecyclestage          enumeration radio           companyinformation Lifecycle stage = {_STAGE_OPTIONS}
createdate              datetime    date            companyinformation Create date !
salesforceaccountid     string      text            salesforceinformation Salesforce account ID
"""
_DEAL = """
dealname                string      text            dealinformation Deal name
dealstage               enumeration radio           dealinformation Deal stage
pipeline                enumeration select          dealinformation Pipeline
amount                  number      number          dealinformation Amount
closedate               datetime    date            dealinformation Close date
createdate              datetime    date            dealinformation Create date !
hs_is_closed            bool        booleancheckbox dealinformation Is deal closed? !
hs_is_closed_won        bool        booleancheckbox dealinformation Is closed won !
closed_lost_reason      string      textarea        dealinformation Closed lost reason
dealtype                enumeration radio           dealinformation Deal type = newbusiness,existingbusiness
"""
_TASK = """
hs_timestamp            datetime    date            task Due date
hs_task_subject         string      text            task Task title
hs_task_body            string      html            task Notes
hs_task_status          enumeration select task Task status = NOT_STARTED,IN_PROGRESS,WAITING,DEFERRED,COMPLETED
hs_task_priority        enumeration select          task Priority = NONE,LOW,MEDIUM,HIGH
hs_task_type            enumeration select          task Task type = CALL,EMAIL,TODO,LINKED_IN
hs_task_reminders       string      text            task Reminders
hs_task_completion_date datetime    date            task Completed at !
hs_queue_membership_ids enumeration checkbox        task Queues
"""
CALL_OUTCOMES: Mapping[str, str] = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}
"""The outcomes of calls that every portal begins with: HubSpot's own ids, and what people see."""
_CALL = """
hs_timestamp            datetime    date            engagement Activity date
hs_call_title           string      text            engagement Call title
hs_call_body            string      html            engagement Call notes
hs_call_direction       enumeration select          engagement Call direction = INBOUND,OUTBOUND
hs_call_disposition     string      text            engagement Call outcome
hs_call_status          enumeration select          engagement Call status = BUSY,CANCELED,COMPLETED,NO_ANSWER
hs_call_duration        number      number          engagement Call duration
"""
_MEETING = """
hs_timestamp            datetime    date            engagement Activity date
hs_meeting_title        string      text            engagement Meeting name
hs_meeting_body         string      html            engagement Meeting description
hs_meeting_start_time   datetime    date            engagement Meeting start time
hs_meeting_end_time     datetime    date            engagement Meeting end time
hs_meeting_outcome      enumeration select engagement Meeting outcome = SCHEDULED,COMPLETED,RESCHEDULED,NO_SHOW,CANCELED
"""
_EMAIL = """
hs_timestamp            datetime    date            engagement Activity date
hs_email_subject        string      text            engagement Email subject
hs_email_text           string      textarea        engagement Text body
hs_email_direction      enumeration select engagement Email direction = EMAIL,INCOMING_EMAIL,FORWARDED_EMAIL
hs_email_status         enumeration select          engagement Email send status = BOUNCED,FAILED,SCHEDULED,SENDING,SENT
"""
_LEAD_STAGES = "new-stage-id,attempting-stage-id,connected-stage-id,qualified-stage-id,unqualified-stage-id"
_DISQUALIFIED = "NOT_A_GOOD_FIT,BAD_TIMING,NO_BUDGET,NO_RESPONSE,WENT_WITH_COMPETITOR"
_LEAD = f"""
hs_lead_name            string      text            lead Lead name
hs_lead_type            enumeration select          lead Lead type = NEW_BUSINESS,RE_ATTEMPTING,UPSELL
hs_lead_label           enumeration select          lead Lead label = HOT,WARM,COLD
hs_pipeline             enumeration select          lead Pipeline = lead-pipeline-id
hs_pipeline_stage       enumeration radio           lead Pipeline stage = {_LEAD_STAGES}
hs_v2_date_entered_current_stage datetime date      lead Date entered current stage !
hs_lead_disqualification_reason enumeration select  lead Disqualification reason = {_DISQUALIFIED}
hs_lead_disqualification_note string textarea       lead Disqualification note
"""
_OURS_ON_CONTACTS = f"""
coldframe_fit           number      number          coldframe Fit score
coldframe_engagement    number      number          coldframe Engagement score
coldframe_score         number      number          coldframe Lead score
coldframe_band          enumeration select          coldframe Band = cold,warm,hot
coldframe_segment       string      text            coldframe Segment
coldframe_stage         enumeration select          coldframe Nurture stage = {_NURTURE}
coldframe_track         string      text            coldframe Nurture track
coldframe_recycle_reason enumeration select coldframe Recycle reason = {_REASONS}
coldframe_rejection_reason enumeration select coldframe Rejection reason = {_REASONS}
coldframe_reasons       string      textarea        coldframe Why this score
coldframe_scored_at     datetime    date            coldframe Scored at
coldframe_is_student    bool        booleancheckbox coldframe Student
coldframe_is_competitor bool        booleancheckbox coldframe Competitor
coldframe_problem       string      text            coldframe Problem
coldframe_budget        string      text            coldframe Budget
coldframe_authority     string      text            coldframe Authority
coldframe_timeline      string      text            coldframe Timeline
coldframe_persona       string      text            coldframe Persona
coldframe_buying_job    string      text            coldframe Buying job
coldframe_funnel_stage  string      text            coldframe Funnel stage
coldframe_top_signals   string      textarea        coldframe Top signals
coldframe_last_activity datetime    date            coldframe Last activity
coldframe_sla_due       datetime    date            coldframe Answer due
coldframe_overdue_since datetime    date            coldframe Answer overdue since
coldframe_active_again  datetime    date            coldframe Active again since
coldframe_next_touch    string      text            coldframe Next touch
coldframe_next_touch_at datetime    date            coldframe Next touch at
coldframe_scored_by     string      text            coldframe Scored by
coldframe_touch         string      text            coldframe Touch due
coldframe_touch_at      datetime    date            coldframe Touch due at
coldframe_touch_sent_at datetime    date            coldframe Touch sent at
coldframe_touch_channel string      text            coldframe Touch channel
"""
_OURS_ON_TASKS = f"""
coldframe_key           string      text            coldframe Coldframe key *
task_outcome            enumeration select          coldframe Outcome = {_OUTCOMES}
task_rejection_reason   enumeration select          coldframe Rejection reason = {_REASONS}
"""
_OURS_ON_LEADS = """
coldframe_key           string      text            coldframe Coldframe key *
"""
_OWN_TABLES = {"contacts": (_CONTACT, "contactinformation"), "companies": (_COMPANY, "companyinformation")}
_OWN_TABLES |= {"deals": (_DEAL, "dealinformation"), "tasks": (_TASK, "task")}
_OWN_TABLES |= {"leads": (_LEAD, "lead")}
_OWN_TABLES |= {"calls": (_CALL, "engagement"), "meetings": (_MEETING, "engagement"), "emails": (_EMAIL, "engagement")}
_CUSTOM = ("lead_source", "sdr_")


def vendor_properties(kind: str, *, at: int) -> dict[str, Property]:
    """The properties of an object type before Coldframe's, by name."""
    table, group = _OWN_TABLES[kind]
    return {one.name: one for one in _read(table + _COMMON.format(g=group), at=at)}


def coldframe_properties(kind: str, *, at: int, unique_task_key: bool) -> dict[str, Property]:
    """Coldframe's own properties of an object type, by name."""
    table = {"contacts": _OURS_ON_CONTACTS, "tasks": _OURS_ON_TASKS, "leads": _OURS_ON_LEADS}.get(kind, "")
    found = {one.name: one for one in _read(table, at=at)}
    for one in found.values():
        one.custom = True
        one.unique = one.unique and unique_task_key
    return found


def _read(table: str, *, at: int) -> Iterator[Property]:
    for line in filter(None, table.splitlines()):
        name, type_, field_type, group, rest = line.split(None, 4)
        described, _, listed = rest.partition(" = ")
        label = described.rstrip(" !*")
        options = {value: _label(value) for value in listed.split(",") if value}
        if type_ == "bool":
            options = {"true": "Yes", "false": "No"}
        yield Property(
            name=name,
            label=label,
            type=type_,
            field_type=field_type,
            group=group,
            options=options,
            read_only=described.endswith("!"),
            unique=described.endswith("*"),
            custom=name.startswith(_CUSTOM),
            created=at,
        )


def _label(value: str) -> str:
    return value.replace("_", " ").capitalize()
