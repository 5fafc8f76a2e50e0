// What was proven, line by line in both languages, and with whose key.
import { decoded, hex } from "./bytes.js";
import { keyOfEpoch } from "./epochs.js";
import { namedKey, parseKey, sameKey } from "./notes.js";
import { Malformed, Tampered } from "./outcomes.js";

export class Report {
  lines = [];
  entries = [];
  checkpoint = undefined;

  say(zh, en) {
    this.lines.push({ zh, en });
  }
}

export function textOf(files, name) {
  if (!files.has(name)) throw new Malformed(`缺少 ${name}`, `${name} is missing`);
  const text = decoded(files.get(name));
  if (text === undefined) throw new Malformed(`${name} 不是文本`, `${name} is not text`);
  return text;
}

// The key that came along, and the one that the reader knows the log by.
export async function keysOf(files, keyText, report) {
  const enclosed = await parseKey(textOf(files, "key.txt"));
  if (keyText === undefined) {
    report.say(
      `注意：使用包内密钥 ${hex(enclosed.id)}，请与平台公布的密钥比对`,
      `mind: the key ${hex(enclosed.id)} came with the bundle; compare it with the one the platform publishes`,
    );
    return [enclosed, enclosed];
  }
  return [enclosed, await keyOfEpoch(await parseKey(keyText), enclosed.name, namedKey)];
}

export function checkKnown(known, key, former, report) {
  if (sameKey(known, key)) return;
  if (!former.some((each) => sameKey(known, each))) {
    throw new Tampered(
      "存证包的密钥不是您给出的密钥，日志中也没有从您的密钥到它的更换记录",
      "the bundle's key is not the key you gave, and the log does not lead from yours to it",
    );
  }
  report.say(
    `您给出的密钥 ${hex(known.id)} 已更换，日志中的记录由它逐次签认，直至密钥 ${hex(key.id)}`,
    `the key that you gave, ${hex(known.id)}, was replaced; the log leads from it to the key ${hex(key.id)}, ` +
      "each signed for by the one before",
  );
}
