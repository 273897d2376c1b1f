"""Tables of opportunities."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.opportunities.vocabulary import Grade, Intention, Known, LostReason, Role, Stance, State
from crm.pipelines.vocabulary import ForecastCategory
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of

ONE_OPPORTUNITY_PER_REFERENCE = "one_opportunity_per_reference"
ONE_STAKE_PER_CONTACT = "one_stake_per_contact"

opportunities = noun(
    "opportunities",
    # Null where a partner's list or an old system knew no customer: to be found out, never hidden.
    Column("customer_id", Uuid),
    Column("name", Text, nullable=False),
    # What another system calls it; what an import finds it by.
    Column("reference", Text(collation="C")),
    Column("pipeline_id", Uuid, nullable=False),
    Column("stage_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    moment("stage_entered_at", nullable=False, server_default=func.now()),
    Column("amount", Numeric(18, 2)),
    Column("currency", Text),
    # Over what the stage says; null as long as the stage decides.
    Column("probability", Numeric(5, 4)),
    Column("forecast_category", Text),
    Column("expected_close_on", Date),
    Column("close_date_moves", Integer, nullable=False, server_default=text("0")),
    Column("money", Text, nullable=False, server_default="unknown"),
    Column("authority", Text, nullable=False, server_default="unknown"),
    Column("need", Text, nullable=False, server_default="unknown"),
    Column("intention", Text),
    Column("checks", JSONB, nullable=False, server_default=text("'{}'")),
    Column("grade", Text, nullable=False, server_default="C"),
    Column("reviewed_on", Date),
    Column("review_due_on", Date),
    Column("competitor", Text),
    Column("next_step", Text),
    Column("next_step_on", Date),
    Column("source", Text),
    Column("note", Text),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("owner_id", Uuid),
    Column("team_id", Uuid),
    # Who else may see and change it, whatever their team.
    Column("collaborator_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    # The business day it began on, which for one taken over from another system lies before its row.
    Column("opened_on", Date, nullable=False),
    Column("resume_on", Date),
    moment("closed_at"),
    Column("closed_on", Date),
    Column("lost_reason", Text),
    Column("lost_note", Text),
    Column("contract_starts_on", Date),
    Column("contract_ends_on", Date),
    # When it was told that the contract is over: once.
    moment("contract_expired_at"),
    # The sale whose contract this one is to renew.
    Column("renewal_of_id", Uuid),
    # The last time anything was done about it: a call, a visit, a task, a move.
    moment("last_activity_at"),
    moment("stalled_at"),
    # Its place in its column of the board: texts that sort, with room between any two, the greatest on top. A new one
    # goes on top, for ids of version 7 grow.
    Column(
        "board_place",
        Text(collation="C"),
        nullable=False,
        server_default=text(r"replace((uuidv7())\:\:text, '-'\:\:text, ''\:\:text)"),
        info={UNRECORDED: True},
    ),
    # Counts every change of the items, which are rows of their own.
    Column("items_changed", Integer, nullable=False, server_default=text("0")),
    # The same of the people in it.
    Column("stakeholders_changed", Integer, nullable=False, server_default=text("0")),
    moment("archived_at"),
    one_of("state", State),
    one_of("money", Known),
    one_of("authority", Known),
    one_of("need", Known),
    one_of("intention", Intention),
    one_of("grade", Grade),
    one_of("lost_reason", LostReason),
    one_of("forecast_category", ForecastCategory),
    CheckConstraint("(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name="closed_at"),
    CheckConstraint("(closed_at IS NULL) = (closed_on IS NULL)", name="closed_on"),
    CheckConstraint("state <> 'won' OR amount IS NOT NULL", name="won_with_an_amount"),
    CheckConstraint("state <> 'lost' OR lost_reason IS NOT NULL", name="lost_for_a_reason"),
    CheckConstraint("(state = 'on_hold') = (resume_on IS NOT NULL)", name="held_until"),
    CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount"),
    CheckConstraint("amount >= 0", name="amount_is_not_negative"),
    CheckConstraint("probability > 0 AND probability < 1", name="probability"),
    CheckConstraint("contract_ends_on >= contract_starts_on", name="contract_ends_after_it_starts"),
    link("renewal_of_id", "opportunities"),
    link("customer_id", "customers"),
    link("owner_id", "users"),
    link("team_id", "teams"),
    link("pipeline_id", "pipelines"),
    link(("pipeline_id", "stage_id"), "pipeline_stages"),
    # So that what is about an opportunity and its customer names the two that belong together.
    UniqueConstraint("workspace_id", "customer_id", "id"),
)
newest_first(opportunities)
Index(
    ONE_OPPORTUNITY_PER_REFERENCE,
    opportunities.c.workspace_id,
    opportunities.c.reference,
    unique=True,
    postgresql_where=opportunities.c.reference.is_not(None),
)

new_place = func.replace(cast(func.uuidv7(), Text), "-", "")
"""On top of a column: after every place that was given before."""

Index(
    "one_renewal_of_each",
    opportunities.c.workspace_id,
    opportunities.c.renewal_of_id,
    unique=True,
    postgresql_where=opportunities.c.renewal_of_id.is_not(None),
)
Index(
    "ix_opportunities_in_contract",
    opportunities.c.workspace_id,
    opportunities.c.contract_ends_on,
    postgresql_where=text("state = 'won' AND contract_expired_at IS NULL"),
)

expected_close_key = func.least(opportunities.c.expected_close_on, text("'9999-12-31'\\:\\:date"), type_=Date)
"""No date expected sorts after every date. LEAST because row-level security takes COALESCE for leaky."""

amount_key = func.greatest(opportunities.c.amount, text("-1\\:\\:numeric"), type_=Numeric(18, 2))
"""No amount sorts before every amount."""

Index("ix_opportunities_amount", opportunities.c.workspace_id, amount_key, opportunities.c.id)
Index("ix_opportunities_expected_close", opportunities.c.workspace_id, expected_close_key, opportunities.c.id)
Index(None, opportunities.c.workspace_id, opportunities.c.owner_id, expected_close_key, opportunities.c.id)
Index(None, opportunities.c.workspace_id, opportunities.c.customer_id, opportunities.c.state)
Index(
    "ix_opportunities_open",
    opportunities.c.workspace_id,
    opportunities.c.stage_id,
    opportunities.c.board_place,
    opportunities.c.id,
    postgresql_where=(opportunities.c.state == "open") & opportunities.c.archived_at.is_(None),
    # All that a forecast sums up: the rows themselves are wide.
    postgresql_include=[
        "pipeline_id", "owner_id", "team_id", "amount", "currency", "probability", "forecast_category",
        "expected_close_on",
    ],
)  # fmt: skip
Index(
    "ix_opportunities_closed",
    opportunities.c.workspace_id,
    opportunities.c.closed_on,
    postgresql_where=opportunities.c.closed_on.is_not(None),
)
Index(
    "ix_opportunities_to_resume",
    opportunities.c.workspace_id,
    opportunities.c.resume_on,
    postgresql_where=opportunities.c.state == "on_hold",
)

opportunity_moves = noun(
    "opportunity_moves",
    Column("opportunity_id", Uuid, nullable=False),
    Column("move", Text, nullable=False),
    Column("from_state", Text),
    Column("from_stage_id", Uuid),
    Column("to_state", Text, nullable=False),
    Column("to_stage_id", Uuid, nullable=False),
    moment("moved_at", nullable=False, server_default=func.now()),
    Column("seconds_in_stage", BigInteger),
    Column("reason", Text),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Uuid),
    link("opportunity_id", "opportunities"),
)
"""Where each opportunity has been, and for how long: only ever added to."""
Index(None, opportunity_moves.c.workspace_id, opportunity_moves.c.opportunity_id, opportunity_moves.c.moved_at)

opportunity_items = noun(
    "opportunity_items",
    Column("opportunity_id", Uuid, nullable=False),
    Column("place", Integer, nullable=False),
    Column("product_id", Uuid),
    Column("name", Text, nullable=False),
    Column("quantity", Numeric(18, 4), nullable=False, server_default=text("1")),
    Column("price", Numeric(18, 2), nullable=False),
    # A share of the price, 0 to 1.
    Column("discount", Numeric(5, 4), nullable=False, server_default=text("0")),
    Column("amount", Numeric(18, 2), nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("price >= 0", name="price"),
    CheckConstraint("discount BETWEEN 0 AND 1", name="discount"),
    link("opportunity_id", "opportunities"),
    link("product_id", "products"),
)
"""What is to be sold: the sum is the amount of the opportunity, in its currency, as soon as there is one item."""
Index(None, opportunity_items.c.workspace_id, opportunity_items.c.opportunity_id, opportunity_items.c.place)
Index(None, opportunity_items.c.workspace_id, opportunity_items.c.product_id)

opportunity_contacts = noun(
    "opportunity_contacts",
    Column("opportunity_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("influence", Integer),
    Column("stance", Text),
    one_of("role", Role),
    one_of("stance", Stance),
    CheckConstraint("influence BETWEEN 1 AND 5", name="influence"),
    link(("customer_id", "opportunity_id"), "opportunities"),
    link(("customer_id", "contact_id"), "contacts"),
)
"""Who plays which role in this sale."""
Index(
    ONE_STAKE_PER_CONTACT,
    opportunity_contacts.c.workspace_id,
    opportunity_contacts.c.opportunity_id,
    opportunity_contacts.c.contact_id,
    opportunity_contacts.c.role,
    unique=True,
)
Index(None, opportunity_contacts.c.workspace_id, opportunity_contacts.c.contact_id)

opportunity_rounds = Table(
    "opportunity_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
)
"""``done_for``: the last local day on which a workspace's sales were graded anew and those that rested went on."""

stage_paces = Table(
    "stage_paces",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("stage_id", Uuid, nullable=False),
    # The median of the days that won sales spent in the stage, and of how many.
    Column("median_days", Numeric(10, 2), nullable=False),
    Column("won", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "stage_id"),
)
"""How long a stage takes where it ends well, worked out anew each night."""
opportunity_collaborators = Table(
    "opportunity_collaborators",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("opportunity_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text),
    PrimaryKeyConstraint("workspace_id", "opportunity_id", "user_id"),
    link("opportunity_id", "opportunities"),
    link("user_id", "users"),
)
"""As what each of ``collaborator_ids`` helps; that column is what sight goes by."""
