// Records of single calls: each is of the order, and stands with these bytes in a batch whose root the log holds.
import { decoded, fromBase64, fromHex, hex, joined } from "./bytes.js";
import { dataOf, HASH, hasExactly } from "./entries.js";
import { isInteger, isObject, isText, parse } from "./json.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { Malformed, Tampered } from "./outcomes.js";

export const MOST_CALLS = 100;
const RECORD_BYTES = 100;
const TEXTS = ["entitlement", "order", "organisation", "supplier", "listing", "operation", "credential"];
const OUTCOMES = [undefined, "hit", "miss", "upstream_error", "client_abort", "refused"];
const FIELDS = {
  format: isText, version: isInteger, call: isText, batch: isText, index: isInteger, count: isInteger, record: isText,
  salt: isText, proof: Array.isArray,
};

// A list of base64 texts; what is no text is no hash either.
export const proofOf = (texts) => texts.map((each) => (isText(each) ? fromBase64(each) : new Uint8Array()));

function parseCall(raw) {
  const wrong = (zh, en) => {
    throw new Malformed(`用量记录无法读取：${zh}`, `a usage record cannot be read: ${en}`);
  };
  const cut = () => wrong("有一段文本不完整", "a text is cut");
  if (raw.length < RECORD_BYTES) wrong("它不完整", "it is cut");
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const record = {}, epoch = hex(raw.subarray(8, 16)), seq = view.getBigUint64(16);
  let rest = raw.subarray(RECORD_BYTES);
  for (const name of TEXTS) {
    const length = rest[0] ?? cut();
    const text = decoded(rest.subarray(1, 1 + length));
    if (text === undefined || rest.length < 1 + length) cut();
    record[name] = text;
    rest = rest.subarray(1 + length);
  }
  const [kind, live, outcome, zero] = raw, none = view.getUint16(6), first = view.getBigUint64(56);
  if (rest.length || kind !== 1 || zero || none || first || live > 1) wrong("它不是一次调用的记录", "it is not one of a call");
  if (!OUTCOMES[outcome]) wrong("没有这样的调用结果", "it has no such outcome");
  return {
    ...record, call: `${epoch}-${seq}`, epoch, seq, outcome: OUTCOMES[outcome], status: view.getUint16(4),
    plan_hash: hex(raw.subarray(68, 100)),
  };
}

export async function checkCalls(files, manifest, report) {
  const described = manifest.get("calls") ?? [];
  if (described.length > MOST_CALLS) throw new Malformed("调用过多", "too many calls");
  const seen = new Set();
  for (const each of described) {
    const call = isObject(each) && hasExactly(each, ["call", "file"]) ? each.get("call") : undefined;
    const name = `calls/${call}.json`;
    if (!isText(call) || each.get("file") !== name || !files.has(name)) {
      throw new Malformed("清单中有一次调用不完整", "a call of the manifest is incomplete");
    }
    if (seen.has(call)) throw new Tampered("有一次调用出现两次", "a call is shown twice");
    seen.add(call);
    await checkCall(files.get(name), call, manifest.get("order"), report);
  }
}

async function checkCall(content, call, order, report) {
  const proof = parse(content);
  if (!isObject(proof) || !hasExactly(proof, Object.keys(FIELDS))) {
    throw new Malformed("有一次调用的证明的字段与版本 1 不同", "a call's proof has other fields than version 1");
  }
  if (!Object.entries(FIELDS).every(([name, fits]) => fits(proof.get(name)))) {
    throw new Malformed("有一次调用的证明不完整", "a call's proof is incomplete");
  }
  if (proof.get("format") !== "piaohao-call-proof" || proof.get("version") !== 1n) {
    throw new Malformed("本程序只能读取 piaohao-call-proof 格式的版本 1", "this program reads piaohao-call-proof version 1");
  }
  const raw = fromBase64(proof.get("record")), salt = fromBase64(proof.get("salt"));
  const record = parseCall(raw);
  if (call !== proof.get("call") || call !== record.call) {
    throw new Tampered(`为调用 ${call} 出示的记录属于另一次调用`, `the record shown for call ${call} is of another call`);
  }
  await checkBatch(proof, raw, salt, record, report);
  checkWhose(record, order, report);
}

async function checkBatch(proof, raw, salt, record, report) {
  const loads = report.entries.map(([, entry]) => entry).filter((entry) => entry.get("object") === proof.get("batch"));
  if (loads.length !== 1 || loads[0].get("action") !== "usage:load") {
    throw new Tampered(`日志中没有调用 ${record.call} 所在批次的记录`, `the log says nothing of the batch of call ${record.call}`);
  }
  const said = dataOf(loads[0]);
  if (salt.length !== 16 || !HASH.test(said.get("root") ?? "")) {
    throw new Malformed("有一个盐值或根不符合格式", "a salt or a root is not one");
  }
  if (said.get("count") !== String(proof.get("count")) || !inRanges(record, said.get("ranges") ?? "")) {
    throw new Tampered(
      `调用 ${record.call} 所在的批次与日志所记的不同`,
      `the batch of call ${record.call} is another one than the log says`,
    );
  }
  const leaf = await leafHash(joined(salt, raw)), path = proofOf(proof.get("proof"));
  if (!(await verifyInclusion(leaf, proof.get("index"), proof.get("count"), path, fromHex(said.get("root"))))) {
    throw new Tampered(
      `调用 ${record.call} 所在的批次中没有字节与此一致的记录`,
      `call ${record.call} is not in its batch with these bytes`,
    );
  }
}

// Whether the batch says that it holds this epoch's calls from before to after this one.
function inRanges(record, ranges) {
  if (ranges.includes("+")) return true;
  const found = new RegExp(`(?:^| )${record.epoch}:([0-9]{1,20})-([0-9]{1,20})(?: |$)`).exec(ranges);
  return found !== null && BigInt(found[1]) <= record.seq && record.seq <= BigInt(found[2]);
}

function checkWhose(record, order, report) {
  const said = dataOf(report.entries.map(([, entry]) => entry).find((entry) => entry.get("object") === order));
  const pairs = [["organisation", "buyer"], ["supplier", "supplier"], ["listing", "listing"], ["plan_hash", "plan_hash"]];
  if (record.order !== order || pairs.some(([ours, theirs]) => record[ours] !== said.get(theirs))) {
    throw new Tampered(`调用 ${record.call} 不属于该订单`, `call ${record.call} is not of this order`);
  }
  report.say(
    `调用 ${record.call}：${record.operation}，${record.outcome}，状态 ${record.status}，在已签名的批次中`,
    `call ${record.call}: ${record.operation}, ${record.outcome}, status ${record.status}, stands in a signed batch`,
  );
}
