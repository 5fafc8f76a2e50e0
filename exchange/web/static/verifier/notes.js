// Signed notes, keys and checkpoints as transparency logs write them (C2SP signed-note and tlog-checkpoint).
import { equal, fromBase64, hex, joined, sha256, toBase64, utf8 } from "./bytes.js";
import { Malformed, Tampered } from "./outcomes.js";

const SPACE_BEFORE = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const SPACE_BEHIND = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/u;

// Whether this browser can check an Ed25519 signature at all.
export async function canVerify() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

export async function signedBy(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return false;
  }
}

export function parted(text, separator) {
  const place = text.indexOf(separator);
  return place < 0 ? [text, "", ""] : [text.slice(0, place), separator, text.slice(place + separator.length)];
}

// A verifier key ``name+id+base64``.
export async function parseKey(text) {
  const [name, , rest] = parted(text.replace(SPACE_BEFORE, "").replace(SPACE_BEHIND, ""), "+");
  const [id, , encoded] = parted(rest, "+");
  const raw = fromBase64(encoded);
  if (!name || raw.length !== 33 || raw[0] !== 1) {
    throw new Malformed("该密钥不是 Ed25519 核验公钥", "the key is not an Ed25519 verifier key");
  }
  const key = await namedKey(name, raw.slice(1));
  if (hex(key.id) !== id) throw new Tampered("密钥的标识与密钥不符", "the key's id does not fit the key");
  return key;
}

// A public key under its name; ``id`` are the four bytes that a signature line begins with.
export async function namedKey(name, publicKey) {
  return { name, publicKey, id: (await sha256(joined(utf8(`${name}\n`), Uint8Array.of(1), publicKey))).slice(0, 4) };
}

export const sameKey = (one, two) => one.name === two.name && equal(one.publicKey, two.publicKey);

export const keyText = (key) => `${key.name}+${hex(key.id)}+${toBase64(joined(Uint8Array.of(1), key.publicKey))}`;

// The three lines of a checkpoint; the signature is not looked at.
export function parseCheckpoint(note) {
  const [body, separator] = parted(note, "\n\n");
  const lines = body.split("\n");
  if (!separator || lines.length !== 3 || !/^(0|[1-9][0-9]{0,17})$/.test(lines[1])) {
    throw new Malformed("检查点的内容不是日志名称、记录数和根这三行", "the checkpoint is not origin, size and root");
  }
  const root = fromBase64(lines[2]);
  if (root.length !== 32 || !lines[0]) throw new Malformed("检查点的根不是哈希值", "the checkpoint's root is not a hash");
  return { origin: lines[0], size: BigInt(lines[1]), root, note };
}

export async function verifyCheckpoint(note, key) {
  const checkpoint = parseCheckpoint(note);
  if (checkpoint.origin !== key.name) {
    throw new Tampered(
      `检查点属于日志 ${checkpoint.origin}，而密钥属于 ${key.name}`,
      `the checkpoint is of the log ${checkpoint.origin}, the key is ${key.name}'s`,
    );
  }
  await verifyNote(note, key, ["检查点", "checkpoint"]);
  return checkpoint;
}

// The text of a signed note, if the key signed exactly it; lines of other keys are passed over. What it is, in both
// languages, is for the reason.
export async function verifyNote(note, key, [zh, en]) {
  const [text, separator, signatures] = parted(note, "\n\n");
  const lines = signatures.split("\n");
  if (!separator || lines.pop() !== "" || !lines.length || !lines.every((line) => line.startsWith("— "))) {
    throw new Malformed(
      `${zh}的签名部分不符合签名注记（signed note）格式`,
      `the ${en}'s signatures are not lines of a signed note`,
    );
  }
  const prefix = `— ${key.name} `;
  for (const line of lines) {
    const raw = line.startsWith(prefix) ? fromBase64(line.slice(prefix.length)) : new Uint8Array();
    if (raw.length !== 68 || !equal(raw.slice(0, 4), key.id)) continue;
    if (await signedBy(key.publicKey, raw.slice(4), utf8(`${text}\n`))) return text;
  }
  throw new Tampered(`${zh}不是由该密钥签名的`, `the ${en} is not signed by this key`);
}

// The text that is signed about a document: of which log, what it is about, and its hash.
export async function statement(origin, kind, lines, document) {
  return [`${origin}/${kind}`, ...lines, toBase64(await sha256(document)), ""].join("\n");
}
