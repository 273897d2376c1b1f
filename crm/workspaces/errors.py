"""How signing in, and looking after people, teams and keys, can fail."""

from crm.errors import Conflict, Forbidden, TooManyRequests, Unauthenticated


class SignInRefused(Unauthenticated):
    """E-mail and password do not belong together, or the person may not sign in. Never says which."""

    title = "E-mail or password is wrong"
    title_zh = "邮箱或密码错误"


class RefreshRefused(Unauthenticated):
    """The refresh token is not one of ours, has ended, was revoked, or was used before. Sign in again."""

    title = "This refresh token is no longer good"
    title_zh = "刷新令牌已失效"


class TooManyGuesses(TooManyRequests):
    """Too many wrong passwords for this account or from this address; ``Retry-After`` says when the next may come."""

    title = "Too many attempts to sign in"
    title_zh = "登录尝试次数过多"


class WorkspaceNeeded(Conflict):
    """E-mail and password are right in several workspaces; the answer lists them, send one as ``workspace``."""

    title = "Say which workspace to sign in to"
    title_zh = "请选择要登录的工作区"


class OnlyForPeople(Forbidden):
    """An API key has no profile, no password and no sessions."""

    title = "Only a person can do this"
    title_zh = "仅限用户本人操作"


class BeyondYourScopes(Forbidden):
    """Nobody hands out more than they have: a role or a key may not do what its giver may not do."""

    title = "You cannot give more than you have"
    title_zh = "不能授予超出自身权限的范围"


class EmailTaken(Conflict):
    """Another person of the workspace has this e-mail address."""

    title = "A user with this e-mail address exists"
    title_zh = "该邮箱的用户已存在"


class LastAdmin(Conflict):
    """A workspace keeps at least one active administrator."""

    title = "The last active administrator must stay one"
    title_zh = "至少需保留一名启用的管理员"


class TeamCycle(Conflict):
    """A team cannot stand below itself."""

    title = "A team cannot be below itself"
    title_zh = "团队不能隶属于自身"


class CustomFieldTaken(Conflict):
    """There is a field with this key, possibly an archived one."""

    title = "A field with this key exists"
    title_zh = "该字段标识已存在"


class CustomFieldArchived(Conflict):
    """An archived field is read-only until it is restored."""

    title = "An archived field cannot be changed"
    title_zh = "已归档的字段不可修改"
