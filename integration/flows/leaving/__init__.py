"""Leaving: who has what somebody had who has left the company: their open tasks, and the leads that they own."""
