"""The words that invented people and companies are made of, and what each vendor calls an industry or a source."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Industry:
    """An industry as HubSpot's company property and Salesforce's picklist have it, and how common it is here."""

    hubspot: str
    salesforce: str
    weight: int


INDUSTRIES: Mapping[str, Industry] = {
    "software": Industry(hubspot="COMPUTER_SOFTWARE", salesforce="Technology", weight=26),
    "it services": Industry(hubspot="INFORMATION_TECHNOLOGY_AND_SERVICES", salesforce="Technology", weight=12),
    "financial services": Industry(hubspot="FINANCIAL_SERVICES", salesforce="Finance", weight=11),
    "insurance": Industry(hubspot="INSURANCE", salesforce="Insurance", weight=5),
    "healthcare": Industry(hubspot="HOSPITAL_HEALTH_CARE", salesforce="Healthcare", weight=8),
    "logistics": Industry(hubspot="LOGISTICS_AND_SUPPLY_CHAIN", salesforce="Shipping", weight=7),
    "manufacturing": Industry(hubspot="MECHANICAL_OR_INDUSTRIAL_ENGINEERING", salesforce="Manufacturing", weight=9),
    "consulting": Industry(hubspot="MANAGEMENT_CONSULTING", salesforce="Consulting", weight=6),
    "retail": Industry(hubspot="RETAIL", salesforce="Retail", weight=5),
    "telecommunications": Industry(hubspot="TELECOMMUNICATIONS", salesforce="Telecommunications", weight=4),
    "education": Industry(hubspot="HIGHER_EDUCATION", salesforce="Education", weight=3),
    "energy": Industry(hubspot="RENEWABLES_ENVIRONMENT", salesforce="Energy", weight=4),
}

SOURCES: Mapping[str, int] = {
    "demo_request": 6,
    "inquiry": 8,
    "pricing_download": 8,
    "educational_download": 26,
    "webinar": 18,
    "trade_show": 9,
    "newsletter": 15,
    "product_signup": 6,
    "other": 4,
}
"""Where leads come from, and how often; HubSpot's property `lead_source` holds these values."""

SALESFORCE_SOURCES: Mapping[str, str] = {
    "demo_request": "Demo Request",
    "inquiry": "Web",
    "pricing_download": "Pricing Download",
    "educational_download": "Content Download",
    "webinar": "Webinar",
    "trade_show": "Trade Show",
    "newsletter": "Newsletter",
    "product_signup": "Product Signup",
    "other": "Other",
}

TITLES: tuple[tuple[str, int], ...] = (
    ("Chief Revenue Officer", 3),
    ("CEO", 3),
    ("Chief Technology Officer", 3),
    ("Chief Marketing Officer", 3),
    ("VP of Sales", 5),
    ("VP Marketing", 5),
    ("Vice President, Operations", 3),
    ("VP Engineering", 3),
    ("Director of Revenue Operations", 7),
    ("Director of Demand Generation", 6),
    ("Sales Director", 6),
    ("Director of Marketing", 5),
    ("Head of Growth", 5),
    ("Head of IT", 4),
    ("Marketing Operations Manager", 8),
    ("Sales Operations Manager", 6),
    ("CRM Manager", 5),
    ("Product Manager", 4),
    ("Senior Marketing Specialist", 6),
    ("Account Executive", 5),
    ("Sales Development Representative", 5),
    ("Data Analyst", 4),
    ("Software Engineer", 4),
    ("Marketing Coordinator", 4),
    ("Student", 2),
    ("", 3),
)

TECHNOLOGIES = (
    "Salesforce",
    "HubSpot",
    "Marketo",
    "Segment",
    "Snowflake",
    "Outreach",
    "Zendesk",
    "Slack",
    "Google Analytics",
    "AWS",
    "Azure",
    "Intercom",
)

