"""Help texts: what people in a CRM read beside a field of ours, one sentence per canonical field."""

from collections.abc import Mapping
from types import MappingProxyType

HELP: Mapping[str, str] = MappingProxyType(
    {
        "fit": "How well the person and the company fit, in points; from their fields.",
        "engagement": "How much the person does of late, in points; falls when nothing happens.",
        "total": "Fit and engagement together, in points.",
        "band": "Hot, warm or cold, by the scores.",
        "segment": "A to D: fit high or low, intent high or low.",
        "stage": "Where the lead stands between inquiry and customer.",
        "track": "The series of messages the lead is on.",
        "recycle_reason": "Why sales gave the lead back.",
        "reasons": "The reasons for the score, the strongest first.",
        "scored_at": "When the scores were last worked out.",
        "persona": "Who this is to a buyer's company, by function and seniority.",
        "buying_job": "What they seem to want done, by what they read, ask and say.",
        "funnel_stage": "How far they have come, by what they do.",
        "top_signals": "The two strongest things they did in the last 30 days.",
        "last_activity": "When they last did something; written with the next change.",
        "sla_due": "By when sales has to answer.",
        "overdue_since": "Since when an answer of sales is overdue; empty once it is there.",
        "active_again": "When a lead that sales gave back last did something that scores; empty for all others.",
        "next_touch": "The message that the lead gets next.",
        "next_touch_at": "When it may go at the earliest.",
        "scored_by": "The playbook, and its version, that gave these scores.",
        "touch": "The message that is due; a workflow sends it.",
        "touch_at": "When the message became due; a workflow starts on its change.",
        "touch_channel": "How the message goes: email or retargeting; where the playbook names channels.",
        "touch_sent_at": "When the message that was due went out; the workflow that sends it sets this.",
        "opted_out": "Whether the person asked to be left alone.",
        "is_student": "Tick for a student: never handed to sales.",
        "is_competitor": "Tick for somebody at a competitor: never handed to sales.",
        "problem": "The problem to be solved, as sales noted it.",
        "budget": "What is known of the budget, as sales noted it.",
        "authority": "Who decides, as sales noted it.",
        "rejection_reason": "Why the lead is given back, where its status says that it is.",
        "timeline": "When they want to decide, as sales noted it.",
    }
)
"""By canonical name, of standing and lead fields alike; a field that is not here is described by its label."""
TASK_KEY_LABEL = "Coldframe key"
TASK_KEY_HELP = "Keeps one task one task, whatever is sent twice. Leave as it is."
ANSWER_HELP = (
    ("Outcome", "What came of this task: set it when you close the task."),
    ("Rejection reason", "Why the lead is given back, where the outcome is Rejected."),
)
"""(label, help) of the two fields of a task in which a person answers: the outcome, and the reason of a rejection."""
