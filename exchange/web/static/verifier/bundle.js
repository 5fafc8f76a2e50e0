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
  if (!files.has("manifest.json")) throw new Malformed("there is no manifest");
  const manifest = parse(files.get("manifest.json"));
  if (!isObject(manifest) || manifest.get("format") !== FORMAT) throw new Malformed(`this program reads ${FORMAT}`);
  const shape = SHAPES.get(manifest.get("version"));
  if (!shape) throw new Malformed(`this program reads ${FORMAT} version 1 to 3`);
  const names = Object.keys(shape);
  if (manifest.size !== names.length || !names.every((name) => manifest.has(name))) {
    throw new Malformed(`the manifest has other fields than version ${manifest.get("version")}`);
  }
  if (!names.every((name) => shape[name](manifest.get(name)))) throw new Malformed("the manifest is incomplete");
  const encloses = [...files.keys()].some((name) => name.startsWith("contracts/"));
  if (encloses !== (manifest.get("version") === WITH_CONTRACTS)) {
    throw new Malformed("contracts make version 3, and nothing else does");
  }
  return manifest;
}

async function checkManifest(files, manifest, checkpoint, key) {
  if (manifest.get("origin") !== checkpoint.origin || manifest.get("checkpoint_size") !== checkpoint.size) {
    throw new Tampered("the manifest is not about this checkpoint");
  }
  const about = [manifest.get("order"), String(checkpoint.size)];
  const wanted = await statement(checkpoint.origin, "bundle", about, files.get("manifest.json"));
  if (`${await verifyNote(textOf(files, "manifest.sig"), key, "manifest")}\n` !== wanted) {
    throw new Tampered("the manifest is not the one that was signed");
  }
}

async function checkHashes(files, manifest) {
  const listed = manifest.get("files"), names = [...files.keys()].filter((name) => !UNLISTED.includes(name));
  if (listed.size !== names.length || !names.every((name) => listed.has(name))) {
    throw new Tampered("the bundle's files are not those of its manifest");
  }
  for (const name of names) {
    if ((await sha256Hex(files.get(name))) !== listed.get(name)) throw new Tampered(`${name} is not what the manifest says`);
  }
  const described = [...manifest.get("entries"), ...(manifest.get("calls") ?? [])];
  const shown = new Set(described.filter(isObject).map((each) => each.get("file")));
  const placed = (name) => KNOWN.includes(name) || ELSEWHERE.some((start) => name.startsWith(start)) || shown.has(name);
  const extra = [...files.keys()].find((name) => !placed(name));
  if (extra) throw new Tampered(`${extra} has no place in a bundle`);
}

async function checkEntry(files, described, checkpoint) {
  const index = isObject(described) ? described.get("index") : undefined;
  const name = isInteger(index) && index >= 0n ? `entries/${String(index).padStart(9, "0")}.json` : undefined;
  if (!name || !Array.isArray(described.get("proof")) || described.get("file") !== name || !files.has(name)) {
    throw new Malformed("an entry of the manifest is incomplete");
  }
  const content = files.get(name), entry = parseEntry(content);
  const [log, epoch] = epochOf(entry.get("origin")), [own, newest] = epochOf(checkpoint.origin);
  if (log !== own || epoch > newest) {
    throw new Tampered(`entry ${index} comes from another log: ${entry.get("origin")}`);
  }
  const leaf = await leafHash(content), proof = proofOf(described.get("proof"));
  if (!(await verifyInclusion(leaf, index, checkpoint.size, proof, checkpoint.root))) {
    throw new Tampered(`entry ${index} is not in the signed log with these bytes`);
  }
  return [index, entry];
}

// Every object's entries are numbered 1, 2, 3 … in the order of the log, and as many as the manifest says.
function checkChains(report, manifest) {
  const ordered = report.entries.sort(([one], [two]) => (one < two ? -1 : one > two ? 1 : 0));
  if (new Set(ordered.map(([index]) => index)).size !== ordered.length) throw new Tampered("an entry is shown twice");
  const counted = new Map();
  for (const [, entry] of ordered) {
    const object = entry.get("object"), number = (counted.get(object) ?? 0n) + 1n;
    if (entry.get("object_seq") !== number) throw new Tampered(`the history of ${object} has a gap`);
    counted.set(object, number);
  }
  const told = manifest.get("objects");
  if (told.size !== counted.size || [...counted].some(([object, number]) => !isNumber(told.get(object), number))) {
    throw new Tampered("a history is shorter than the manifest says");
  }
  report.say(
    `${ordered.length} 条记录均在签名日志中，字节一致；${counted.size} 个对象的历史无缺口`,
    `${ordered.length} entries stand in the signed log, byte for byte; ${counted.size} histories without a gap`,
  );
}

// Python holds 1, 1.0 and true for equal.
const isNumber = (value, number) => ["bigint", "number", "boolean"].includes(typeof value) && value == number;

async function checkPolicies(files, report) {
  for (const [name, content] of files) {
    if (name.startsWith("policy/") && name !== `policy/${await sha256Hex(content)}.json`) {
      throw new Tampered("a policy is not the one of its hash");
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
    throw new Tampered(`your checkpoint has ${older.size} entries, the bundle's only ${checkpoint.size}: a rolled back log`);
  }
  if (older.size === checkpoint.size) {
    if (hex(older.root) !== hex(checkpoint.root)) throw new Tampered("two checkpoints of one size differ: the log was forked");
  } else if (proof === undefined) {
    throw new Unverifiable(
      "the bundle does not enclose the proof from your checkpoint; fetch it from the exchange at " +
        `/api/v1/audit/consistency?first=${older.size}&second=${checkpoint.size}`,
    );
  } else if (!(await verifyConsistency(older.size, checkpoint.size, older.root, checkpoint.root, proof))) {
    throw new Tampered("the log that you kept a checkpoint of is not the beginning of this one");
  }
  report.say(`与您保存的检查点一致（${older.size} 条记录）`, `consistent with the checkpoint that you kept (${older.size} entries)`);
}
