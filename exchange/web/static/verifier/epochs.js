// A log whose database was set back goes on in another epoch, and says so: what was lost is owned up to. A new key of its
// signer is named by an entry, which the old key signed for.
import { decoded, fromBase64, toBase64 } from "./bytes.js";
import { dataOf } from "./entries.js";
import { keyText, namedKey, parseCheckpoint, parseKey, sameKey, verifyCheckpoint, verifyNote } from "./notes.js";
import { Malformed, Tampered } from "./outcomes.js";

// A log's name and its epoch: after the first, which is not written, ``name/epoch-2`` and so on.
export function epochOf(origin) {
  const found = /^(.+)\/epoch-([2-9]|[1-9][0-9]{1,5})$/.exec(origin);
  return found ? [found[1], Number(found[2])] : [origin, 1];
}

// The same key under the name of another epoch of its log; the key itself for any other origin.
export async function keyOfEpoch(key, origin, named) {
  return epochOf(origin)[0] === epochOf(key.name)[0] ? named(origin, key.publicKey) : key;
}

const openings = (report) => report.entries.filter(([, entry]) => entry.get("action") === "log:open_epoch");

// An epoch is opened by an entry that owns up to what is lost, and no entry is of an epoch after the one it stands in.
export function checkEpochs(report, checkpoint) {
  const opened = openings(report), places = new Set(opened.map(([index]) => index));
  let begun = 1;
  for (const [index, entry] of report.entries) {
    const epoch = epochOf(entry.get("origin"))[1];
    if (places.has(index)) begun = epoch;
    if (epoch > begun) {
      throw new Tampered(
        `记录 #${index} 所属的纪元（epoch）晚于日志在该处的纪元`,
        `entry ${index} is of a later epoch than the log at its place`,
      );
    }
  }
  if (begun !== epochOf(checkpoint.origin)[1]) {
    throw new Tampered("没有任何记录开启日志当前的纪元（epoch）", "no entry opens the log's present epoch");
  }
  for (const [index, entry] of opened) {
    const said = dataOf(entry), last = said.get("last_size") ?? "", origin = entry.get("origin"), at = entry.get("at");
    if (said.get("epoch") !== origin || !/^[0-9]+$/.test(last)) {
      throw new Malformed("开启新纪元（epoch）的记录没有说明丢失了哪些记录", "the entry that opens an epoch does not say what was lost");
    }
    report.say(
      `注意：数据库曾被恢复到旧状态，日志自记录 #${index}（${at}）起为 ${origin}；此前最后的检查点有 ${last} 条记录，保留 ${index} 条`,
      `mind: the database was set back; since entry #${index} (${at}) the log is ${origin}; ` +
        `the last checkpoint before had ${last} entries, ${index} were kept`,
    );
  }
}

// The keys from which the log's entries lead to this one, the newest first: each signed for the one after it.
export async function formerKeys(report, key) {
  const found = [key];
  for (const [, entry] of report.entries.filter(([, each]) => each.get("action") === "log:rotate_key").reverse()) {
    const [old, fresh] = await handedOver(entry);
    if (sameKey(await keyOfEpoch(fresh, key.name, namedKey), found.at(-1))) {
      found.push(await keyOfEpoch(old, key.name, namedKey));
    }
  }
  return found.slice(1);
}

async function handedOver(entry) {
  const said = dataOf(entry), old = await parseKey(String(said.get("old_key")));
  const fresh = await parseKey(String(said.get("new_key"))), note = decoded(fromBase64(String(said.get("vouched"))));
  if (note === undefined) throw new Malformed("新密钥声明不是文本", "the note about a new key is not text");
  if ((await verifyNote(note, old, ["新密钥声明", "new key"])) !== `${old.name}/key\n${keyText(fresh)}`) {
    throw new Tampered("宣布新密钥的记录与旧密钥所签名的内容不符", "the entry that names a new key is not what the old key signed");
  }
  return [old, fresh];
}

// The checkpoint that the reader kept, signed by whichever of these keys.
export async function verifyOlder(note, keys) {
  const { origin } = parseCheckpoint(note);
  const named = await Promise.all(keys.map((key) => keyOfEpoch(key, origin, namedKey)));
  for (const key of named.slice(0, -1)) {
    try {
      return await verifyCheckpoint(note, key);
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
    }
  }
  return verifyCheckpoint(note, named.at(-1));
}

// Whether the reader's checkpoint covers entries that the platform says were lost.
export function wasLost(older, report) {
  const epoch = epochOf(older.origin)[1];
  for (const [index, entry] of openings(report)) {
    if (epochOf(entry.get("origin"))[1] <= epoch || older.size <= index) continue;
    const said = dataOf(entry), lastOrigin = String(said.get("last_origin")), lastSize = BigInt(said.get("last_size"));
    const lastEpoch = epochOf(lastOrigin)[1];
    if (epoch > lastEpoch || (epoch === lastEpoch && older.size > lastSize)) {
      throw new Tampered(
        `您的检查点有 ${older.size} 条记录，平台只承认 ${lastSize} 条`,
        `your checkpoint has ${older.size} entries, the platform owns up to ${lastSize} only`,
      );
    }
    if (older.origin === lastOrigin && older.size === lastSize && toBase64(older.root) !== said.get("last_root")) {
      throw new Tampered(
        "您的检查点与平台承认的检查点不同：日志被分叉",
        "your checkpoint and the one that the platform owns up to differ: the log was forked",
      );
    }
    report.say(
      `注意：您保存的检查点（${older.size} 条记录）包含已丢失的记录（自 #${index} 起）`,
      `mind: the checkpoint that you kept (${older.size} entries) covers entries that are lost, from #${index} on`,
    );
    return true;
  }
  return false;
}
