"""Every address of Shoebox and the endpoint that answers there; `web/openapi` describes them.

HEAD comes with GET, OPTIONS with every path.
"""

from __future__ import annotations

from typing import Final

ROUTES: Final = (
    # People
    ("GET", "/", "welcome_page"),
    ("POST", "/", "upload_as_text"),
    ("GET", "/upload", "add_slash"),
    ("GET", "/upload/", "upload_page"),
    ("POST", "/upload/", "upload_from_page"),
    ("GET", "/images", "add_slash"),
    ("GET", "/images/", "gallery_page"),
    ("GET", "/docs/", "docs_page"),
    ("GET", "/tools/", "tools_page"),
    ("GET", "/tools/{name}", "tool"),
    # Files
    ("GET", "/images/{name}", "picture"),
    ("GET", "/thumbs/{width}/{key}", "thumbnail"),
    ("GET", "/static/{path*}", "static_file"),
    ("GET", "/favicon.ico", "favicon"),
    # Programs
    ("GET", "/health", "health"),
    ("GET", "/livez", "live"),
    ("GET", "/readyz", "ready"),
    ("GET", "/metrics", "numbers"),
    ("GET", "/api/openapi.json", "description"),
    ("GET", "/api/limits", "limits"),
    ("POST", "/api/upload", "upload"),
    ("POST", "/api/upload/", "upload"),
    ("PUT", "/api/upload/{name}", "upload_raw"),
    ("GET", "/api/images", "list_images"),
    ("GET", "/api/images/", "list_images"),
    ("GET", "/api/images/{name}", "image_or_collection"),
    ("DELETE", "/api/images/{name}", "delete"),
    # Uploads in pieces
    ("POST", "/api/tus/", "tus_create"),
    ("GET", "/api/tus/{upload}", "tus_state"),
    ("PATCH", "/api/tus/{upload}", "tus_append"),
    ("DELETE", "/api/tus/{upload}", "tus_remove"),
    ("POST", "/api/tus/{upload}", "tus_override"),
    # Clients of the older systems and of Imgur
    ("GET", "/api/upload", "d1_list"),
    ("GET", "/api/upload/", "d1_list"),
    ("GET", "/api/upload/{name}", "image"),
    ("DELETE", "/api/upload/{name}", "delete"),
    ("GET", "/api/health", "health"),
    ("GET", "/api/ready", "health"),
    ("GET", "/index.html", "d1_welcome_page"),
    ("GET", "/upload.html", "d1_upload_page"),
    ("GET", "/image_detail.html", "d1_image_page"),
    ("POST", "/upload", "d2_upload"),
    ("GET", "/images-list", "d2_list"),
    ("DELETE", "/delete/{id}", "d2_delete"),
    ("POST", "/delete/{id}", "d2_delete_from_page"),
    ("DELETE", "/api/delete/{id}", "d2_delete"),
    ("POST", "/upload/{image_id}", "d4_upload"),
    ("GET", "/api/url/{collection}", "d4_latest"),
    ("POST", "/3/image", "imgur_upload"),
    ("DELETE", "/3/image/{deletehash}", "imgur_delete"),
    # Last, because it is any other word
    ("GET", "/{collection}", "collection_page"),
)
