"""Which changes are first values: those count from before everything that is known of whom they are about.

Of what is stored already, that is what somebody new came with, and the first reading of each record.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PLACE = {"sqlite": "instr(key, '@')", "postgresql": "strpos(key, '@')"}
_MARK = """
UPDATE changes SET initial = true
WHERE key LIKE 'first:%' OR seq IN (
    SELECT min(seq) FROM changes WHERE key LIKE '%:%:%@%' GROUP BY lead_id, account_id, substr(key, 1, {place})
)
"""


def upgrade() -> None:
    op.add_column("changes", sa.Column("initial", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    place = _PLACE[op.get_bind().dialect.name]
    op.execute(sa.text(_MARK.replace("{place}", place).replace(":%:%@", r"\:%\:%@")))


def downgrade() -> None:
    op.drop_column("changes", "initial")
