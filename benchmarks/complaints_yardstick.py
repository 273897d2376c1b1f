"""The yardstick's list of complaints by when they are due: the same answer by one hand-written statement."""

from typing import Any

from benchmarks import yardstick

PEOPLE = {
    "assignee": "assignee_id", "responsible": "responsible_id", "received_by": "received_by",
    "proposed_by": "proposed_by", "approved_by": "approved_by", "acknowledged_by": "acknowledged_by",
}  # fmt: skip


def _mention(name: str) -> str:
    return f"CASE WHEN {name}.id IS NOT NULL THEN json_build_object('id', {name}.id, 'name', {name}.name) END"


SHOWN = f"""
SELECT c.id, c.number, c.customer_id, {_mention("customer")} AS customer, c.contact_id,
       {_mention("contact")} AS contact, c.channel,
       c.received_at, {_mention("received_by")} AS received_by, c.subject, c.description, c.category,
       c.severity, c.remedy_sought, c.remedy_note, c.state, c.resume_to, c.team_id, c.assignee_id,
       {_mention("assignee")} AS assignee, c.responsible_id, {_mention("responsible")} AS responsible, c.validity,
       c.cause_kind, c.root_cause, c.corrective_action, c.eight_d, c.solution, c.solution_answers_remedy,
       c.remedy_answer, {_mention("proposed_by")} AS proposed_by, c.proposed_at,
       {_mention("approved_by")} AS approved_by, c.approved_at,
       CASE WHEN c.cost IS NOT NULL THEN json_build_object('amount', c.cost::text, 'currency', c.cost_currency) END
         AS cost,
       c.acknowledged_at, {_mention("acknowledged_by")} AS acknowledged_by, c.assessed_at, c.informed_at,
       c.communicated_at, c.implemented_at, c.resolved_at, c.closed_at, c.closed_because, c.close_attempts,
       c.rejection_reason, c.alternatives_told, c.withdrawn_reason, c.reopened_count, c.cycle, c.satisfaction,
       c.check_effect_on, c.effective, c.repeat_of_id, c.visit_id, c.opportunity_id, c.product_id,
       {_mention("product")} AS product, c.lot, c.due_at,
       (SELECT json_agg(json_build_object('kind', k.kind, 'cycle', k.cycle, 'turn', k.turn, 'state', k.state,
            'started_at', k.started_at, 'due_at', k.due_at, 'stopped_at', k.stopped_at,
            'paused_minutes', k.paused_minutes) ORDER BY k.cycle, k.due_at, k.kind)
        FROM sla_clocks AS k WHERE k.workspace_id = c.workspace_id AND k.complaint_id = c.id) AS clocks,
       c.tags, c.created_at, c.updated_at, c.version
"""
JOINED = "".join(
    f"LEFT JOIN {table} AS {name} ON {name}.workspace_id = c.workspace_id AND {name}.id = c.{column}\n"
    for name, table, column in (
        ("customer", "customers", "customer_id"),
        ("contact", "contacts", "contact_id"),
        ("product", "products", "product_id"),
        *((name, "users", column) for name, column in PEOPLE.items()),
    )
)
BY_DUE = f"""
SELECT row_to_json(x)::text FROM ({SHOWN} FROM (
  SELECT * FROM complaints WHERE workspace_id = $1
  ORDER BY least(due_at, '9999-12-31 00:00:00+00'::timestamptz), id LIMIT 51) c {JOINED}) x
"""


async def _answer(scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
    del scope, receive
    rows = await yardstick.pool.fetch(BY_DUE, yardstick.HOME)
    shown = ",".join([row[0] for row in rows[:50]])
    return 200, ('{"data":[' + shown + '],"next_cursor":null}').encode()


yardstick.answer = _answer
app = yardstick.app
