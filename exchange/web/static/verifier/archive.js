// The one zip of a bundle's files: whatever is not exactly as the exchange packs it is refused.
import { crc32, equal, joined, utf8 } from "./bytes.js";
import { Malformed, Tampered } from "./outcomes.js";

export const MOST_FILES = 20_000, MOST_BYTES = 64 * 2 ** 20;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const LONGEST_NAME = 200;
const LOCAL = Uint8Array.of(80, 75, 3, 4), CENTRAL = Uint8Array.of(80, 75, 1, 2), END = Uint8Array.of(80, 75, 5, 6);
const PLAIN = Uint8Array.of(20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0); // zip 2.0, no flags, stored, midnight, 1 January 1980
const BY_UNIX = Uint8Array.of(0x14, 3), ORDINARY_FILE = (0o100644 << 16) >>> 0;

const at = (raw, place, wanted) => equal(raw.subarray(place, place + wanted.length), wanted);

// What is not ASCII is a replacement character.
const ascii = (raw) => Array.from(raw, (byte) => (byte < 128 ? String.fromCharCode(byte) : "\ufffd")).join("");

function little(...fields) {
  const made = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let place = 0;
  for (const [bytes, value] of fields) {
    bytes === 2 ? made.setUint16(place, value, true) : made.setUint32(place, value, true);
    place += bytes;
  }
  return new Uint8Array(made.buffer);
}

function packed(files) {
  const bodies = [], listed = [];
  let place = 0;
  for (const name of [...files.keys()].sort()) {
    const content = files.get(name), spelled = utf8(name);
    const sizes = little([4, crc32(content)], [4, content.length], [4, content.length], [2, spelled.length]);
    bodies.push(LOCAL, PLAIN, sizes, Uint8Array.of(0, 0), spelled, content);
    const rest = little([2, 0], [2, 0], [2, 0], [2, 0], [4, ORDINARY_FILE], [4, place]);
    listed.push(CENTRAL, BY_UNIX, PLAIN, sizes, rest, spelled);
    place += 30 + spelled.length + content.length;
  }
  const index = joined(...listed), count = files.size;
  const end = little([2, 0], [2, 0], [2, count], [2, count], [4, index.length], [4, place], [2, 0]);
  return joined(...bodies, index, END, end);
}

// The files by name.
export function unpacked(raw) {
  if (raw.length > MOST_BYTES || !at(raw, 0, LOCAL)) {
    throw new Malformed("文件不是 zip，或者过大", "the file is not a zip, or too large");
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const files = new Map(), seen = new Set();
  let place = 0;
  while (at(raw, place, LOCAL)) {
    if (files.size === MOST_FILES || raw.length < place + 30) {
      throw new Malformed("zip 中的文件过多，或者不完整", "the zip has too many files, or is cut short");
    }
    const checksum = view.getUint32(place + 14, true), size = view.getUint32(place + 18, true);
    const length = view.getUint16(place + 26, true);
    const name = ascii(raw.subarray(place + 30, place + 30 + length));
    checkName(name, seen);
    if (!at(raw, place + 4, PLAIN)) {
      throw new Malformed(
        `${name} 的打包方式与存证包不同；请重新下载存证包，不要自行打包`,
        `${name} is not packed as bundles are; fetch the bundle anew, do not pack it yourself`,
      );
    }
    const content = raw.slice(place + 30 + length, place + 30 + length + size);
    if (content.length === size && crc32(content) !== checksum) {
      throw new Tampered(`${name} 与其校验和不符`, `${name} is not what its checksum says`);
    }
    files.set(name, content);
    place += 30 + length + size;
  }
  if (!equal(packed(files), raw)) {
    throw new Malformed("zip 中除文件之外还有其他内容，或者不完整", "the zip holds something else than its files, or is cut short");
  }
  return files;
}

function checkName(name, seen) {
  if (name.length > LONGEST_NAME || !NAME.test(name) || name.includes("..")) {
    throw new Malformed(
      `不允许的文件名：“${name.slice(0, 80)}”`,
      `a file's name is not allowed: ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  if (seen.has(name.toLowerCase())) {
    throw new Malformed(`文件重复出现：“${name}”`, `a file stands twice: ${JSON.stringify(name)}`);
  }
  seen.add(name.toLowerCase());
}
