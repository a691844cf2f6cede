"""What a progress bar of a command shows of work that is counted: what, how far, how much, how long it will take."""

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

COUNTED = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
