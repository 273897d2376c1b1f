"""Where the content of attachments is kept, as the environment says: a bucket, or a folder of this machine."""

from functools import cache

from crm.attachments.bucket import Bucket
from crm.attachments.local import Folder
from crm.attachments.store import Store
from services.settings import Settings


@cache
def store_of(settings: Settings) -> Store:
    """The store that all processes share; it connects with its first use."""
    if settings.s3_bucket and settings.s3_access_key_id and settings.s3_secret_access_key:
        return Bucket(
            settings.s3_bucket,
            prefix=settings.s3_prefix,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id.get_secret_value(),
            secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        )
    return Folder(settings.attachments_dir)
