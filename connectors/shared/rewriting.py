"""Rewriting: changes the text of open tasks, and leaves what people wrote into them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from connectors.base.concerns import Concern
from connectors.base.port import FieldWrite, Raw, Receipt, Record, Unavailable, Verdict
from connectors.base.task_rewrite import TaskRewrite
from mappings.model.task_text import TaskText, plain
from mappings.values.identifiers import ExternalId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """How one vendor's tasks are rewritten.

    `read` answers records by id with the fields `asked`, and raises Unavailable. `fields` says what to write into a
    task that is there so. `update` writes it.
    """

    asked: Sequence[str]
    read: Callable[[str, Sequence[str], Sequence[str]], Sequence[Record]]
    fields: Callable[[TaskRewrite, Raw], Raw]
    update: Callable[[Sequence[FieldWrite]], Sequence[Receipt]]

    def rewrite(self, writes: Sequence[TaskRewrite]) -> list[Receipt]:
        """A receipt for each, in order; a task that is not there any more is refused for good."""
        there: dict[ExternalId, Raw] = {}
        try:
            for name in sorted({write.object for write in writes}):
                ids = sorted({write.id for write in writes if write.object == name})
                there |= {each.id: each.fields for each in self.read(name, ids, self.asked) if not each.deleted}
        except Unavailable as away:
            return [replace(away.receipt, key=write.key, id=write.id) for write in writes]
        known = [write for write in writes if write.id in there]
        sent = self.update(
            [
                FieldWrite(key=write.key, object=write.object, id=write.id, fields=self.fields(write, there[write.id]))
                for write in known
            ]
        )
        done = {write.key: receipt for write, receipt in zip(known, sent, strict=True)}
        return [done.get(write.key) or _gone(write) for write in writes]


def whole_text(  # noqa: PLR0913, PLR0917 - how this CRM shows a text
    write: TaskRewrite,
    there: str,
    rendered: Callable[[TaskText], str],
    says: Callable[[str, str], bool],
    most: int,
    between: str = "",
) -> str:
    """The text of a task: ours, or, where somebody has changed it by hand, the new reason above theirs.

    `says` knows whether what stands there is a plain text of ours. Where both are longer than `most`, theirs stays as
    it is: the subject names the new reason.
    """
    if not _plain(there) or says(there, write.before) or says(there, plain(write.body)):
        return rendered(write.body)
    above = rendered(write.above)
    both = f"{above}{between}{there}"
    return there if _plain(there).startswith(_plain(above)) or len(both) > most else both


def same_words(there: str, text: str) -> bool:
    """Whether a CRM's plain text is ours."""
    return _plain(there) == _plain(text)


def _plain(text: str) -> str:
    """A text without what CRMs change in it by themselves: line ends, and blanks around lines."""
    return "\n".join([line.strip() for line in text.splitlines()]).strip()


def _gone(write: TaskRewrite) -> Receipt:
    message = f"there is no {write.object} {write.id} any more"
    return Receipt(
        key=write.key, verdict=Verdict.PERMANENT, id=write.id, code="GONE", message=message, concern=Concern.RECORD
    )
