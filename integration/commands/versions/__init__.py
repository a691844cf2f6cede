"""The commands that change the rules of a running installation: publish, versions, diff, rollback."""
