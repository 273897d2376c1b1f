"""How dealing with pipelines can fail."""

from crm.errors import Conflict


class PipelineNameTaken(Conflict):
    """Another pipeline in use has this name."""

    title = "There is a pipeline of this name already"
    title_zh = "已存在同名销售流程"


class PipelineArchived(Conflict):
    """It was put aside; bring it back first."""

    title = "The pipeline is archived"
    title_zh = "该销售流程已归档"


class DefaultPipelineStays(Conflict):
    """New opportunities go through it: make another one the default first."""

    title = "The default pipeline cannot be archived"
    title_zh = "默认销售流程不能归档"
