"""D4, an older system: pictures belong to an `image_id`, which is a collection's name here."""

from __future__ import annotations

from typing import Final

from shoebox.domain.errors import NotFound
from shoebox.domain.image import Image
from shoebox.web.errors import detail_of
from shoebox.web.presenters import timestamp

MOST: Final = 1000  # newest pictures of a collection in one answer: about 300 kB; the API has pages


def stored_json(image: Image, base_url: str) -> dict[str, object]:
    """The answer to an upload."""
    url = f"{base_url}/images/{image.key}"
    return {
        "success": True,
        "message": "Image uploaded successfully.",
        "image_id": image.collection,
        "s3_url": url,
        "image_url": url,
        "delete_url": f"{base_url}/delete/{image.key}",
        "uploaded_at": timestamp(image.uploaded_at),
    }


def image_json(image: Image, base_url: str) -> dict[str, object]:
    """One picture of a collection."""
    return {
        "success": True,
        "image_id": image.collection,
        "s3_url": f"{base_url}/images/{image.key}",
        "original_filename": image.original_name,
        "file_size": image.facts.size,
        "content_type": image.facts.format.content_type,
        "uploaded_at": timestamp(image.uploaded_at),
    }


def images_json(images: tuple[Image, ...], base_url: str) -> dict[str, object]:
    """All pictures of a collection."""
    return {"success": True, "count": len(images), "images": [image_json(image, base_url) for image in images]}


def error_json(error: Exception, image_id: str) -> dict[str, object]:
    """An error; where nothing was found it says under which name."""
    told: dict[str, object] = {"error": detail_of(error)}
    return told | {"image_id": image_id} if isinstance(error, NotFound) else told
