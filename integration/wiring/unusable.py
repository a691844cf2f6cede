"""What cannot be run with: a playbook, a mapping or a vocabulary, with every mistake in it. Imports next to nothing."""

from mappings.yaml_files.problems import Problem


class UnusableError(Exception):
    """A playbook, a mapping or a vocabulary cannot be used; `problems` says why, with positions."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
