"""A log without an exchange around it: it grows, forks and is set back as a test wants, and signs whatever it shows."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import merkle, notes
from compliance.audit.merkle import Frontier
from compliance.audit.tiles import Tile
from compliance.audit.verifier import Key, leaf_hash
from compliance.witness.errors import LogAway


class GrowingLog:
    """The files of a log as a witness reads them."""

    def __init__(self, origin: str = "exchange.example/log", seed: bytes = b"k" * 32) -> None:
        self.origin, self.private = origin, Ed25519PrivateKey.from_private_bytes(seed)
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.tree = Frontier()
        self.away = False

    @property
    def key(self) -> Key:
        return notes.key_of(self.origin, self.private)

    def grow(self, count: int, word: str = "honest") -> None:
        for _ in range(count):
            leaf = leaf_hash(f"{word} {self.tree.size}".encode())
            self.nodes[0, self.tree.size] = leaf
            self.nodes.update({(level, number): made for level, number, made in self.tree.append(leaf)})

    def node(self, level: int, number: int) -> bytes:
        return self.nodes[level, number]

    def checkpoint(self) -> str:
        if self.away:
            raise LogAway("it is away")
        return notes.sign(self.origin, self.tree.size, self.tree.root(), self.private)

    def tile(self, tile: Tile) -> bytes:
        first = tile.number * 256
        return b"".join(self.nodes[tile.level * 8, n] for n in range(first, first + tile.width))

    def proof(self, first: int) -> list[bytes]:
        return merkle.consistency_proof(self.node, first, self.tree.size) if first else []
