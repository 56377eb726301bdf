"""An image host with FastAPI, asyncpg and uvicorn, as a good tutorial would build it.

FastAPI's own patterns: the pool of connections opened by the lifespan and kept for the process,
answers as Pydantic models, `UploadFile` copied to the disk by a thread so that the loop goes on,
`FileResponse`. asyncpg prepares each statement once a connection. There is an index for every
order of the list, no debugging and no log of its own (Nginx keeps one). `FULL=1` adds what
`pictures.process` does, in a thread of the same pool: Pillow lets the others run meanwhile.

Settings come from the environment, as uvicorn's children have it: DATABASE_URL, IMAGES_DIR, FULL.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Final, Literal

import asyncpg
from fastapi import FastAPI, HTTPException, Query, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pictures import EXTENSIONS, NotAPictureError, process
from pydantic import BaseModel

MAX_FILE_SIZE: Final = 20 * 1024 * 1024  # bytes, as Shoebox has it
MAX_PER_PAGE: Final = 100
NAME_BYTES: Final = 16  # of chance in a file's name
CONNECTIONS: Final = 5  # a process; four processes have as many as two cores can use

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS images (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filename text NOT NULL UNIQUE,
    original_name text NOT NULL,
    size bigint NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS images_by_age ON images (uploaded_at, id);
CREATE INDEX IF NOT EXISTS images_by_size ON images (size, id);
CREATE INDEX IF NOT EXISTS images_by_name ON images (original_name, id);
"""
COLUMNS: Final = "id, filename, original_name, size, uploaded_at"
SORTS: Final = {"age": "uploaded_at", "size": "size", "name": "original_name"}

FOLDER: Final = Path(os.environ["IMAGES_DIR"])
THUMBNAILS: Final = FOLDER / "thumbnails"
FULL: Final = os.environ.get("FULL") == "1"


class Image(BaseModel):
    """One picture, as the API shows it."""

    id: int
    filename: str
    original_name: str
    size: int
    uploaded_at: datetime
    url: str


class Page(BaseModel):
    """A page of the list."""

    images: list[Image]
    page: int
    per_page: int
    total: int
    pages: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The connections of this process."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=CONNECTIONS) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/api/images")
async def images(
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=MAX_PER_PAGE)] = 8,
    sort: Literal["age", "size", "name"] = "age",
    order: Literal["asc", "desc"] = "desc",
) -> Page:
    """A page of the list, and how many pictures there are."""
    statement = f"SELECT {COLUMNS} FROM images ORDER BY {SORTS[sort]} {order}, id {order} LIMIT $1 OFFSET $2"
    async with app.state.pool.acquire() as connection:
        total = await connection.fetchval("SELECT count(*) FROM images")
        rows = await connection.fetch(statement, per_page, (page - 1) * per_page)
    return Page(
        images=[_image(row) for row in rows], page=page, per_page=per_page, total=total, pages=-(-total // per_page)
    )


@app.post("/api/images", status_code=201)
async def upload(file: UploadFile) -> Image:
    """Keep a picture."""
    extension = Path(file.filename or "").suffix.lower()
    if extension not in EXTENSIONS:
        raise HTTPException(415, "This is not a format we keep.")
    if (file.size or 0) > MAX_FILE_SIZE:
        raise HTTPException(413, "This file is too large.")
    name = secrets.token_hex(NAME_BYTES) + extension
    try:
        await run_in_threadpool(_keep, file.file, name)
    except NotAPictureError as error:
        await run_in_threadpool(_remove, name)
        raise HTTPException(422, "This picture is damaged.") from error
    row = await app.state.pool.fetchrow(
        f"INSERT INTO images (filename, original_name, size) VALUES ($1, $2, $3) RETURNING {COLUMNS}",
        name,
        file.filename,
        file.size,
    )
    return _image(row)


@app.get("/images/{filename}")
async def picture(filename: str) -> FileResponse:
    """The picture itself."""
    path = FOLDER / Path(filename).name
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise HTTPException(404) from error
    return FileResponse(path, stat_result=found)


@app.delete("/api/images/{filename}")
async def delete(filename: str) -> dict[str, str]:
    """Remove a picture."""
    if await app.state.pool.fetchval("DELETE FROM images WHERE filename = $1 RETURNING id", filename) is None:
        raise HTTPException(404)
    await run_in_threadpool(_remove, filename)
    return {"message": f"{filename} is deleted."}


def _image(row: asyncpg.Record) -> Image:
    return Image(**row, url=f"/images/{row['filename']}")


def _keep(source: IO[bytes], name: str) -> None:
    path = FOLDER / name
    with path.open("wb") as target:
        shutil.copyfileobj(source, target)
    if FULL:
        process(path, THUMBNAILS / f"{name}.webp")


def _remove(name: str) -> None:
    (FOLDER / name).unlink(missing_ok=True)
    (THUMBNAILS / f"{name}.webp").unlink(missing_ok=True)


def create_tables() -> None:
    """Once, before the first start."""

    async def create() -> None:
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        await connection.execute(SCHEMA)
        await connection.close()

    asyncio.run(create())
