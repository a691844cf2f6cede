"""`coldframe sandbox`: a HubSpot and a Salesforce on this machine, to try things on."""

import signal
import threading

import click

from sandbox.both.fill_systems import fill
from sandbox.server import Sandbox


@click.command()
@click.option("--port", default=8700, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--webhook-url", default="", metavar="URL", help="Where HubSpot's webhooks go; empty: nowhere.")
@click.option("--webhook-secret", default="", metavar="SECRET", help="The client secret that signs them.")
@click.option("--leads", default=0, show_default=True, metavar="N", help="Begin with N invented leads.")
@click.option("--activities", default=0, show_default=True, metavar="M", help="And M things that they have done.")
@click.option("--seed", default=7, show_default=True, help="The same seed invents the same people.")
@click.option(
    "--ten-secondly", default=0, show_default=True, metavar="N", help="HubSpot's calls in ten seconds; 0: any."
)
def sandbox(  # noqa: PLR0913 - the options of the command
    *, port: int, webhook_url: str, webhook_secret: str, leads: int, activities: int, seed: int, ten_secondly: int
) -> None:
    r"""Serve a HubSpot and a Salesforce over HTTP, in memory, until interrupted.

    Both refuse what the real ones refuse. An SDR's page with all tasks is at the root; what tests need in
    other processes (records, faults, logs) is under /_sandbox.

    \b
    Example:
      coldframe sandbox --leads 300 --webhook-url http://127.0.0.1:8000/webhooks/hubspot --webhook-secret s3cret

    Then, in another terminal, point HUBSPOT_API_URL and SALESFORCE_API_URL at the addresses it prints.
    """
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with Sandbox(port=port, seed=seed, webhook_url=webhook_url, webhook_secret=webhook_secret) as box:
        box.hubspot.limits.ten_secondly = ten_secondly
        if leads:
            fill(box.hubspot, box.salesforce, leads=leads, seed=seed, activities=activities)
        click.echo(f"HubSpot     {box.url}/hubspot      {box.hubspot.counts()['contacts']} contacts")
        click.echo(f"Salesforce  {box.url}/salesforce   {box.salesforce.counts()['Lead']} leads")
        click.echo(f"SDR's desk  {box.url}/")
        done.wait()
