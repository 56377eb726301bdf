"""The bytes of pictures and thumbnails."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from shoebox.app.application import Application
from shoebox.domain.errors import NotFound, ShoeboxError
from shoebox.domain.image import THUMBNAIL_WIDTHS, Format
from shoebox.web.dialects import d3
from shoebox.web.request import Request
from shoebox.web.response import Response, header_lines, redirect
from shoebox.web.settings import WebSettings
from shoebox.web.static import IMMUTABLE, download_line, file_response

# A key is never used for other bytes, so what it names may be cached for ever.
PICTURE: Final = {
    known: header_lines(
        {
            "Content-Type": known.content_type,
            "Cache-Control": IMMUTABLE,
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
    )
    for known in Format
}
WIDTHS: Final = {str(width): width for width in THUMBNAIL_WIDTHS}


class StoredEndpoints:
    """Part of the handler.

    On a disk a file that is there is a picture that is. From object storage the bytes come
    slowly, so that Nginx and networks in front of us keep copies: then the row is asked, each
    time, whether the picture still is one.
    """

    app: Application
    settings: WebSettings

    def picture(self, request: Request, name: str) -> Response:
        name = d3.filename_of(name)
        download = request.query.get("download") == "1"
        if not self.settings.remote_store:
            found = self.app.pictures.open(name)
            headers = PICTURE[_format(found.key)]
            if download:
                try:
                    headers += self._download(found.key)
                except ShoeboxError:
                    found.file.close()
                    raise
            return file_response(request, found.file, headers, tag=found.key)
        key = self.app.pictures.locate(name)
        headers = self._download(key) if download else b""
        link = self.settings.picture_link
        # Our own pages load from our own host only: their Content-Security-Policy says so.
        if link is not None and not download and request.fields.get("sec-fetch-site") != "same-origin":
            return redirect(link(key), HTTPStatus.TEMPORARY_REDIRECT)
        if self._is_asked_by_visitor(request):
            return _by_nginx(f"images/{key}", headers)
        opened = self.app.pictures.open(key)
        return file_response(request, opened.file, PICTURE[_format(key)] + headers, tag=key)

    def thumbnail(self, request: Request, width: str, key: str) -> Response:
        if width not in WIDTHS:
            raise NotFound("There is no thumbnail of this width.")
        if self.settings.remote_store:
            self.app.gallery.get(key)
            if self._is_asked_by_visitor(request):
                return _by_nginx(f"thumbs/{width}/{key}", b"")
        file = self.app.thumbnails.open(key, WIDTHS[width])
        return file_response(request, file, PICTURE[Format.WEBP], tag=f"{width}-{key}")

    def _download(self, key: str) -> bytes:
        return download_line(self.app.gallery.get(key).original_name)

    def _is_asked_by_visitor(self, request: Request) -> bool:
        """Whether Nginx asks for somebody, and not for the bytes that it keeps."""
        return self.settings.trust_peer and request.query.get("store") != "bytes"


def _format(key: str) -> Format:
    return Format(key.rpartition(".")[2])


def _by_nginx(path: str, headers: bytes) -> Response:
    """Let Nginx send what it keeps, or ask us for it once more: services/nginx/render.sh."""
    return Response(status=HTTPStatus.OK, headers=headers + header_lines({"X-Accel-Redirect": f"/.store/{path}"}))
