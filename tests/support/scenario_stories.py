"""The two scenarios of the article that the playbook two-axis follows, step by step [two-axis: success]."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scenario_ground import Person, World

_SITE = "https://coldbrook.example"
_ROOM = "Case-study room for {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what happens on a day, and how everything stands afterwards.

    `wants` are fields of the person's record, `touches` the e-mails that it named since the step before, `tasks` the
    plays of the new tasks, calls first. `outcomes` are what they are then closed with; `closed` is the record then.
    """

    day: int
    hour: int = 12
    title: str
    lead: str
    """What the lead does, in words; then what Coldframe makes of it."""
    ours: str
    acts: Callable[[World], None] = lambda _world: None
    wants: Mapping[str, str]
    touches: Sequence[str] = ()
    tasks: Sequence[str] = ()
    tells: Sequence[str] = ()
    """What the texts of the new tasks say, each in at least one of them."""
    outcomes: Sequence[str] = ()
    sales: str = ""
    """What sales does, in words."""
    closed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A scenario: who it is about, and its steps."""

    name: str
    person: Person
    steps: Sequence[Step]


MARA = Person(
    first="Mara",
    last="Lind",
    email="mara.lind@northgate.example",
    title="Sales Operations Manager",
    company="Northgate Software",
    employees=140,
    industry="Technology|COMPUTER_SOFTWARE",
    source="Educational Download|educational_download",
)
JONAS = Person(
    first="Jonas",
    last="Reuter",
    email="jonas.reuter@haldenpumps.example",
    title="Director of Sales",
    company="Halden Pumps",
    employees=220,
    industry="Machinery|MECHANICAL_OR_INDUSTRIAL_ENGINEERING",
    source="Trade Show|trade_show",
)


def _downloads(world: World) -> None:
    world.enter()
    world.does("content_download", asset="Why proposals stall", asset_type="educational")


def _signs_up(world: World) -> None:
    world.does("email_click", touch="webinar_invitation", url=f"{_SITE}/webinars/proposals-that-close")
    world.does("webinar_signup", webinar="Proposals that close")


def _room(world: World) -> str:
    return _ROOM.format(world.person.company)


def _two_colleagues(world: World) -> None:
    for name, seconds in (("tom.berg", 90), ("ida.falk", 310)):
        world.views(_room(world), email=f"{name}@{world.person.domain}", seconds=seconds)


A = Story(
    name="a",
    person=MARA,
    steps=(
        Step(
            day=0,
            hour=9,
            title="She downloads a whitepaper",
            lead="Mara Lind, who leads sales operations at a software company of 140 people, downloads a whitepaper "
            "about a problem. The form makes her record in the CRM, with the source *educational download*; the "
            "website tells Coldframe of the download by a signed webhook.",
            ours="Her title, the size and the industry of her company give the fit, the download the first 5 points "
            "of engagement. Her source puts her on the track `drip`, and its first e-mail is due at once: a "
            "thank-you without a word of selling. Sales sees nothing.",
            acts=_downloads,
            wants={"score": "40", "fit": "35", "engagement": "5", "band": "warm", "stage": "inquiry", "track": "drip"},
            touches=("takeaways",),
        ),
        Step(
            day=4,
            title="She opens the drip e-mails",
            lead="She opens the first two e-mails of the drip.",
            ours="An open gives a point and no more. Opens are directional only.",
            acts=lambda world: [world.does("email_open", touch=each) for each in ("takeaways", "adjacent_problems")],
            wants={"score": "42", "engagement": "7", "band": "warm", "stage": "inquiry", "track": "drip"},
            touches=("adjacent_problems",),
        ),
        Step(
            day=11,
            title="She signs up for the webinar",
            lead="The third e-mail was the story of a customer, the fourth the invitation to a webinar. She clicks on "
            "it and signs up.",
            ours="The sign-up takes her off the drip and onto the track `evaluation`. Its first e-mail, the case "
            "studies, would be due now, but nobody gets more than two e-mails in seven days: it waits.",
            acts=_signs_up,
            wants={"score": "52", "engagement": "17", "band": "warm", "stage": "inquiry", "track": "evaluation"},
            touches=("customer_story", "webinar_invitation"),
        ),
        Step(
            day=13,
            hour=15,
            title="She attends, in week two",
            lead="She stays for 50 minutes.",
            ours="Attending gives 5 points more.",
            acts=lambda world: world.does("webinar_attend", webinar="Proposals that close", minutes=50),
            wants={"score": "57", "engagement": "22", "band": "warm", "stage": "inquiry", "track": "evaluation"},
        ),
        Step(
            day=15,
            hour=9,
            title="She looks into the case-study room",
            lead="The follow-up e-mail invites her into a room with the case studies, and she reads there for four "
            "minutes. The room tells Coldframe who viewed which document, for how long, and of which company the "
            "room is.",
            ours="A case study is a sign of evaluation: 10 points. She is 3 points short of the threshold of 70, and "
            "that is right: she has looked around by herself.",
            acts=lambda world: world.views(_room(world), seconds=240),
            wants={"score": "67", "engagement": "32", "band": "warm", "segment": "A", "stage": "inquiry"},
            touches=("case_collection",),
        ),
        Step(
            day=16,
            hour=10,
            title="Her colleagues look, too: the handover",
            lead="Two colleagues whom no CRM knows open the same document.",
            ours="Several viewers of one document within seven days are *internal sharing*: 15 points, and the sign "
            "that an approval has begun. She is hot, passes the gate and becomes an MQL. Sales gets the signal "
            "with her story: what she read, who looked too, and a sentence to open with. From now on no e-mail "
            "goes out while sales talks with her.",
            acts=_two_colleagues,
            wants={"score": "82", "engagement": "47", "band": "hot", "segment": "A", "stage": "mql"},
            tasks=("handoff", "internal_approval"),
            tells=(
                "Mara Lind, Sales Operations Manager",
                "Proposals that close",
                "Case-study room",
                "2 people at the company",
            ),
            outcomes=("meeting", "accepted"),
            sales="The call comes at the right time (*we just started to evaluate*), and a demo is booked. All that is "
            "left to do in the CRM is to close the call with *Meeting booked*, and the other task with *Accepted* once "
            "the materials for the decision makers are there.",
            closed={"stage": "sal"},
        ),
        Step(
            day=20,
            title="The opportunity",
            lead="After the demo field sales makes the opportunity: in Salesforce by converting the lead, in HubSpot "
            "by a deal on the contact.",
            ours="The opportunity makes her an SQL. Nobody has to say so to Coldframe.",
            acts=lambda world: world.sell("Northgate Software: pilot"),
            wants={"stage": "sql"},
        ),
    ),
)


def _scanned(world: World) -> None:
    world.enter()
    world.does("event_scan", event="Fluid Tech 2026")


B = Story(
    name="b",
    person=JONAS,
    steps=(
        Step(
            day=0,
            title="A badge is scanned",
            lead="Jonas Reuter, director of sales at a manufacturer of pumps, has his badge scanned at a trade show. "
            "The scanner's app makes his record, with the source *trade show*.",
            ours="He fits as well as anybody can (40 points) and has done nothing yet. A thank-you goes out, and no "
            "task: a raw scan is nothing for sales.",
            acts=_scanned,
            wants={"score": "40", "fit": "40", "engagement": "0", "band": "warm", "segment": "B", "stage": "inquiry"},
            touches=("thanks",),
        ),
        Step(
            day=29,
            title="Almost no answer",
            lead="He opens the thank-you, and that is all.",
            ours="On day 3 a light question, then the newsletter twice a month.",
            acts=lambda world: world.does("email_open", touch="thanks"),
            wants={"score": "41", "stage": "inquiry", "track": "newsletter"},
            touches=("light_question", "newsletter", "newsletter"),
        ),
        Step(
            day=45,
            title="Thirty silent days",
            lead="Nothing.",
            ours="After 30 days without a sign the track `re_engagement` tries two other e-mails, 14 days apart. What "
            "little engagement there was decays.",
            wants={"score": "40", "engagement": "0", "stage": "inquiry", "track": "re_engagement"},
            touches=("new_case_study", "new_research"),
        ),
        Step(
            day=182,
            title="Six months",
            lead="Nothing.",
            ours="The silence is no failure. The newsletter comes twice a month, and nobody in sales is asked to call.",
            wants={"score": "40", "engagement": "0", "stage": "inquiry", "track": "newsletter"},
            touches=("newsletter",) * 9,
        ),
        Step(
            day=183,
            title="The restart signal",
            lead="A click on one article of the newsletter.",
            ours="The smallest unit of interest, 3 points: he is awake.",
            acts=lambda world: world.does("email_click", touch="newsletter", url=f"{_SITE}/blog/quotes-in-one-day"),
            wants={"score": "43", "engagement": "3", "stage": "inquiry", "track": "newsletter"},
        ),
        Step(
            day=186,
            title="A whitepaper",
            lead="He downloads the whitepaper that the article names.",
            ours="A download starts the drip, whatever the source was: from the newsletter for all to e-mails about "
            "what he reads.",
            acts=lambda world: world.does("content_download", asset="Why proposals stall", asset_type="educational"),
            wants={"score": "48", "engagement": "8", "stage": "inquiry", "track": "drip"},
            touches=("newsletter", "takeaways"),
        ),
        Step(
            day=192,
            title="The first case study",
            lead="He reads a case study on the website.",
            ours="On to the track `evaluation`.",
            acts=lambda world: world.does("page_view", page="case_study", url=f"{_SITE}/customers/vale-valves"),
            wants={"score": "58", "engagement": "18", "stage": "inquiry", "track": "evaluation"},
            touches=("adjacent_problems",),
        ),
        Step(
            day=195,
            hour=9,
            title="A second one in the same week: sales calls",
            lead="In the room that the e-mail opened for him he reads the case studies of his industry.",
            ours="Two case studies within a week are worth a call, even below the threshold: he fits, and he compares.",
            acts=lambda world: world.views(_room(world), seconds=200),
            wants={"score": "68", "engagement": "28", "stage": "inquiry", "track": "evaluation"},
            touches=("case_collection",),
            tasks=("case_study_revisit",),
            tells=("trade show", "Why proposals stall", "vale-valves"),
            outcomes=("no_answer",),
            sales="Nobody answers the call. The task is closed with *No answer*, which counts as an attempt.",
            closed={"stage": "inquiry"},
        ),
        Step(
            day=198,
            hour=10,
            title="His colleagues look, too: the handover",
            lead="Two colleagues open the same room.",
            ours="As in scenario A: internal sharing, hot, MQL. The task tells what happened half a year ago, too.",
            acts=_two_colleagues,
            wants={"score": "83", "engagement": "43", "band": "hot", "stage": "mql"},
            tasks=("handoff", "internal_approval"),
            tells=("Jonas Reuter, Director of Sales", "trade show", "Why proposals stall", "2 people at the company"),
            outcomes=("meeting", "accepted"),
            sales="This time he answers, and a demo is booked: the call is closed with *Meeting booked*, the other "
            "task with *Accepted*.",
            closed={"stage": "sal"},
        ),
        Step(
            day=201,
            title="The opportunity",
            lead="Field sales makes the opportunity.",
            ours="An SQL, 201 days after a badge was scanned.",
            acts=lambda world: world.sell("Halden Pumps: first plant"),
            wants={"stage": "sql"},
        ),
    ),
)
STORIES = {each.name: each for each in (A, B)}
