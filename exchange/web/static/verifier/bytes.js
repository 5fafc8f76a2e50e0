// Bytes: joined, compared, spelled, hashed.
import { Malformed } from "./outcomes.js";

const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

// The text, or undefined when the bytes are not UTF-8.
export function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function joined(...parts) {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    made.set(part, place);
    place += part.length;
  }
  return made;
}

export const equal = (one, two) => one.length === two.length && one.every((byte, place) => byte === two[place]);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const sha256Hex = async (bytes) => hex(await sha256(bytes));

export function toBase64(bytes) {
  let text = "";
  for (let place = 0; place < bytes.length; place += 8192) {
    text += String.fromCharCode(...bytes.subarray(place, place + 8192));
  }
  return btoa(text);
}

// Only the canonical spelling is read.
export function fromBase64(text) {
  const raw = looseBase64(text);
  if (raw === undefined || toBase64(raw) !== text) {
    throw new Malformed("有一个值不是规范的 base64 编码", "a value is not canonical base64");
  }
  return raw;
}

// Undefined for what is not base64; bits and padding too many are passed over.
export function looseBase64(text) {
  const found = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text);
  if (!found) return undefined;
  const over = found[1].length % 4;
  if (over === 1 || (over > 1 && over + found[2].length < 4)) return undefined;
  return Uint8Array.from(atob(found[1] + "=".repeat((4 - over) % 4)), (character) => character.charCodeAt(0));
}

const table = Uint32Array.from({ length: 256 }, (_, number) => {
  let value = number;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}
