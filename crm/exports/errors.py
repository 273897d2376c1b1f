"""How fetching an export can fail."""

from crm.errors import Conflict, NotFound


class ExportNotReady(Conflict):
    """The file is not there yet, or could not be made."""

    title = "This export is not ready"
    title_zh = "导出尚未完成"


class ExportExpired(NotFound):
    """The file was there, and has been deleted after its time."""

    title = "The file of this export has expired"
    title_zh = "导出文件已过期"
