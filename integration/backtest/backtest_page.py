"""The page of a backtest: one HTML file that needs nothing else, to be shown or sent on."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from integration.backtest import charts
from integration.backtest.side_by_side import Comparison, days
from integration.backtest.summary import names, sentences
from mappings.values.instant import Instant, to_datetime

_TEMPLATES = Environment(
    loader=PackageLoader("integration.backtest"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(found: Comparison) -> str:
    """The whole page; everything that comes from the history is escaped."""
    named = names(found)
    drawn = (
        charts.overlap(found, named),
        charts.weeks(found, named),
        charts.gates(found, named),
        charts.loads(found, named),
    )
    return _TEMPLATES.get_template("backtest.html").render(
        found=found,
        sides=list(zip(named, (found.a, found.b), strict=True)),
        moved=((named[0], named[1], found.only_a), (named[1], named[0], found.only_b)),
        sentences=sentences(found),
        charts={chart.name: chart for chart in drawn if chart is not None},
        width=charts.WIDTH,
        said=charts.said,
        days=days,
        day=day,
    )


def day(at: Instant) -> str:
    """`6 Jan 2026`."""
    moment = to_datetime(at)
    return f"{moment.day} {moment:%b %Y}"
