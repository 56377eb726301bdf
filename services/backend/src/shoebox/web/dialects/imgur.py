"""The two calls of Imgur's API v3 that its upload clients make.

Source: Imgur API documentation, "Image Upload", "Image Deletion", "Image Data Model". The
deletehash is the filename: whoever knows a picture's address may delete it here by every
other door too, and a secret that opens nothing more would only promise something.
"""

from __future__ import annotations

from shoebox.domain.image import Image
from shoebox.web.errors import detail_of, status_of


def stored_json(image: Image, base_url: str) -> dict[str, object]:
    """The answer to an upload."""
    facts = image.facts
    return _basic(
        {
            "id": image.key.partition(".")[0],
            "deletehash": image.key,
            "link": f"{base_url}/images/{image.key}",
            "name": image.original_name,
            "title": None,
            "description": None,
            "datetime": int(image.uploaded_at.timestamp()),
            "type": facts.format.content_type,
            # Where it is true, Imgur has made a video, and clients go for `mp4` and `gifv` without looking
            # whether they are there. We make none: an animation is the file behind `link`, as it came.
            "animated": False,
            "width": facts.width,
            "height": facts.height,
            "size": facts.size,
            "views": 0,
            "bandwidth": 0,
            "tags": [],
            "favorite": False,
            "nsfw": None,
            "section": None,
            "vote": None,
            "account_id": 0,
            "account_url": None,
            "in_gallery": False,
        }
    )


def deleted_json() -> dict[str, object]:
    """The answer to a deletion."""
    return _basic(True)


def error_json(error: Exception, method: str, path: str) -> dict[str, object]:
    """An error."""
    data = {"error": detail_of(error), "request": path, "method": method}
    return {"data": data, "success": False, "status": int(status_of(error))}


def _basic(data: object) -> dict[str, object]:
    return {"data": data, "success": True, "status": 200}
