"""How deciding about a proposal can fail. The problem carries the proposal's present ``state``."""

from crm.errors import Conflict


class ProposalDecided(Conflict):
    """The proposal was confirmed, rejected or withdrawn by now."""

    title = "This proposal is not open any more"
    title_zh = "该提议已处理"
