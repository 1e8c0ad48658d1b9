"""A small typed client: publish a request, await the answer."""

from chancery_client.client import ChanceryClient, Completed, Request, question
from chancery_client.errors import ClientError, NotCompletedInTime

__all__ = ["ChanceryClient", "ClientError", "Completed", "NotCompletedInTime", "Request", "question"]
