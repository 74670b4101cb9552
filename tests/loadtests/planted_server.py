"""A real HTTP server with planted behaviour: a known latency, errors, degraded answers, and moments of standing still.

``python -m tests.loadtests.planted_server '{"latency": 0.02}'`` prints its port and serves until its input ends.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

REASONS: Final = {200: "OK", 201: "Created", 500: "Internal Server Error", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted. Counts are of all requests but those for /seen; 0 means never."""

    latency: float = 0.0
    """Seconds that every answer takes, side by side with others."""
    fail_every: int = 0
    """Each so many-th answer is a 500."""
    degrade_every: int = 0
    empty_every: int = 0
    """Each so many-th answer recommends nothing."""
    stall_at: int = 0
    """At this request the whole server stands still once, for `stall` seconds."""
    stall: float = 0.0
    products: int = 3


class PlantedServer:
    """Counts and remembers what it was asked."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen: list[tuple[str, str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open for any number of requests."""
        try:
            while line := (await reader.readline()).decode():
                method, path, _ = line.split()
                body = await reader.readexactly(await _content_length(reader))
                status, answer = await self._answer(method, path, body.decode())
                content = json.dumps(answer).encode()
                head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: str) -> tuple[int, object]:
        if path == "/seen":
            return 200, self._seen
        self._seen.append((method, path, body))
        number = len(self._seen)
        if number == self._plan.stall_at:
            time.sleep(self._plan.stall)  # the loop stands still, and every connection with it
        await asyncio.sleep(self._plan.latency)
        if _each(number, self._plan.fail_every):
            return 500, {"title": "planted"}
        if method == "POST":
            return 201, {"status": "stored"}
        products = [] if _each(number, self._plan.empty_every) else self._products(path)
        degraded = ["rerank"] if _each(number, self._plan.degrade_every) else []
        return 200, {"recommendations": products, "degraded": degraded}

    def _products(self, path: str) -> list[dict[str, str]]:
        """The homepage shows ``home-N``; a product's page shows products named after it."""
        name = path.split("?")[0].rsplit("/", 1)[-1]
        base = "home" if name == "homepage" else f"like-{name}"
        return [{"external_product_id": f"{base}-{number}"} for number in range(self._plan.products)]


def _each(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


async def _content_length(reader: asyncio.StreamReader) -> int:
    length = 0
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        length = int(value) if name.lower() == "content-length" else length
    return length


async def main(plan: Plan) -> None:
    """Serve until standard input ends: with the process that started this one."""
    server = await asyncio.start_server(PlantedServer(plan).serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def encoded(plan: Plan) -> str:
    """The command-line argument for a plan."""
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    asyncio.run(main(Plan(**json.loads(sys.argv[1]))))
