"""What follows from what: event → functions. Everything the product does by itself about a fact stands here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from crm.absences import events as absences
from crm.attachments import reactions as attachments
from crm.calendars import events as calendars
from crm.care import reactions as care
from crm.care import together
from crm.complaints import events as complaints
from crm.contacts import events as contacts
from crm.customers import dormancy
from crm.customers import events as customers
from crm.database import Transaction
from crm.events.reacting import Fact
from crm.groups import events as links
from crm.groups import reactions as groups
from crm.interactions import events as interactions
from crm.notes import reactions as notes
from crm.notifications import reactions as notifications
from crm.opportunities import daily as sales
from crm.opportunities import events as opportunities
from crm.privacy import erasing
from crm.privacy import events as privacy
from crm.reminders import reactions as reminders
from crm.sla import recounts
from crm.surveys import asking as surveying
from crm.surveys import events as surveys
from crm.surveys import following as low_marks
from crm.task_rules import events as rules
from crm.task_rules import following
from crm.task_rules import reactions as closing
from crm.tasks import events as tasks
from crm.visits import events as visits
from crm.workspaces import events as workspaces

Reaction = Callable[[Transaction, Fact], Awaitable[None]]
ReactionToMany = Callable[[Transaction, Sequence[Fact]], Awaitable[None]]

REACTIONS: Mapping[str, tuple[Reaction, ...]] = MappingProxyType(
    {
        customers.CREATED: (care.plan_contact,),
        customers.UPDATED: (care.plan_contact_anew,),
        customers.OWNER_CHANGED: (care.plan_contact_anew,),
        customers.ARCHIVED: (care.plan_contact,),
        customers.RESTORED: (care.plan_contact,),
        customers.MERGED: (care.settle_merge,),
        customers.UNMERGED: (care.settle_merge,),
        privacy.CONTACT_ERASED: (erasing.erase_what_came_late,),
        privacy.CUSTOMER_ERASED: (erasing.erase_what_came_late, care.plan_contact),
        customers.CONTACTED: (dormancy.wake,),
        customers.CLASS_CHANGED: (care.plan_contact_anew,),
        customers.KEY_STATUS_CHANGED: (care.plan_contact_anew,),
        contacts.CREATED: (groups.ask_for_leaders,),
        contacts.UPDATED: (groups.ask_for_leaders,),
        contacts.ARCHIVED: (groups.ask_for_leaders,),
        contacts.RESTORED: (groups.ask_for_leaders,),
        contacts.LEFT: (groups.ask_for_leaders,),
        contacts.REJOINED: (groups.ask_for_leaders,),
        links.LINKED: (groups.ask_for_leaders,),
        links.LINK_UPDATED: (groups.ask_for_leaders,),
        links.UNLINKED: (groups.ask_for_leaders,),
        interactions.LOGGED: (care.warm_up,),
        rules.ENABLED: (care.plan_when_switched,),
        rules.DISABLED: (care.plan_when_switched,),
        opportunities.UPDATED: (notes.follow, attachments.follow),
        tasks.COMPLETED: (closing.go_on_after,),
        tasks.CANCELLED: (closing.go_on_without,),
        complaints.UPDATED: (notes.follow, attachments.follow),
        complaints.IDENTIFIED: (notes.follow, attachments.follow),
        complaints.CLOSED: (surveying.plan,),
        complaints.REOPENED: (surveying.give_up,),
        surveys.ANSWERED: (low_marks.follow_low_mark,),
        visits.COMPLETED: (care.keep_visit_as_contact,),
        workspaces.WORKSPACE_UPDATED: (
            care.plan_all_anew,
            notifications.look_again,
            sales.grade_all_anew,
            recounts.follow_calendar,
        ),
        workspaces.TIMEZONE_CHANGED: (
            care.plan_all_anew,
            reminders.follow_workspace,
            sales.grade_all_anew,
            recounts.follow_calendar,
        ),
        absences.PLANNED: (care.plan_around_absence,),
        absences.CANCELLED: (care.plan_around_absence,),
        calendars.UPDATED: (care.plan_all_anew, notifications.look_again, recounts.follow_calendar),
        calendars.DAYS_CHANGED: (care.plan_all_anew, notifications.look_again, recounts.follow_calendar),
        workspaces.TEAM_UPDATED: (care.plan_all_anew, recounts.follow_calendar),
        workspaces.USER_UPDATED: (care.plan_all_anew, reminders.follow_person, recounts.follow_calendar),
    }
)

BY_RULE: Reaction = following.follow
"""Owed to a fact whose type the workspace has an enabled rule for, whatever type that is (``publishing``)."""


TOGETHER: Mapping[Reaction, ReactionToMany] = MappingProxyType({care.plan_contact: together.plan_contacts})
"""Reactions that come by the hundred thousand, and what does many of them at once to the same end."""


def name_of(reaction: Reaction) -> str:
    """What a reaction is called in the table of those owed. Renaming a function leaves what it is owed behind."""
    return f"{reaction.__module__.split('.')[1]}.{reaction.__name__}"
