"""The addresses of the older systems: what was asked, the use case, the answer in their words."""

from __future__ import annotations

from http import HTTPStatus

from shoebox.app.application import Application
from shoebox.web.accept import prefers_html
from shoebox.web.dialects import d1, d2, d3, d4, imgur
from shoebox.web.listing import plain_query
from shoebox.web.mixins.json_body import tagged_json
from shoebox.web.request import Request
from shoebox.web.response import Response, json_response, redirect
from shoebox.web.uploading import upload_encoded, upload_one


class DialectEndpoints:
    """Endpoints over the same use cases as those of `Handler`."""

    app: Application

    def d1_list(self, request: Request) -> Response:
        listing = self.app.gallery.list(d1.parse_list(request.query))
        return tagged_json(HTTPStatus.OK, d1.listing_json(listing, request.base_url))

    def d1_welcome_page(self, _request: Request) -> Response:
        return redirect("/")

    def d1_upload_page(self, request: Request) -> Response:
        return redirect(d1.upload_page(request.query))

    def d1_image_page(self, request: Request) -> Response:
        return redirect(d1.image_page(request.query))

    def d2_upload(self, request: Request) -> Response:
        image = upload_one(request, self.app.uploads)
        return json_response(HTTPStatus.CREATED, d2.stored_json(image, request.base_url))

    def d2_list(self, request: Request) -> Response:
        return tagged_json(HTTPStatus.OK, d2.listing_json(self.app.gallery.list(d2.parse_list(request.query))))

    def d2_delete(self, _request: Request, name: str) -> Response:
        number = d2.number_of(name)
        key = d3.filename_of(name) if number is None else self.app.gallery.find(number).key
        self.app.removal.remove(key)
        return json_response(HTTPStatus.OK, d2.DELETED)

    def d2_delete_from_page(self, request: Request, name: str) -> Response:
        answer = self.d2_delete(request, name)
        if not prefers_html(request.accept):
            return answer
        return redirect(f"/images/?{plain_query(request.query)}", HTTPStatus.SEE_OTHER)

    def d4_upload(self, request: Request, collection: str) -> Response:
        image = upload_one(request, self.app.uploads, collection=collection)
        return json_response(HTTPStatus.CREATED, d4.stored_json(image, request.base_url))

    def d4_latest(self, request: Request, collection: str) -> Response:
        (image,) = self.app.gallery.newest(collection, limit=1)
        return tagged_json(HTTPStatus.OK, d4.image_json(image, request.base_url))

    def d4_list(self, request: Request, collection: str) -> Response:
        images = self.app.gallery.newest(collection, limit=d4.MOST)
        return tagged_json(HTTPStatus.OK, d4.images_json(images, request.base_url))

    def imgur_upload(self, request: Request) -> Response:
        image = upload_encoded(request, self.app.uploads, field="image")
        return json_response(HTTPStatus.OK, imgur.stored_json(image, request.base_url))

    def imgur_delete(self, _request: Request, deletehash: str) -> Response:
        self.app.removal.remove(deletehash)
        return json_response(HTTPStatus.OK, imgur.deleted_json())
