"""Sales, what they go through, and what is to be sold: what of it is told."""

from crm.comments.schemas import CommentRead
from crm.exchange_rates.schemas import RateRead
from crm.opportunities.schemas import OpportunityRead
from crm.pipelines.schemas import PipelineRead
from crm.products.schemas import ProductRead
from crm.targets.schemas import TargetRead
from services.api.documentation import Events

SALES: Events = {
    "opportunity.created": ("A sale began.", OpportunityRead),
    "opportunity.updated": ("Something about a sale was changed.", OpportunityRead),
    "opportunity.stage_changed": ("A sale went a stage further, or back.", OpportunityRead),
    "opportunity.amount_changed": ("The amount of a sale was changed.", OpportunityRead),
    "opportunity.close_date_moved": ("A sale is expected to close on another day.", OpportunityRead),
    "opportunity.grade_changed": ("A sale came nearer to its end, or is overdue.", OpportunityRead),
    "opportunity.man_changed": ("Whether there is money, authority or need is answered anew.", OpportunityRead),
    "opportunity.owner_changed": ("A sale was handed over to someone else.", OpportunityRead),
    "opportunity.stakeholders_changed": ("Who plays which role in a sale is another by now.", OpportunityRead),
    "opportunity.collaborators_changed": ("Somebody helps with a sale, or does no more.", OpportunityRead),
    "opportunity.reviewed": ("Someone looked at the card of a sale; the next look is planned.", OpportunityRead),
    "opportunity.contacted": ("A visit was made for a sale; `last_activity_at` moved.", OpportunityRead),
    "opportunity.held": ("A sale rests until a day.", OpportunityRead),
    "opportunity.resumed": ("A sale that rested goes on.", OpportunityRead),
    "opportunity.stalled": (
        "Nothing was done about a sale, or it has been in its stage, for too long.",
        OpportunityRead,
    ),
    "opportunity.won": ("A sale was won.", OpportunityRead),
    "opportunity.lost": ("A sale was lost; `lost_reason` says why.", OpportunityRead),
    "opportunity.reopened": ("A lost sale was opened again.", OpportunityRead),
    "opportunity.archived": ("A sale was put aside.", OpportunityRead),
    "opportunity.restored": ("An archived sale was brought back.", OpportunityRead),
    "comment.added": ("Somebody said something about a sale.", CommentRead),
    "comment.updated": ("A comment was changed.", CommentRead),
    "comment.removed": ("A comment was taken back; its words are gone.", CommentRead),
    "contract.expired": ("The contract of a sale that was won is over.", OpportunityRead),
    "pipeline.created": ("A way of selling was added.", PipelineRead),
    "pipeline.updated": ("A pipeline was changed, or became the default one.", PipelineRead),
    "pipeline.stages_changed": ("The stages of a pipeline are others now.", PipelineRead),
    "pipeline.archived": ("A pipeline was put aside.", PipelineRead),
    "pipeline.restored": ("An archived pipeline was brought back.", PipelineRead),
    "product.created": ("A product was added.", ProductRead),
    "product.updated": ("A product was changed.", ProductRead),
    "product.archived": ("A product was put aside.", ProductRead),
    "product.restored": ("An archived product was brought back.", ProductRead),
    "exchange_rate.set": ("What another currency is worth from a day on was said.", RateRead),
    "exchange_rate.corrected": ("What another currency is worth from a day on was corrected.", RateRead),
    "target.created": ("A target was set.", TargetRead),
    "target.updated": ("A target was changed.", TargetRead),
    "target.archived": ("A target was put aside.", TargetRead),
    "target.restored": ("An archived target was brought back.", TargetRead),
}
