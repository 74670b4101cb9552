"""How soon a change that one server acknowledged shows in another server's lists, over HTTP.

Run with two servers on one store:  python -m benchmarks.replicas http://127.0.0.1:3000 http://127.0.0.1:3001
"""

import json
import time
import urllib.request
from typing import Any, Final

import click
import numpy as np

SAMPLES: Final = 100
SHOWN: Final = 8
GIVE_UP_S: Final = 10.0
PAUSE_S: Final = 0.037
"""Between two samples: they fall on every phase of the other's polling."""


@click.command()
@click.argument("writer")
@click.argument("reader")
@click.argument("product_id", default="1082185")
def main(writer: str, reader: str, product_id: str) -> None:
    """Set products to stock 0 at WRITER and look for them on the page of PRODUCT_ID at READER; puts them back."""
    seconds = [_sample(writer, reader, product_id, number) for number in range(SAMPLES)]
    print(json.dumps({f"p{q}_ms": round(1000 * float(np.percentile(seconds, q)), 1) for q in (50, 95, 99, 100)}))


def _sample(writer: str, reader: str, product_id: str, number: int) -> float:
    """Seconds from the acknowledgement until the product is gone; fails after `GIVE_UP_S`."""
    shown = _shown(reader, product_id)
    chosen = shown[number % len(shown)]
    stock = _ask(f"{writer}/api/v1/products/{chosen}")["stock"]
    _patch(writer, chosen, 0)
    acknowledged = time.perf_counter()
    try:
        _wait(reader, product_id, chosen, there=False)
        return time.perf_counter() - acknowledged
    finally:
        _patch(writer, chosen, stock)
        _wait(reader, product_id, chosen, there=True)
        time.sleep(PAUSE_S)


def _wait(reader: str, product_id: str, chosen: str, *, there: bool) -> None:
    ends = time.perf_counter() + GIVE_UP_S
    while (chosen in _shown(reader, product_id)) is not there:
        if time.perf_counter() > ends:
            raise click.ClickException(f"{chosen} is {'not ' if there else ''}shown after {GIVE_UP_S:g} s")


def _shown(base: str, product_id: str) -> list[str]:
    answer = _ask(f"{base}/api/v1/recommendations/product/{product_id}?limit={SHOWN}")
    return [one["external_product_id"] for one in answer["recommendations"]]


def _patch(base: str, product_id: str, stock: int | None) -> None:
    body = json.dumps({"stock": stock}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/api/v1/products/{product_id}", body, headers, method="PATCH")
    urllib.request.urlopen(request, timeout=10).close()


def _ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
