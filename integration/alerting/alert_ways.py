"""Alert ways: builds, from settings, the ways by which alerts reach people."""

from collections.abc import Iterator, Mapping

from integration.alerting.alert_port import AlertWay
from integration.alerting.signed_webhook import SignedWebhook
from integration.alerting.slack_webhook import SlackWebhook
from integration.alerting.smtp_mail import MailServer, SmtpMail
from integration.alerting.teams_workflow import TeamsWorkflow
from integration.settings.alert_channels import USUAL_WEBHOOK, Channel
from integration.settings.environment import Settings
from webhooks.signatures import standard_keys


def built(given: Settings) -> Mapping[str, AlertWay]:
    """How alerts reach people, by name; none where nobody has said where to."""
    return {way.name: way for way in (*_webhooks(given), *_slack(given), *_teams(given), *_emails(given))}


def _webhooks(given: Settings) -> Iterator[AlertWay]:
    keys = [key for secret in given.alert_secrets for key in standard_keys(secret.get_secret_value())]
    addresses = dict(given.alert_webhooks)
    if given.alert_url is not None:
        addresses[USUAL_WEBHOOK] = given.alert_url
    for name, address in addresses.items():
        way = Channel(medium="webhook", name=name).way
        yield SignedWebhook(address.get_secret_value(), keys, name=way)


def _slack(given: Settings) -> Iterator[AlertWay]:
    for name, held in given.slack_channels.items():
        way, address = Channel(medium="slack", name=name).way, held.get_secret_value()
        if "://" in address:
            yield SlackWebhook(way, address)
        elif given.slack_token is not None:
            from integration.alerting.slack_bot import SlackBot  # noqa: PLC0415 - the library takes long to import

            yield SlackBot(way, address, given.slack_token.get_secret_value())


def _teams(given: Settings) -> Iterator[AlertWay]:
    for name, address in given.teams_channels.items():
        yield TeamsWorkflow(Channel(medium="teams", name=name).way, address.get_secret_value())


def _emails(given: Settings) -> Iterator[AlertWay]:
    if given.smtp_url is None or given.smtp_from is None:
        return
    server = MailServer(url=given.smtp_url.get_secret_value(), sender=given.smtp_from.get_secret_value())
    for name, address in given.alert_emails.items():
        yield SmtpMail(Channel(medium="email", name=name).way, address.get_secret_value(), server)
