// Each contract is the one that was drawn up, over the terms that were agreed, and signed before the order was placed.
import { looseBase64, sha256Hex } from "./bytes.js";
import { dataOf } from "./entries.js";
import { isObject, parse } from "./json.js";
import { signedBy } from "./notes.js";
import { Tampered } from "./outcomes.js";

const SIGNERS = {
  nda: ["buyer", "supplier"], licence: ["buyer"], provision: ["buyer", "supplier"], entrusted: ["buyer", "supplier"],
};

export async function checkContracts(files, report, order) {
  const drawn = new Map(
    report.entries.filter(([, entry]) => entry.get("action") === "contract:draw_up" && dataOf(entry).get("order") === order)
      .map(([, entry]) => [entry.get("object"), dataOf(entry)]),
  );
  const enclosed = [...files.keys()].filter((name) => name.startsWith("contracts/"))
    .map((name) => name.slice("contracts/".length).replace(/\.json$/, ""));
  if (new Set(enclosed).size !== drawn.size || !enclosed.every((id) => drawn.has(id))) {
    throw new Tampered("所附合同与当时拟定的合同不一致", "the contracts that are enclosed are not those that were drawn up");
  }
  for (const id of enclosed.sort()) await checkContract(files.get(`contracts/${id}.json`), id, drawn.get(id), report, order);
  if (!enclosed.length) return;
  report.say(
    `${enclosed.length} 份合同与日志中的摘要一致，各方签名有效`,
    `${enclosed.length} contracts are those whose hashes stand in the log, and the signatures are good`,
  );
}

const orNone = (value) =>
  !value || (Array.isArray(value) && !value.length) || (isObject(value) && !value.size) ? "none" : value;

async function checkContract(content, id, said, report, order) {
  const digest = await sha256Hex(content), document = parse(content);
  if (digest !== said.get("document_sha256") || !isObject(document)) {
    throw new Tampered(`合同 ${id} 不是当时拟定的那一份`, `the contract ${id} is not the one that was drawn up`);
  }
  const told = [document.get("id"), document.get("order"), document.get("kind") ?? undefined, orNone(document.get("terms_sha256"))];
  const wanted = [id, order, said.get("kind"), said.get("terms_sha256")];
  if (told.some((value, place) => value !== wanted[place])) {
    throw new Tampered(`合同 ${id} 的内容与其记录不符`, `the contract ${id} says something else than its entry`);
  }
  const signed = await signedSides(content, id, digest, report);
  const placed = report.entries.find(([, entry]) => entry.get("object") === order && entry.get("action") === "order:place");
  if (!placed || said.get("kind") === "nda") return;
  const signers = Object.hasOwn(SIGNERS, said.get("kind")) ? SIGNERS[said.get("kind")] : [];
  if (signers.some((side) => (signed.get(side) ?? placed[0]) >= placed[0])) {
    throw new Tampered(`合同 ${id} 签署之前就已下单`, `the order was placed before the contract ${id} was signed`);
  }
  if (dataOf(placed[1]).get("agreement_hash") !== said.get("terms_sha256")) {
    throw new Tampered(`合同 ${id} 所约定的不是该订单的条款`, `the contract ${id} is not over the terms of the order`);
  }
}

// Where in the log each side signed; every signature is checked.
async function signedSides(content, id, digest, report) {
  const found = new Map();
  for (const [index, entry] of report.entries) {
    if (entry.get("object") !== id || entry.get("action") !== "contract:sign") continue;
    const data = dataOf(entry), side = data.get("side");
    const key = looseBase64(data.get("public_key") ?? ""), signature = looseBase64(data.get("signature") ?? "");
    const good = key?.length === 32 && signature && (await signedBy(key, signature, content));
    if (!good || data.get("document_sha256") !== digest || found.has(side)) {
      throw new Tampered(`合同 ${id} 有一个签名与其字节不符`, `a signature of the contract ${id} is not of its bytes`);
    }
    found.set(side ?? "", index);
  }
  return found;
}
