"""Images in the words of the API (docs: the contract's image object); `page_json` has pages of them."""

from __future__ import annotations

from datetime import datetime
from json.encoder import encode_basestring as _quoted
from typing import Final

from shoebox.app.health import HealthReport
from shoebox.app.upload import UploadLimits
from shoebox.domain.image import GALLERY_WIDTH, Format, Image
from shoebox.web.errors import detail_of, status_of
from shoebox.web.response import json_bytes
from shoebox.web.uploading import Outcome

# One lookup for what would be three calls of properties, in what every list does most.
_KINDS: Final = {known: (known.value, known.content_type) for known in Format}


def image_json(image: Image, base_url: str) -> dict[str, object]:
    """One image object; its keys are promised to clients, in this order."""
    facts = image.facts
    file_type, content_type = _KINDS[facts.format]
    return {
        "id": image.id,
        "filename": image.key,
        "original_name": image.original_name,
        "url": f"/images/{image.key}",
        "absolute_url": f"{base_url}/images/{image.key}",
        "thumbnail_url": f"/thumbs/{GALLERY_WIDTH}/{image.key}",
        "size": facts.size,
        "width": facts.width,
        "height": facts.height,
        "file_type": file_type,
        "content_type": content_type,
        "upload_time": timestamp(image.uploaded_at),
        "sha256": facts.sha256,
        "color": facts.color,
        "collection": image.collection,
    }


def image_bytes(image: Image, base_url: str) -> bytes:
    """The same object as JSON, put together here: an encoder takes more than twice as long."""
    facts, key = image.facts, image.key
    file_type, content_type = _KINDS[facts.format]
    collection = "null" if image.collection is None else _quoted(image.collection)
    # What is not quoted so cannot hold what has to be escaped.
    return (
        f'{{"id":{image.id},"filename":"{key}","original_name":{_quoted(image.original_name)},'
        f'"url":"/images/{key}","absolute_url":{_quoted(f"{base_url}/images/{key}")},'
        f'"thumbnail_url":"/thumbs/{GALLERY_WIDTH}/{key}","size":{facts.size},"width":{facts.width},'
        f'"height":{facts.height},"file_type":"{file_type}","content_type":"{content_type}",'
        f'"upload_time":"{timestamp(image.uploaded_at)}","sha256":"{facts.sha256}","color":"{facts.color}",'
        f'"collection":{collection}}}'
    ).encode("utf-8", "backslashreplace")


def limits_json(limits: UploadLimits, version: str, public_url: str | None) -> dict[str, object]:
    """What is accepted, for pages that tell people before they choose, and what links begin
    with if the operator has said so."""
    return {
        "max_file_size": limits.max_file_size,
        "max_files": limits.max_files,
        "max_pixels": limits.max_pixels,
        "formats": [
            {"name": known.title, "extension": known.value, "content_type": known.content_type} for known in Format
        ],
        "version": version,
        "public_url": public_url,
    }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, always with microseconds and a Z."""
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def outcome_bytes(outcome: Outcome, base_url: str) -> bytes:
    """As JSON: the image object of a single file; for several, all images and all errors."""
    if not outcome.several:
        return image_bytes(outcome.images[0], base_url)
    return json_bytes(_several_json(outcome, base_url))


def _several_json(outcome: Outcome, base_url: str) -> dict[str, object]:
    return {
        "images": [image_json(image, base_url) for image in outcome.images],
        "errors": [
            {
                "original_name": failure.original_name,
                "index": failure.index,
                "status": int(status_of(failure.error)),
                "code": failure.error.code,
                "detail": detail_of(failure.error),
            }
            for failure in outcome.failures
        ],
    }


def outcome_text(outcome: Outcome, base_url: str) -> str:
    """One absolute link a line, then one line for each refused file."""
    links = [f"{base_url}/images/{image.key}" for image in outcome.images]
    refusals = [f"error: {failure.original_name}: {detail_of(failure.error)}" for failure in outcome.failures]
    return "\n".join(links + refusals)


def health_json(report: HealthReport) -> dict[str, object]:
    """What /health says, healthy or not."""
    return {
        "status": "healthy" if report.healthy else "unhealthy",
        "timestamp": timestamp(report.timestamp),
        "environment": report.environment,
        "version": report.version,
        "storage": report.storage,
    }
