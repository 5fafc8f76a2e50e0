"""The verifier of the browser, run in Node.js: one process that judges one file after the other."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[2] / "exchange" / "web" / "static" / "verifier"
_DRIVER = """
import { createInterface } from "node:readline";
import { readFile } from "node:fs/promises";
import { unpacked } from "./archive.js";
import { verify } from "./bundle.js";
import { canVerify } from "./notes.js";
import { Outcome } from "./outcomes.js";
import { verifyStatement } from "./statement.js";

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\\n`);
answer(await canVerify());
for await (const line of createInterface({ input: process.stdin })) {
  const { path, key, older } = JSON.parse(line);
  const options = { key: key ?? undefined, older: older ?? undefined };
  try {
    const raw = new Uint8Array(await readFile(path));
    const judge = path.endsWith(".json") ? verifyStatement(raw, options) : verify(unpacked(raw), options);
    const report = await judge;
    answer({ code: 0, lines: report.lines.map(({ zh, en }) => [zh, en]) });
  } catch (error) {
    const known = error instanceof Outcome;
    answer(known ? { code: error.code, lines: [[error.zh, error.en]] } : { code: 99, lines: [["", error.stack]] });
  }
}
"""


class NodeMissing(Exception):
    """There is no Node.js, or one whose WebCrypto has no Ed25519."""


class Judge:
    """The verifier in JavaScript."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, path: Path, *, key: str | None = None, older: str | None = None) -> int:
        """The exit code that it would end with."""
        return self.said(path, key=key, older=older)[0]

    def said(
        self, path: Path, *, key: str | None = None, older: str | None = None
    ) -> tuple[int, list[tuple[str, str]]]:
        """The exit code and what was said, each line in Chinese and English."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"path": str(path), "key": key, "older": older}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return answer["code"], [(zh, en) for zh, en in answer["lines"]]

    def ready(self) -> None:
        if self._answer() is not True:
            raise NodeMissing("its WebCrypto has no Ed25519")

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the verifier in JavaScript ended")
        return json.loads(line)


@contextmanager
def judging(folder: Path) -> Iterator[Judge]:
    """Start it with its modules in ``folder``. Raises NodeMissing."""
    program = shutil.which("node")
    if program is None:
        raise NodeMissing("install Node.js 20 or newer")
    shutil.copytree(STATIC, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "driver.js").write_text(_DRIVER, encoding="utf-8")
    with subprocess.Popen(
        [program, "--no-warnings", str(folder / "driver.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        encoding="utf-8",
    ) as process:  # fmt: skip
        judge = Judge(process)
        judge.ready()
        try:
            yield judge
        finally:
            assert process.stdin is not None
            process.stdin.close()
