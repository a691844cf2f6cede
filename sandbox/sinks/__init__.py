"""Receivers of alerts in memory: a Slack workspace, a Teams workflow, a webhook and a mail server, with faults."""
