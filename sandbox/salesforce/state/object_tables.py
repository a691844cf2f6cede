"""The objects and fields an org starts with, as tables: Salesforce's own, as far as they matter here, and Coldframe's.

One line each: name, type (with length or targets after a colon), flags, picklist values. Flags: `+` required,
`!` read-only, `c` set at creation only, `R` restricted picklist, `U` unique external id, `-` none.
"""

from sandbox.salesforce.state.permission_tables import TABLES as PERMISSIONS

_INDUSTRIES = (
    "Agriculture,Banking,Biotechnology,Chemicals,Communications,Construction,Consulting,Education,Electronics,Energy,"
    "Engineering,Finance,Food & Beverage,Government,Healthcare,Hospitality,Insurance,Machinery,Manufacturing,Media,"
    "Not For Profit,Retail,Shipping,Technology,Telecommunications,Transportation,Utilities,Other"
)
_SOURCES = "Web,Demo Request,Pricing Download,Content Download,Webinar,Trade Show,Newsletter,Product Signup,Other"
_OUTCOMES = "no_answer,voicemail,connected,meeting,accepted,qualified,rejected"
_REASONS = "timing,budget,priority,competitor,no_response,too_early,bad_fit,bad_data"
SYSTEM = """
Id id:18 !
IsDeleted boolean !
CreatedDate datetime !
CreatedById reference:User !
LastModifiedDate datetime !
LastModifiedById reference:User !
SystemModstamp datetime !
"""
_PERSON = f"""
LastName string:80 +
FirstName string:40 -
Salutation picklist:40 - Mr.,Ms.,Mrs.,Dr.,Prof.,Mx.
Name string:121 !
Title string:128 -
Phone phone:40 -
MobilePhone phone:40 -
Email email:80 -
Description textarea:32000 -
LeadSource picklist:255 - {_SOURCES}
OwnerId reference:{{owners}} -
HasOptedOutOfEmail boolean -
DoNotCall boolean -
EmailBouncedReason string:255 -
EmailBouncedDate datetime -
LastActivityDate date !
MasterRecordId reference:{{object}} !
Problem__c string:255 -
Budget__c string:255 -
Authority__c string:255 -
Timeline__c string:255 -
Coldframe_Fit__c double -
Coldframe_Engagement__c double -
Coldframe_Score__c double -
Coldframe_Band__c picklist:255 R cold,warm,hot
Coldframe_Segment__c string:255 -
Coldframe_Stage__c picklist:255 R inquiry,mql,sal,sql,customer,recycled,suppressed
Coldframe_Track__c string:255 -
Coldframe_Recycle_Reason__c picklist:255 R {_REASONS}
Coldframe_Rejection_Reason__c picklist:255 R {_REASONS}
Coldframe_Reasons__c textarea:32768 -
Coldframe_Scored_At__c datetime -
Coldframe_Is_Student__c boolean -
Coldframe_Is_Competitor__c boolean -
Coldframe_Problem__c string:255 -
Coldframe_Budget__c string:255 -
Coldframe_Authority__c string:255 -
Coldframe_Timeline__c string:255 -
Coldframe_Persona__c string:255 -
Coldframe_Buying_Job__c string:255 -
Coldframe_Funnel_Stage__c string:255 -
Coldframe_Top_Signals__c textarea:32768 -
Coldframe_Last_Activity__c datetime -
Coldframe_Sla_Due__c datetime -
Coldframe_Overdue_Since__c datetime -
Coldframe_Active_Again__c datetime -
Coldframe_Next_Touch__c string:255 -
Coldframe_Next_Touch_At__c datetime -
Coldframe_Scored_By__c string:255 -
Coldframe_Touch__c string:255 -
Coldframe_Touch_At__c datetime -
Coldframe_Touch_Sent_At__c datetime -
Coldframe_Touch_Channel__c string:255 -
"""
_LEAD = f"""
Company string:255 +
Street textarea:255 -
City string:40 -
State string:80 -
PostalCode string:20 -
Country string:80 -
Address address !
Website url:255 -
Status picklist:255 - Open - Not Contacted,Working - Contacted,Closed - Converted,Closed - Not Converted
Industry picklist:255 - {_INDUSTRIES}
Rating picklist:255 - Hot,Warm,Cold
AnnualRevenue currency -
NumberOfEmployees int -
IsConverted boolean !
ConvertedDate date !
ConvertedAccountId reference:Account !
ConvertedContactId reference:Contact !
ConvertedOpportunityId reference:Opportunity !
IsUnreadByOwner boolean -
"""
_CONTACT = """
AccountId reference:Account -
Department string:80 -
MailingStreet textarea:255 -
MailingCity string:40 -
MailingState string:80 -
MailingPostalCode string:20 -
MailingCountry string:80 -
MailingAddress address !
ReportsToId reference:Contact -
"""
_ACCOUNT = f"""
Name string:255 +
Type picklist:255 - Prospect,Customer - Direct,Customer - Channel,Technology Partner,Other
ParentId reference:Account -
BillingStreet textarea:255 -
BillingCity string:40 -
BillingState string:80 -
BillingPostalCode string:20 -
BillingCountry string:80 -
BillingAddress address !
Phone phone:40 -
Website url:255 -
Industry picklist:255 - {_INDUSTRIES}
AnnualRevenue currency -
NumberOfEmployees int -
Technologies__c multipicklist:4099 -
Description textarea:32000 -
Rating picklist:255 - Hot,Warm,Cold
OwnerId reference:User -
AccountSource picklist:255 - {_SOURCES}
MasterRecordId reference:Account !
"""
_STAGES = "Prospecting,Qualification,Needs Analysis,Proposal/Price Quote,Negotiation/Review,Closed Won,Closed Lost"
_OPPORTUNITY = f"""
Name string:120 +
AccountId reference:Account -
StageName picklist:255 + {_STAGES}
Amount currency -
Probability percent -
CloseDate date +
Type picklist:255 - Existing Customer - Upgrade,Existing Customer - Replacement,New Customer
NextStep string:255 -
LeadSource picklist:255 - {_SOURCES}
IsClosed boolean !
IsWon boolean !
Description textarea:32000 -
Loss_Reason__c string:255 -
CampaignId reference:Campaign -
ContactId reference:Contact c
OwnerId reference:User -
"""
_TASK = f"""
WhoId reference:Contact,Lead -
WhatId reference:Account,Opportunity,Campaign -
Subject combobox:255 - Call,Send Letter,Send Quote,Other
ActivityDate date -
Status picklist:255 - Not Started,In Progress,Completed,Waiting on someone else,Deferred
Priority picklist:255 - High,Normal,Low
Description textarea:32000 -
Type picklist:255 - Call,Email,Meeting,Other
TaskSubtype picklist:40 cR Task,Email,ListEmail,Cadence,Call,LinkedIn
OwnerId reference:User -
AccountId reference:Account !
IsClosed boolean !
IsHighPriority boolean !
IsReminderSet boolean -
ReminderDateTime datetime -
CallType picklist:40 R Internal,Inbound,Outbound
CallDisposition string:255 -
CallDurationInSeconds int -
CompletedDateTime datetime !
IsArchived boolean !
Coldframe_Key__c string:255 U
Coldframe_Outcome__c picklist:255 R {_OUTCOMES}
Coldframe_Rejection_Reason__c picklist:255 R {_REASONS}
"""
_EVENT = """
WhoId reference:Contact,Lead -
WhatId reference:Account,Opportunity,Campaign -
Subject combobox:255 - Call,Email,Meeting,Send Letter/Quote,Other
StartDateTime datetime +
EndDateTime datetime -
DurationInMinutes int -
IsAllDayEvent boolean -
IsChild boolean !
Location string:255 -
Description textarea:32000 -
EventSubtype picklist:40 c Event
OwnerId reference:User -
AccountId reference:Account !
"""
_USER = """
Username string:80 +
LastName string:80 +
FirstName string:40 -
Name string:121 !
Email email:128 +
IsActive boolean -
UserType picklist:40 R Standard,PowerPartner,Guest,AutomatedProcess
ManagerId reference:User -
TimeZoneSidKey picklist:40 -
"""
_GROUP = """
Name string:40 +
Type picklist:40 R Queue,Regular,Role
Email email:255 -
"""
_TASK_STATUS = """
MasterLabel string:255 +
ApiName string:255 +
SortOrder int -
IsDefault boolean -
IsClosed boolean -
"""
_TASK_PRIORITY = """
MasterLabel string:255 +
ApiName string:255 +
SortOrder int -
IsDefault boolean -
IsHighPriority boolean -
"""
_CAMPAIGN = """
Name string:80 +
Type picklist:255 - Webinar,Trade Show,Email,Content,Other
Status picklist:255 - Planned,In Progress,Completed,Aborted
IsActive boolean -
StartDate date -
EndDate date -
Description textarea:32000 -
OwnerId reference:User -
"""
_MEMBER = """
CampaignId reference:Campaign +
LeadId reference:Lead c
ContactId reference:Contact c
Status picklist:40 - Sent,Registered,Attended,Responded
HasResponded boolean !
FirstRespondedDate date !
"""
_ROLE = """
OpportunityId reference:Opportunity +
ContactId reference:Contact +
Role picklist:255 - Business User,Decision Maker,Economic Buyer,Evaluator,Executive Sponsor,Influencer,Other
IsPrimary boolean -
"""
TABLES = {
    # A queue can own a lead, and neither a contact nor a task [salesforce: tasks].
    "Lead": _LEAD + _PERSON.format(object="Lead", owners="User,Group"),
    "Contact": _CONTACT + _PERSON.format(object="Contact", owners="User"),
    "Account": _ACCOUNT,
    "Opportunity": _OPPORTUNITY,
    "Task": _TASK,
    "Event": _EVENT,
    "User": _USER,
    "Group": _GROUP,
    "TaskStatus": _TASK_STATUS,
    "TaskPriority": _TASK_PRIORITY,
    "Campaign": _CAMPAIGN,
    "CampaignMember": _MEMBER,
    "OpportunityContactRole": _ROLE,
    **PERMISSIONS,
}
LABELS = {("Task", "OwnerId"): "Assigned To ID"}
DEFAULTS = {
    ("User", "UserType"): "Standard",
    ("User", "TimeZoneSidKey"): "Europe/Berlin",
    ("Lead", "Status"): "Open - Not Contacted",
    ("Task", "Status"): "Not Started",
    ("Task", "Priority"): "Normal",
    ("Task", "TaskSubtype"): "Task",
    ("Opportunity", "StageName"): None,
    ("CampaignMember", "Status"): "Sent",
}
