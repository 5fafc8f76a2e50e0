// An audit entry, version 1: its exact bytes are canonical, and it has these fields and no other.
import { equal } from "./bytes.js";
import { canonical, isInteger, isObject, isText, parse } from "./json.js";
import { Malformed, Tampered } from "./outcomes.js";

const MOST_ENTRY_BYTES = 16 << 10;
const LINE = /^[^\x00-\x1f\x7f]{1,200}$/u;
const WORD = /^[A-Za-z0-9_.:/-]{1,80}$/;
const ACTION = /^[a-z_]+(:[a-z_]+){1,2}$/;
const TIME = /^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/;
export const HASH = /^[0-9a-f]{64}$/;

const like = (pattern) => (value) => isText(value) && pattern.test(value);
const isCount = (value) => isInteger(value) && value >= 0n && value < 1n << 53n;
const isTexts = (value) =>
  isObject(value) && [...value.keys()].every(like(WORD)) && [...value.values()].every(isText);
const isCommitments = (value) => isTexts(value) && [...value.values()].every(like(HASH));
const isDecision = (value) =>
  isObject(value) && hasExactly(value, ["effect", "policy", "rules"]) &&
  ["permit", "forbid"].includes(value.get("effect")) && like(HASH)(value.get("policy")) &&
  Array.isArray(value.get("rules")) && value.get("rules").every(like(LINE));

const REQUIRED = {
  v: isCount, origin: like(LINE), id: like(WORD), at: like(TIME), actor: like(WORD), action: like(ACTION),
  object: like(WORD), object_seq: isCount,
};
const FIELDS = {
  ...REQUIRED, object_version: isCount, tier: isCount, decision: isDecision, data: isTexts, personal: isCommitments,
};

export const hasExactly = (map, names) => map.size === names.length && names.every((name) => map.has(name));

// What an entry says of its thing: always a Map.
export const dataOf = (entry) => entry.get("data") ?? new Map();

export function parseEntry(raw) {
  if (raw.length > MOST_ENTRY_BYTES) throw new Malformed("有一条记录过长", "an entry is too long");
  const entry = parse(raw);
  if (!isObject(entry) || entry.get("v") !== 1n) throw new Malformed("有一条记录不是版本 1", "an entry is not of version 1");
  if (!Object.keys(REQUIRED).every((name) => entry.has(name)) || ![...entry.keys()].every((name) => Object.hasOwn(FIELDS, name))) {
    throw new Malformed("有一条记录的字段与版本 1 不同", "an entry has other fields than version 1");
  }
  const wrong = [...entry.keys()].find((name) => !FIELDS[name](entry.get(name)));
  if (wrong || entry.get("object_seq") < 1n) {
    const name = wrong ?? "object_seq";
    throw new Malformed(`有一条记录的 ${name} 不符合版本 1 的规定`, `an entry's ${name} is not what version 1 allows`);
  }
  if (!equal(canonical(entry), raw)) throw new Tampered("有一条记录的字节不是规范写法", "an entry's bytes are not canonical");
  return entry;
}
