"""An image host with Flask, SQLAlchemy and gunicorn, as a good tutorial would build it.

Flask's own patterns: an application factory, a session a request, `send_from_directory`, models
with typed columns, the form's file saved by `FileStorage.save`. What makes it quick is there: a
pool of connections a process, an index for every order of the list, no debugging, no log of its
own (Nginx keeps one). `FULL=1` adds what `pictures.process` does; without it a file is believed.

Settings come from the environment, as gunicorn's children have it: DATABASE_URL, IMAGES_DIR, FULL.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, request, send_from_directory
from pictures import EXTENSIONS, NotAPictureError, process
from sqlalchemy import ColumnElement, DateTime, Index, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

MAX_FILE_SIZE: Final = 20 * 1024 * 1024  # bytes, as Shoebox has it
MAX_PER_PAGE: Final = 100
NAME_BYTES: Final = 16  # of chance in a file's name


class Base(DeclarativeBase):
    """The tables."""


class Image(Base):
    """One picture."""

    __tablename__ = "images"

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(unique=True)
    original_name: Mapped[str]
    size: Mapped[int]
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("images_by_age", "uploaded_at", "id"),
        Index("images_by_size", "size", "id"),
        Index("images_by_name", "original_name", "id"),
    )

    def as_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "filename": self.filename,
            "original_name": self.original_name,
            "size": self.size,
            "uploaded_at": self.uploaded_at.isoformat(),
            "url": f"/images/{self.filename}",
        }


SORTS: Final[dict[str, Any]] = {
    "age": Image.uploaded_at,
    "size": Image.size,
    "name": Image.original_name,
}


def create_app() -> Flask:
    """What gunicorn serves. Each of its processes has a pool of connections of its own."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_FILE_SIZE
    folder = Path(os.environ["IMAGES_DIR"])
    thumbnails = folder / "thumbnails"
    full = os.environ.get("FULL") == "1"
    # What was committed is answered as it is, not read again.
    sessions = scoped_session(sessionmaker(create_engine(_database()), expire_on_commit=False))

    @app.teardown_appcontext
    def end_session(_: BaseException | None) -> None:
        sessions.remove()

    @app.get("/api/images")
    def images() -> Response:
        page = max(1, request.args.get("page", 1, type=int))
        per_page = min(MAX_PER_PAGE, max(1, request.args.get("per_page", 8, type=int)))
        total = sessions.scalar(select(func.count()).select_from(Image)) or 0
        rows = sessions.scalars(select(Image).order_by(*_order()).limit(per_page).offset((page - 1) * per_page))
        return jsonify(
            images=[image.as_json() for image in rows],
            page=page,
            per_page=per_page,
            total=total,
            pages=-(-total // per_page),
        )

    @app.post("/api/images")
    def upload() -> tuple[Response, int]:
        file = request.files.get("file")
        if file is None or not file.filename:
            abort(400, "The form has no file.")
        extension = Path(file.filename).suffix.lower()
        if extension not in EXTENSIONS:
            abort(415, "This is not a format we keep.")
        name = secrets.token_hex(NAME_BYTES) + extension
        path = folder / name
        file.save(path)
        if full:
            try:
                process(path, thumbnails / f"{name}.webp")
            except NotAPictureError:
                path.unlink()
                (thumbnails / f"{name}.webp").unlink(missing_ok=True)
                abort(422, "This picture is damaged.")
        image = Image(filename=name, original_name=file.filename, size=path.stat().st_size)
        sessions.add(image)
        sessions.commit()
        return jsonify(image.as_json()), 201

    @app.get("/images/<filename>")
    def picture(filename: str) -> Response:
        return send_from_directory(folder, filename)

    @app.delete("/api/images/<filename>")
    def delete(filename: str) -> Response:
        image = sessions.scalar(select(Image).where(Image.filename == filename))
        if image is None:
            abort(404)
        sessions.delete(image)
        sessions.commit()
        (folder / filename).unlink(missing_ok=True)
        (thumbnails / f"{filename}.webp").unlink(missing_ok=True)
        return jsonify(message=f"{filename} is deleted.")

    return app


def create_tables() -> None:
    """Once, before the first start."""
    Base.metadata.create_all(create_engine(_database()))


def _database() -> str:
    """psycopg2 is the driver SQLAlchemy had by default for most of its life."""
    return os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:", 1)


def _order() -> list[ColumnElement[Any]]:
    column = SORTS.get(request.args.get("sort", "age"))
    if column is None:
        abort(400, "There is no such order.")
    if request.args.get("order", "desc") == "desc":
        return [column.desc(), Image.id.desc()]
    return [column.asc(), Image.id.asc()]
