// Proves an evidence bundle, as the one-file program in Python does: the two agree on every bundle, good or bad.
import { hex, sha256Hex } from "./bytes.js";
import { checkCalls, proofOf } from "./calls.js";
import { checkContracts } from "./contracts.js";
import { parseEntry } from "./entries.js";
import { checkEpochs, epochOf, formerKeys, verifyOlder, wasLost } from "./epochs.js";
import { isInteger, isObject, isText, parse } from "./json.js";
import { leafHash, verifyConsistency, verifyInclusion } from "./merkle.js";
import { statement, verifyCheckpoint, verifyNote } from "./notes.js";
import { checkInvoices, checkOrder } from "./order.js";
import { Malformed, Tampered, Unverifiable } from "./outcomes.js";
import { checkKnown, keysOf, Report, textOf } from "./report.js";

const FORMAT = "piaohao-evidence-bundle";
const WITH_CONTRACTS = 3n;
const SHAPE = {
  format: isText, version: isInteger, order: isText, origin: isText, checkpoint_size: isInteger, entries: Array.isArray,
  files: isObject, objects: isObject,
};
const SHAPES = new Map([[1n, SHAPE], [2n, { ...SHAPE, calls: Array.isArray }], [3n, { ...SHAPE, calls: Array.isArray }]]);
const UNLISTED = ["manifest.json", "manifest.sig"];
const KNOWN = [...UNLISTED, "checkpoint.txt", "key.txt", "verify.py", "README.txt", "consistency.json"];
const ELSEWHERE = ["policy/", "invoices/", "contracts/"];

// ``key`` is the log's key as it is known from elsewhere, ``older`` a checkpoint that somebody kept, ``consistency`` the
// proof from it as a list of hashes. Throws Tampered, Malformed or Unverifiable at the first thing that does not hold.
export async function verify(files, { key: keyText, older, consistency } = {}) {
  const report = new Report(), manifest = manifestOf(files);
  const [key, known] = await keysOf(files, keyText, report);
  const checkpoint = (report.checkpoint = await verifyCheckpoint(textOf(files, "checkpoint.txt"), key));
  report.say(
    `检查点签名有效：${checkpoint.origin}，${checkpoint.size} 条记录，密钥 ${hex(key.id)}`,
    `checkpoint signature is good: ${checkpoint.origin}, ${checkpoint.size} entries, key ${hex(key.id)}`,
  );
  await checkManifest(files, manifest, checkpoint, key);
  await checkHashes(files, manifest);
  for (const described of manifest.get("entries")) report.entries.push(await checkEntry(files, described, checkpoint));
  checkChains(report, manifest);
  checkEpochs(report, checkpoint);
  const former = await formerKeys(report, key);
  checkKnown(known, key, former, report);
  checkOrder(report, manifest.get("order"));
  await checkCalls(files, manifest, report);
  await checkInvoices(files, report);
  await checkContracts(files, report, manifest.get("order"));
  await checkPolicies(files, report);
  if (older !== undefined) {
    const before = await verifyOlder(older, [key, ...former]);
    const proof = consistency ?? enclosedProof(files, before.size);
    if (!wasLost(before, report)) await checkOlder(before, proof, checkpoint, report);
  }
  return report;
}

function manifestOf(files) {
  if (!files.has("manifest.json")) throw new Malformed("存证包中没有清单", "there is no manifest");
  const manifest = parse(files.get("manifest.json"));
  if (!isObject(manifest) || manifest.get("format") !== FORMAT) {
    throw new Malformed(`本程序只能读取 ${FORMAT} 格式`, `this program reads ${FORMAT}`);
  }
  const shape = SHAPES.get(manifest.get("version"));
  if (!shape) throw new Malformed(`本程序只能读取 ${FORMAT} 格式的版本 1 至 3`, `this program reads ${FORMAT} version 1 to 3`);
  const names = Object.keys(shape);
  if (manifest.size !== names.length || !names.every((name) => manifest.has(name))) {
    throw new Malformed(
      `清单的字段与版本 ${manifest.get("version")} 不同`,
      `the manifest has other fields than version ${manifest.get("version")}`,
    );
  }
  if (!names.every((name) => shape[name](manifest.get(name)))) {
    throw new Malformed("清单不完整", "the manifest is incomplete");
  }
  const encloses = [...files.keys()].some((name) => name.startsWith("contracts/"));
  if (encloses !== (manifest.get("version") === WITH_CONTRACTS)) {
    throw new Malformed("版本 3 的存证包必须含有合同，其他版本不得含有", "contracts make version 3, and nothing else does");
  }
  return manifest;
}

async function checkManifest(files, manifest, checkpoint, key) {
  if (manifest.get("origin") !== checkpoint.origin || manifest.get("checkpoint_size") !== checkpoint.size) {
    throw new Tampered("清单所述的不是这个检查点", "the manifest is not about this checkpoint");
  }
  const about = [manifest.get("order"), String(checkpoint.size)];
  const wanted = await statement(checkpoint.origin, "bundle", about, files.get("manifest.json"));
  if (`${await verifyNote(textOf(files, "manifest.sig"), key, ["清单", "manifest"])}\n` !== wanted) {
    throw new Tampered("清单不是签名时的那一份", "the manifest is not the one that was signed");
  }
}

