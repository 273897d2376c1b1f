"""The demo workspace: a small company whose customers are warm, cooling and cold, with something about to happen.

It is filled through the product's own actions, so each row has its fact, and the worker finds work on its first start.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, exists, select

from crm.actor import Actor, ActorKind, Role, Sight, system
from crm.channels import actions as channels
from crm.channels.actions import Means
from crm.channels.proofs import Proofs
from crm.channels.schemas import NotificationChannelCreate
from crm.complaints import actions as complaints
from crm.complaints import receiving
from crm.complaints.schemas import ComplaintCreate
from crm.complaints.step_schemas import ComplaintAssess, ComplaintInform, ComplaintWait
from crm.complaints.vocabulary import Category, Channel
from crm.contacts import actions as contacts
from crm.contacts.schemas import ContactCreate
from crm.customers import actions as customers
from crm.customers.models import customers as customers_table
from crm.customers.queries import CUSTOMER
from crm.customers.schemas import CustomerCreate
from crm.database import Database, Transaction, statement
from crm.founding import found_workspace
from crm.interactions import actions as interactions
from crm.interactions.schemas import InteractionCreate
from crm.sealing import Sealer
from crm.sla.vocabulary import Severity
from crm.tasks import actions as tasks
from crm.tasks.schemas import TaskCreate, TaskSubjectSent
from crm.visits import actions as visits
from crm.visits.schemas import VisitPlan
from crm.webhooks import actions as webhooks
from crm.webhooks.schemas import WebhookEndpointCreate
from crm.workspaces import people, teams
from crm.workspaces.rules import SCOPES_OF
from crm.workspaces.schemas import TeamCreate, TeamUpdate, UserCreate
from crm.workspaces.settings import DEFAULTS
from crm.workspaces.whose import first_admin, whose

NAME = "Rapport Demo 演示"
PASSWORD = "rapport-demo"  # noqa: S105  # Published on purpose: the demo listens on this machine only.
ADMIN = "ada@demo.example"
ZONE = "Asia/Shanghai"


class _Person(NamedTuple):
    email: str
    name: str
    role: Role


class _Customer(NamedTuple):
    """A customer, whom we know there, and how many days ago we last spoke; None for never."""

    about: dict[str, Any]
    contact: dict[str, Any]
    days: int | None


MANAGER = _Person("max@demo.example", "Max Meier 马克思", Role.MANAGER)
SALES = _Person("anna@demo.example", "Anna Wang 王安娜", Role.SALES)
COLLEAGUES = (_Person("ben@demo.example", "Ben Li 李奔", Role.SALES), _Person("sue@demo.example", "苏", Role.SERVICE))

CUSTOMERS = (
    _Customer(
        {
            "name": "重庆长安汽车股份有限公司", "industry": "automotive", "region": "西南", "class": "key",
            "key_kind": "double", "phone": "023-67591111",
            "address": {"city": "重庆", "country": "CN", "latitude": 29.6196, "longitude": 106.4965},
        },
        {"name": "单雄信", "title": "采购总监", "level": "top", "phones": ["13800138001"], "roles": ["decider"]},
        3,
    ),
    _Customer(
        {"name": "北京朝阳科技有限公司", "industry": "software", "region": "华北", "class": "potential"},
        {"name": "曾国藩", "title": "IT 经理", "level": "middle", "phones": ["13800138002"], "roles": ["influencer"]},
        40,
    ),
    _Customer(
        {"name": "Müller Maschinenbau GmbH", "industry": "machinery", "region": "Europe", "class": "key"},
        {"name": "Petra Müller", "title": "CFO", "level": "top", "emails": ["pm@mueller.example"], "roles": ["buyer"]},
        90,
    ),
    _Customer(
        {"name": "厦门海通物流", "industry": "logistics", "region": "华东"},
        {"name": "仇英", "title": "总经理", "level": "top", "phones": ["13800138004"], "roles": ["decider"]},
        150,
    ),
    _Customer(
        {"name": "Acme Corporation", "industry": "retail", "region": "North America", "class": "potential"},
        {"name": "Wile Coyote", "title": "Buyer", "level": "base", "emails": ["wile@acme.example"], "roles": ["buyer"]},
        None,
    ),
)  # fmt: skip


async def fill(dsn: str, *, secret_key: str, receiver_url: str, receiver_secret: str) -> None:
    """Found and fill the demo workspace, as the API's own role. Interrupted, it goes on where it was."""
    database = Database(dsn, name="rapport-demo", size=2)
    try:
        known = await whose(database, ADMIN)
        if known:
            home = known[0].workspace_id
        else:
            home = (await found_workspace(database, NAME, ADMIN, PASSWORD, ZONE, admin_name="Ada Admin")).workspace_id
        admin_id = await first_admin(database.writing(system(home, timezone=ZONE)))
        if admin_id is None:
            raise LookupError("the demo workspace has lost its administrator")
        admin = Actor(
            home,
            admin_id,
            ActorKind.USER,
            Role.ADMIN,
            SCOPES_OF[Role.ADMIN],
            Sight.ALL,
            timezone=ZONE,
            settings=DEFAULTS,
        )
        async with database.transaction(admin) as tx:
            if not await tx.value(_is_filled()):
                await _fill(tx, secret_key, receiver_url, receiver_secret)
    finally:
        await database.close()


