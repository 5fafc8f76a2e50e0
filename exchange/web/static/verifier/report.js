// What was proven, line by line in both languages, and with whose key.
import { decoded, equal, hex } from "./bytes.js";
import { keyOfEpoch } from "./epochs.js";
import { namedKey, parseKey } from "./notes.js";
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
  if (!files.has(name)) throw new Malformed(`${name} is missing`);
  const text = decoded(files.get(name));
  if (text === undefined) throw new Malformed(`${name} is not text`);
  return text;
}

export async function keyOf(files, keyText, report) {
  const enclosed = await parseKey(textOf(files, "key.txt"));
  if (keyText === undefined) {
    report.say(
      `注意：使用包内密钥 ${hex(enclosed.id)}，请与平台公布的密钥比对`,
      `mind: the key ${hex(enclosed.id)} came with the bundle; compare it with the one the platform publishes`,
    );
    return enclosed;
  }
  const pinned = await keyOfEpoch(await parseKey(keyText), enclosed.name, namedKey);
  if (pinned.name !== enclosed.name || !equal(pinned.publicKey, enclosed.publicKey)) {
    throw new Tampered("the bundle's key is not the key you gave");
  }
  return enclosed;
}
