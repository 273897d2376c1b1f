"""How dealing with a request can fail."""

from crm.errors import Conflict


class PrivacyRequestState(Conflict):
    """Verified once, fulfilled when verified, refused while open: nothing else."""

    title = "The state of this request does not allow this"
    title_zh = "该请求的当前状态不允许此操作"


class NotErasedYet(Conflict):
    """A request to delete is fulfilled by erasing the person, at the address that ``action`` names."""

    title = "Erase the person's data first"
    title_zh = "请先删除该个人信息"