@statement
def _is_filled() -> Select[Any]:
    at_home = customers_table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(exists().where(at_home))


async def _fill(tx: Transaction, secret_key: str, receiver_url: str, receiver_secret: str) -> None:
    """All of it in one transaction."""
    sealer = Sealer(secret_key)
    endpoint = WebhookEndpointCreate(url=receiver_url, types=["*"], description="The demo receiver of `make run`")
    await webhooks.create(tx, endpoint, sealer, allow_loopback=True, known=(), secret=receiver_secret)

    robot = NotificationChannelCreate(
        kind="wecom",
        name="The robot of `make run`",
        shared=True,
        url=f"{receiver_url}robot?key=demo-robot",
        language="en",
    )
    await channels.create(tx, robot, Means(sealer, Proofs(secret_key), allow_loopback=True, sends_email=False))

    team = await teams.create(tx, TeamCreate(name="Field sales 外勤"))
    manager, anna, _ben, sue = [
        await people.create(
            tx, UserCreate(email=who.email, name=who.name, role=who.role, team_id=team.id, password=PASSWORD)
        )
        for who in (MANAGER, SALES, *COLLEAGUES)
    ]
    # Whoever is told of what his people do not mind.
    await teams.update(tx, team.id, TeamUpdate(manager_id=manager.id))
    now = datetime.now(UTC)
    first = None
    for number, one in enumerate(CUSTOMERS):
        owner = (anna if number < 4 else manager).id
        customer = await customers.create(tx, CustomerCreate.model_validate(one.about | {"owner_id": owner}))
        contact = await contacts.create(tx, ContactCreate.model_validate(one.contact | {"customer_id": customer.id}))
        first = first or (customer.id, contact.id)
        if one.days is not None:
            call = InteractionCreate(
                customer_id=customer.id,
                contact_id=contact.id,
                user_id=owner,
                channel="call",
                outcome="reached",
                occurred_at=now - timedelta(days=one.days),
                note="Last talk before the demo began.",
            )
            await interactions.log(tx, call)
    if first is None:
        return
    customer_id, contact_id = first
    # Tomorrow: the five minutes of the README are for visits of one's own.
    start = (now + timedelta(days=1)).replace(second=0, microsecond=0)
    plan = VisitPlan(
        customer_id=customer_id,
        contact_ids=[contact_id],
        owner_id=anna.id,
        purpose="care",
        subject="新款车型的需求",
        planned_start=start,
        planned_end=start + timedelta(hours=1),
    )
    await visits.plan(tx, plan)
    await _complain(tx, customer_id, contact_id, sue.id, now)
    for seconds, title in ((20, "Call 单雄信 back about the offer"), (40, "发送会议纪要")):
        task = TaskCreate(
            title=title,
            subject=TaskSubjectSent(type="customer", id=customer_id),
            assignee_id=anna.id,
            due_at=now + timedelta(seconds=seconds),
        )
        await tasks.create(tx, task, CUSTOMER)


async def _complain(tx: Transaction, customer_id: UUID, contact_id: UUID, sue_id: UUID, now: datetime) -> None:
    """Three complaints: one has just come in, one is looked into, one waits for the customer."""
    said: tuple[tuple[str, Channel, Category, Severity, timedelta], ...] = (
        ("交货晚了三天 Delivered three days late", "email", "delivery", "medium", timedelta(minutes=5)),
        ("水泵第二次漏水，停产 The pump leaks again", "phone", "quality", "high", timedelta(hours=3)),
        ("发票金额不符 The invoice is wrong", "chat", "price", "low", timedelta(days=1)),
    )
    for number, (subject, channel, category, severity, ago) in enumerate(said):
        new = ComplaintCreate(
            customer_id=customer_id,
            contact_id=contact_id,
            channel=channel,
            received_at=now - ago,
            subject=subject,
            category=category,
            severity=severity,
            remedy_sought="replace" if category == "quality" else "explanation",
            assignee_id=sue_id if number else None,
        )
        one = (await receiving.receive(tx, new)).id
        if number:
            await complaints.simply(tx, "acknowledge", one, None)
            await complaints.assess(tx, one, ComplaintAssess(severity=severity, category=category))
        if number == 1:
            await complaints.simply(tx, "investigate", one, None)
            await complaints.inform(tx, one, ComplaintInform(note="A fitter is on the way. 维修工程师已出发。"))
        if number == 2:
            await complaints.wait_customer(tx, one, ComplaintWait(reason="They send the invoice. 等客户发来发票。"))