CITIES: tuple[tuple[str, str, str], ...] = (
    ("Berlin", "Germany", "Europe/Berlin"),
    ("Hamburg", "Germany", "Europe/Berlin"),
    ("Munich", "Germany", "Europe/Berlin"),
    ("London", "United Kingdom", "Europe/London"),
    ("Manchester", "United Kingdom", "Europe/London"),
    ("Amsterdam", "Netherlands", "Europe/Amsterdam"),
    ("Paris", "France", "Europe/Paris"),
    ("Lyon", "France", "Europe/Paris"),
    ("Stockholm", "Sweden", "Europe/Stockholm"),
    ("Copenhagen", "Denmark", "Europe/Copenhagen"),
    ("Madrid", "Spain", "Europe/Madrid"),
    ("Lisbon", "Portugal", "Europe/Lisbon"),
    ("Dublin", "Ireland", "Europe/Dublin"),
    ("Zurich", "Switzerland", "Europe/Zurich"),
    ("New York", "United States", "America/New_York"),
    ("Boston", "United States", "America/New_York"),
    ("Austin", "United States", "America/Chicago"),
    ("Chicago", "United States", "America/Chicago"),
    ("Denver", "United States", "America/Denver"),
    ("San Francisco", "United States", "America/Los_Angeles"),
    ("Toronto", "Canada", "America/Toronto"),
    ("Sydney", "Australia", "Australia/Sydney"),
    ("Singapore", "Singapore", "Asia/Singapore"),
)

COMPETITORS = (("Warmbed", "warmbed.example"), ("Leadfrost", "leadfrost.example"))

COMPANY_STEMS = (
    "Northbeck", "Halden", "Tessera", "Quayside", "Brightwell", "Ostrava", "Larkfield", "Mirador", "Solenne", "Kestrel",
    "Vantor", "Ironbridge", "Pelham", "Auric", "Fjordline", "Copperleaf", "Wexley", "Norvik", "Calder", "Amberly",
    "Delphin", "Orchard", "Rivermark", "Stonefield", "Tamarind", "Umbra", "Velden", "Westbrook", "Yarrow", "Zephyr",
    "Bluecrest", "Cobalt", "Driftwood", "Everline", "Foxglove", "Granite", "Hollis", "Juniper", "Larch", "Meridian",
)  # fmt: skip
COMPANY_TAILS = (
    "Systems", "Labs", "Group", "Logistics", "Partners", "Software", "Health", "Works", "Analytics", "Energy",
)  # fmt: skip

FIRST_NAMES = (
    "Ana", "Jonas", "Priya", "Mateo", "Freya", "Kwame", "Lena", "Ravi", "Sofia", "Elias", "Mei", "Tariq", "Ingrid",
    "Pablo", "Chloé", "Dmitri", "Aisha", "Lukas", "Naomi", "Oscar", "Yuki", "Zofia", "Henrik", "Isabel", "Karim",
    "Maya", "Noah", "Olga", "Petr", "Rosa", "Samir", "Tess", "Viktor", "Wanjiru", "Xavier", "Amara", "Björn",
    "Carmen", "Dara", "Emil", "Farah", "Gustav", "Hana", "Ivo", "Jasmin", "Kofi", "Lucía", "Marek", "Nina", "Omar",
)  # fmt: skip
LAST_NAMES = (
    "Albrecht", "Banerjee", "Castellano", "Dahl", "Eriksen", "Fontaine", "Grünwald", "Haddad", "Ibsen", "Jankowski",
    "Kowalczyk", "Lindgren", "Mbeki", "Nakamura", "Okafor", "Petrov", "Quintero", "Rossi", "Sørensen", "Tanaka",
    "Ueda", "Varga", "Weiss", "Xu", "Yilmaz", "Zimmer", "Andrade", "Bouchard", "Chaudhry", "Duarte", "Engel", "Farkas",
    "García", "Hoffmann", "Iyer", "Jensen", "Klein", "Larsen", "Moreau", "Novotny", "O'Brien", "Pereira", "Reyes",
    "Schäfer", "Torres", "Visser", "Wagner", "Young", "Zhang", "Adeyemi",
)  # fmt: skip