async function checkHashes(files, manifest) {
  const listed = manifest.get("files"), names = [...files.keys()].filter((name) => !UNLISTED.includes(name));
  if (listed.size !== names.length || !names.every((name) => listed.has(name))) {
    throw new Tampered("存证包中的文件与清单所列不一致", "the bundle's files are not those of its manifest");
  }
  for (const name of names) {
    if ((await sha256Hex(files.get(name))) !== listed.get(name)) {
      throw new Tampered(`${name} 与清单所述不符`, `${name} is not what the manifest says`);
    }
  }
  const described = [...manifest.get("entries"), ...(manifest.get("calls") ?? [])];
  const shown = new Set(described.filter(isObject).map((each) => each.get("file")));
  const placed = (name) => KNOWN.includes(name) || ELSEWHERE.some((start) => name.startsWith(start)) || shown.has(name);
  const extra = [...files.keys()].find((name) => !placed(name));
  if (extra) throw new Tampered(`${extra} 不应出现在存证包中`, `${extra} has no place in a bundle`);
}

async function checkEntry(files, described, checkpoint) {
  const index = isObject(described) ? described.get("index") : undefined;
  const name = isInteger(index) && index >= 0n ? `entries/${String(index).padStart(9, "0")}.json` : undefined;
  if (!name || !Array.isArray(described.get("proof")) || described.get("file") !== name || !files.has(name)) {
    throw new Malformed("清单中有一条记录不完整", "an entry of the manifest is incomplete");
  }
  const content = files.get(name), entry = parseEntry(content);
  const [log, epoch] = epochOf(entry.get("origin")), [own, newest] = epochOf(checkpoint.origin);
  if (log !== own || epoch > newest) {
    throw new Tampered(
      `记录 #${index} 来自另一个日志：${entry.get("origin")}`,
      `entry ${index} comes from another log: ${entry.get("origin")}`,
    );
  }
  const leaf = await leafHash(content), proof = proofOf(described.get("proof"));
  if (!(await verifyInclusion(leaf, index, checkpoint.size, proof, checkpoint.root))) {
    throw new Tampered(`签名日志中没有字节与此一致的记录 #${index}`, `entry ${index} is not in the signed log with these bytes`);
  }
  return [index, entry];
}

// Every object's entries are numbered 1, 2, 3 … in the order of the log, and as many as the manifest says.
function checkChains(report, manifest) {
  const ordered = report.entries.sort(([one], [two]) => (one < two ? -1 : one > two ? 1 : 0));
  if (new Set(ordered.map(([index]) => index)).size !== ordered.length) {
    throw new Tampered("有一条记录出现两次", "an entry is shown twice");
  }
  const numbers = new Map();
  for (const [, entry] of ordered) {
    const object = entry.get("object");
    if (!numbers.has(object)) numbers.set(object, []);
    numbers.get(object).push(entry.get("object_seq"));
  }
  for (const [object, found] of numbers) {
    if (found.every((number, place) => number === BigInt(place + 1))) continue;
    throw new Tampered(`${object} 的历史有缺口，序号为 ${found.join("、")}`, `the history of ${object} has a gap`);
  }
  const told = manifest.get("objects");
  if (told.size !== numbers.size || [...numbers].some(([object, found]) => !isNumber(told.get(object), found.length))) {
    throw new Tampered("有一个对象的历史比清单所述的短", "a history is shorter than the manifest says");
  }
  report.say(
    `${ordered.length} 条记录均在签名日志中，字节一致；${numbers.size} 个对象的历史无缺口`,
    `${ordered.length} entries stand in the signed log, byte for byte; ${numbers.size} histories without a gap`,
  );
}

// Python holds 1, 1.0 and true for equal.
const isNumber = (value, number) => ["bigint", "number", "boolean"].includes(typeof value) && value == number;

async function checkPolicies(files, report) {
  for (const [name, content] of files) {
    if (name.startsWith("policy/") && name !== `policy/${await sha256Hex(content)}.json`) {
      throw new Tampered("有一份政策与其摘要不符", "a policy is not the one of its hash");
    }
  }
  const cited = new Set(report.entries.filter(([, entry]) => entry.has("decision")).map(([, entry]) => entry.get("decision").get("policy")));
  const missing = [...cited].sort().filter((hash) => !files.has(`policy/${hash}.json`)).join(", ");
  if (missing) report.say(`注意：缺少政策版本 ${missing}`, `mind: policy versions not enclosed: ${missing}`);
}

// Bundles enclose the proofs from the checkpoints that were signed since the order began.
function enclosedProof(files, size) {
  const enclosed = files.has("consistency.json") ? parse(files.get("consistency.json")) : undefined;
  const proof = isObject(enclosed) ? enclosed.get(String(size)) : undefined;
  return Array.isArray(proof) ? proofOf(proof) : undefined;
}

async function checkOlder(older, proof, checkpoint, report) {
  if (older.size > checkpoint.size) {
    throw new Tampered(
      `您的检查点有 ${older.size} 条记录，存证包的检查点只有 ${checkpoint.size} 条：日志被回滚`,
      `your checkpoint has ${older.size} entries, the bundle's only ${checkpoint.size}: a rolled back log`,
    );
  }
  if (older.size === checkpoint.size) {
    if (hex(older.root) !== hex(checkpoint.root)) {
      throw new Tampered("记录数相同的两个检查点不同：日志被分叉", "two checkpoints of one size differ: the log was forked");
    }
  } else if (proof === undefined) {
    const place = `/api/v1/audit/consistency?first=${older.size}&second=${checkpoint.size}`;
    throw new Unverifiable(
      `存证包未附上从您的检查点起的证明；请从交易所的 ${place} 取得`,
      `the bundle does not enclose the proof from your checkpoint; fetch it from the exchange at ${place}`,
    );
  } else if (!(await verifyConsistency(older.size, checkpoint.size, older.root, checkpoint.root, proof))) {
    throw new Tampered("本日志不是您所保存检查点的日志的延续", "the log that you kept a checkpoint of is not the beginning of this one");
  }
  report.say(`与您保存的检查点一致（${older.size} 条记录）`, `consistent with the checkpoint that you kept (${older.size} entries)`);
}
