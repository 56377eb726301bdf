"""An S3 of our own in a container: moto's server with one empty bucket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.compose.docker import docker
from tests.stack.checkout import CHECKOUT

FOLDER: Final = Path(__file__).parent
COMPOSE_FILE: Final = FOLDER / "compose.yml"
# Asked in the container, so that no port has to be published.
_ASK: Final = """
import sys
from urllib.request import Request, urlopen
headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"}
print(urlopen(Request(sys.argv[2], method=sys.argv[1], headers=headers)).read().decode())
"""
_BUCKET: Final = "http://127.0.0.1:5000/pictures"


def build(images: Mapping[str, str]) -> dict[str, str]:
    """`images`, and the settings with which pictures are in the bucket of the service `store`."""
    image = f"shoebox-test-store:{images['SHOEBOX_TAG']}"
    options = ["--quiet", f"--file={FOLDER / 'Dockerfile'}", f"--build-arg=PYTHON_IMAGE={images['PYTHON_IMAGE']}"]
    docker("build", *options, f"--tag={image}", str(CHECKOUT / "services" / "backend"))
    return {
        **images,
        "STORE_IMAGE": image,
        "STORAGE": "s3",
        "AWS_BUCKET_NAME": "pictures",
        "AWS_ACCESS_KEY_ID": "testing-key",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "S3_ENDPOINT_URL": "http://store:5000",
    }


class Store:
    """The bucket, as somebody beside Shoebox sees it. `container` is the store's."""

    def __init__(self, container: str) -> None:
        self._container = container

    def keys(self) -> set[str]:
        """The names of all objects that belong to pictures, not to marks and health (below a thousand)."""
        return set(re.findall("<Key>((?!marks/|probes/)[^<]*)</Key>", self._ask("GET", f"{_BUCKET}?list-type=2")))

    def remove(self, key: str) -> None:
        """Remove an object behind Shoebox's back."""
        self._ask("DELETE", f"{_BUCKET}/{key}")

    def _ask(self, method: str, url: str) -> str:
        return docker("exec", self._container, "python3", "-c", _ASK, method, url)
