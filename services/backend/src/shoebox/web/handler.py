"""Every address of Shoebox and what answers there."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from shoebox.app.application import Application
from shoebox.domain.errors import BadRequest, NotFound, RateLimited, Unavailable
from shoebox.domain.listing import ListQuery
from shoebox.domain.names import RESERVED
from shoebox.web.accept import prefers_html, prefers_text
from shoebox.web.base import RequestCycle
from shoebox.web.dialects.endpoints import DialectEndpoints
from shoebox.web.framing import Head
from shoebox.web.kept import kept_json, name_of
from shoebox.web.listing import parse_filter, plain_query, understood
from shoebox.web.metrics import READY, not_ready
from shoebox.web.mixins.conditional import ConditionalMixin
from shoebox.web.mixins.json_body import JsonBodyMixin, tagged, tagged_json
from shoebox.web.mixins.pagination import PaginationMixin
from shoebox.web.mixins.routing import METHODS, Router, RoutingMixin, build_router
from shoebox.web.mixins.sorting import SortingMixin
from shoebox.web.openapi import document
from shoebox.web.origins import SAFE_METHODS, Origins
from shoebox.web.page_json import listing_json
from shoebox.web.pages import Pages
from shoebox.web.presenters import health_json, image_json, limits_json, outcome_bytes, outcome_text
from shoebox.web.proxies import Proxies
from shoebox.web.refusals import refusal, wait_of
from shoebox.web.request import Request
from shoebox.web.response import JSON, Response, json_response, redirect, text_response
from shoebox.web.routes import ROUTES
from shoebox.web.settings import WebSettings
from shoebox.web.static import page_response, static_response
from shoebox.web.stored import StoredEndpoints
from shoebox.web.target import Query, encoded
from shoebox.web.tools import Tools
from shoebox.web.tus import TusEndpoints, offer, spoken_lines
from shoebox.web.uploading import Outcome, upload_body, upload_form


class Handler(
    RequestCycle,
    DialectEndpoints,
    StoredEndpoints,
    TusEndpoints,
    RoutingMixin,
    PaginationMixin,
    SortingMixin,
    JsonBodyMixin,
    ConditionalMixin,
):
    """The endpoints. Each takes a request and the values of its path, and answers."""

    app: Application
    router: Router
    origins: Origins
    pages: Pages
    tools: Tools
    openapi: Response

    def respond(self, request: Request) -> Response:
        """Find the endpoint, let it answer, spare what the client has."""
        if request.target.path == "*":
            return self._about_server(request)
        match = self.match(request.method, request.target.segments)
        self.route = match.template
        if request.method == "OPTIONS":
            offered = offer(request.target.segments, self.app.uploads.limits)
            return self.origins.preflight(request.fields, match.allow).adding(offered)
        if request.method not in SAFE_METHODS:
            self._guard(request)
        response: Response = getattr(self, match.endpoint)(request, *match.values)
        return self.conditional(request, response)

    def refuse(self, error: Exception, head: Head) -> Response:
        """An error as an answer."""
        return refusal(error, head, self.pages)

    def decorate(self, fields: Mapping[str, str]) -> bytes:
        """What pages of other sites may read of any answer, and the protocol of resumable uploads."""
        return self.origins.lines(fields) + spoken_lines(fields)

    def _about_server(self, request: Request) -> Response:
        if request.method != "OPTIONS":
            raise BadRequest("Only OPTIONS may be asked of the server as a whole.")
        return self.origins.preflight(request.fields, ", ".join(METHODS))

    def _guard(self, request: Request) -> None:
        self.origins.check(request)
        seconds = self.settings.rate_check(request.client)
        if seconds > 0:
            raise RateLimited("Too many requests from your address; wait a little.", retry_after=wait_of(seconds))

    # Programs

    def health(self, _request: Request) -> Response:
        report = self.app.health.check()
        status = HTTPStatus.OK if report.healthy else HTTPStatus.SERVICE_UNAVAILABLE
        response = json_response(status, health_json(report))
        return response if report.healthy else response.adding({"Retry-After": str(Unavailable.retry_after)})

    def live(self, _request: Request) -> Response:
        return json_response(HTTPStatus.OK, {"status": "alive"})

    def ready(self, _request: Request) -> Response:
        if self.draining:
            return not_ready("draining")
        return READY if self.app.health.check().healthy else not_ready("unavailable")

    def numbers(self, request: Request) -> Response:
        if self.settings.metrics is None:
            raise NotFound("This process keeps no numbers.")
        return self.settings.metrics.answer(request)

    def description(self, _request: Request) -> Response:
        return self.openapi

    def limits(self, _request: Request) -> Response:
        return self.json(
            HTTPStatus.OK, limits_json(self.app.uploads.limits, self.settings.version, self.settings.public_url)
        )

    def list_images(self, request: Request) -> Response:
        kept, query = self.settings.kept_lists, self._list_query(request)
        name = name_of(request) if kept else None
        if kept is None or name is None:
            return tagged(HTTPStatus.OK, *listing_json(self.app.gallery.list(query), request.base_url))
        with kept.reading(name) as keep:
            return kept_json(*listing_json(self.app.gallery.list(query), request.base_url), keep)

    def image(self, request: Request, key: str) -> Response:
        return self.json(HTTPStatus.OK, image_json(self.app.gallery.get(key), request.base_url))

    def image_or_collection(self, request: Request, name: str) -> Response:
        return self.image(request, name) if "." in name else self.d4_list(request, name)

    def delete(self, _request: Request, key: str) -> Response:
        self.app.removal.remove(key)
        return json_response(HTTPStatus.OK, {"message": f"File '{key}' deleted successfully."})

    def upload(self, request: Request) -> Response:
        if prefers_html(request.accept):
            return self.upload_from_page(request)
        return self._created(request, upload_form(request, self.app.uploads))

    def upload_raw(self, request: Request, name: str) -> Response:
        return self._created(request, upload_body(request, name, self.app.uploads))

    def upload_as_text(self, request: Request) -> Response:
        outcome = upload_form(request, self.app.uploads)
        response = text_response(_upload_status(outcome), outcome_text(outcome, request.base_url))
        return response.adding(_location(outcome))

    def _created(self, request: Request, outcome: Outcome) -> Response:
        status = _upload_status(outcome)
        if prefers_text(request.accept):
            response = text_response(status, outcome_text(outcome, request.base_url))
        else:
            response = Response(status=status, headers=JSON, body=outcome_bytes(outcome, request.base_url))
        return response.adding(_location(outcome))

    def _list_query(self, request: Request) -> ListQuery:
        return understood(request.target, self._read_list_query)

    def _read_list_query(self, query: Query) -> ListQuery:
        selection = parse_filter(query)
        sort = self.read_sort(query)
        page = self.read_page(query, sort, selection)
        return ListQuery(sort=sort, filter=selection, place=page.place, size=page.size)

    # Files

    def static_file(self, request: Request, path: str) -> Response:
        return static_response(request, self.settings.frontend_dir / "static", path)

    def favicon(self, request: Request) -> Response:
        # Browsers ask for it here beside a picture, where no page of ours names another.
        return static_response(request, self.settings.frontend_dir / "static", "icons/favicon.ico")

    # People

    def welcome_page(self, request: Request) -> Response:
        return page_response(request, self.settings.frontend_dir, "index.html")

    def upload_page(self, request: Request) -> Response:
        return page_response(request, self.settings.frontend_dir, "upload.html")

    def collection_page(self, request: Request, collection: str) -> Response:
        if collection in RESERVED:
            raise BadRequest(f"The word {collection} is used by this service itself and names no collection.")
        return self.upload_page(request)

    def docs_page(self, request: Request) -> Response:
        return page_response(request, self.settings.frontend_dir, "docs.html")

    def tools_page(self, request: Request) -> Response:
        return self.pages.tools(request.base_url)

    def tool(self, request: Request, name: str) -> Response:
        return self.tools.file(name, request.base_url)

    def gallery_page(self, request: Request) -> Response:
        if request.query.get("view") != "plain":
            return page_response(request, self.settings.frontend_dir, "images.html")
        listing = self.app.gallery.list(self._list_query(request))
        if listing.total and not listing.images:  # the last picture of the last page was deleted
            return redirect(f"/images/?{plain_query(request.query, page=str(listing.pages))}", HTTPStatus.SEE_OTHER)
        return self.pages.gallery(listing, request.query)

    def add_slash(self, request: Request) -> Response:
        query = f"?{encoded(request.target.raw_query)}" if request.target.raw_query else ""
        return redirect(f"{request.target.path}/{query}")

    def upload_from_page(self, request: Request) -> Response:
        outcome = upload_form(request, self.app.uploads)
        return self.pages.uploaded(_upload_status(outcome), outcome, request.base_url).adding(_location(outcome))


def _upload_status(outcome: Outcome) -> int:
    return HTTPStatus.MULTI_STATUS if outcome.failures else HTTPStatus.CREATED


def _location(outcome: Outcome) -> dict[str, str]:
    return {} if outcome.several else {"Location": f"/images/{outcome.images[0].key}"}


def make_handler(app: Application, settings: WebSettings) -> type[Handler]:
    """The handler of one process. Reads the templates; raises `OSError` when one is missing."""
    return type(
        "BoundHandler",
        (Handler,),
        {
            "app": app,
            "settings": settings,
            "router": build_router(ROUTES),
            "origins": Origins(settings.cors_origins, settings.public_url),
            "pages": Pages(settings.frontend_dir / "templates"),
            "tools": Tools(settings.frontend_dir / "tools"),
            "openapi": tagged_json(HTTPStatus.OK, document(settings.version)),
            "proxies": Proxies(settings.trusted_proxies, trust_peer=settings.trust_peer),
        },
    )
