"""Anchor: an S3 bucket with object lock. In compliance mode nobody deletes a version before its time, its owner included."""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from chancery_contracts.event import Clock
from chancery_ledger.errors import Malformed
from chancery_ledger.pack_anchors import location
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.retention import Retention

from chancery_audit.errors import AnchorContradicted, AnchorDown, AnchorFailed
from chancery_audit.ports import Anchored, AnchorKind

THREADS = 4
MAX_NOTE_BYTES = 1_000_000
_ABSENT = {"NoSuchKey", "NoSuchObject", "MethodNotAllowed"}
"""The last where the newest version is a delete marker."""
_PASSING = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"}
T = TypeVar("T")


@dataclass(frozen=True)
class Bucket:
    """Where, and as whom."""

    endpoint: str
    secure: bool
    name: str
    prefix: str
    region: str
    access_key: str
    secret_key: str

    @classmethod
    def parse(cls, url: str, region: str, access_key: str, secret_key: str) -> "Bucket":
        """From `https://<endpoint>/<bucket>[/<prefix>]`. Raises Malformed."""
        parts = urlsplit(url)
        name, _, prefix = parts.path.strip("/").partition("/")
        if parts.scheme not in {"http", "https"} or not parts.netloc or not name or parts.query or parts.fragment or "@" in parts.netloc:
            raise Malformed("the S3 anchor is given as `https://<endpoint>/<bucket>[/<prefix>]`")
        return cls(parts.netloc, parts.scheme == "https", name, f"{prefix}/" if prefix else "", region, access_key, secret_key)


class S3Anchor:
    """`<prefix><tenant>/<size>.checkpoint`. The evidence names the version: a later one of the same key takes nothing away from it."""

    kind: AnchorKind = "s3"

    def __init__(self, bucket: Bucket, days: int, timeout_s: float, clock: Clock) -> None:
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(timeout_s), retries=urllib3.Retry(total=0), maxsize=THREADS)
        self._client = Minio(
            bucket.endpoint, bucket.access_key, bucket.secret_key, secure=bucket.secure, region=bucket.region, http_client=pool
        )
        self._bucket = bucket
        self._lasts = timedelta(days=days)
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "anchor-s3")

    async def publish(self, tenant: str, size: int, note: str) -> Anchored:
        """Raises AnchorDown; AnchorFailed where the bucket does not lock; AnchorContradicted where it has another note of that size."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._publish, tenant, size, note)

    def _publish(self, tenant: str, size: int, note: str) -> Anchored:
        key, at = f"{self._bucket.prefix}{tenant}/{size:012d}.checkpoint", self._clock()
        until = (at + self._lasts).replace(microsecond=0)
        version = _answered(lambda: self._known(key, note))
        at_least = at if version is not None else until
        version = version or _answered(lambda: self._put(key, note, until))
        lock = _answered(lambda: self._client.get_object_retention(self._bucket.name, key, version))
        if lock is None or lock.mode != COMPLIANCE or lock.retain_until_date < at_least:
            raise AnchorFailed("the bucket of the S3 anchor does not lock as it was told: it needs object lock in compliance mode")
        locked = lock.retain_until_date.isoformat()
        where = {"endpoint": self._bucket.endpoint, "bucket": self._bucket.name, "key": key, "version": version, "locked_until": locked}
        return Anchored(at, location(note, **where))

    def _known(self, key: str, note: str) -> str | None:
        """The version that is there already, after a death between the bucket and the database. Raises AnchorContradicted."""
        try:
            response = self._client.get_object(self._bucket.name, key)
        except S3Error as exc:
            if exc.code in _ABSENT:
                return None
            raise
        try:
            kept, version = response.read(MAX_NOTE_BYTES), response.headers.get("x-amz-version-id")
        finally:
            response.close()
            response.release_conn()
        if kept != note.encode():
            raise AnchorContradicted(f"the bucket holds another checkpoint of this size: {key}")
        return version

    def _put(self, key: str, note: str, until: datetime) -> str:
        data = note.encode()
        retention = Retention(COMPLIANCE, until)
        made = self._client.put_object(
            self._bucket.name, key, io.BytesIO(data), len(data), "text/plain; charset=utf-8", retention=retention
        )
        if made.version_id is None:
            raise AnchorFailed("the bucket of the S3 anchor keeps no versions: it needs object lock in compliance mode")
        return made.version_id


def _answered(ask: Callable[[], T]) -> T:
    """Foreign errors become the anchor's own; codes are told, and no words of the server."""
    try:
        return ask()
    except S3Error as exc:
        kind = AnchorDown if exc.code in _PASSING else AnchorFailed
        raise kind(f"the bucket of the S3 anchor refuses: {exc.code}") from exc
    except (urllib3.exceptions.HTTPError, OSError) as exc:
        raise AnchorDown(f"the bucket of the S3 anchor does not answer ({type(exc).__name__})") from exc
    except (MinioException, ValueError) as exc:
        raise AnchorFailed(f"the bucket of the S3 anchor answers in no S3 ({type(exc).__name__})") from exc
