// The order's entries tell one story: legal steps, one set of parties and amounts, an invoice that agrees.
import { sha256Hex } from "./bytes.js";
import { dataOf } from "./entries.js";
import { isObject, parse } from "./json.js";
import { Tampered } from "./outcomes.js";

const ANY = "inquired offered agreed placed paid delivered accepted";
const STEPS = new Map(Object.entries({
  inquire: ["", "inquired"], offer: ["", "offered"], say: ["inquired offered", ""],
  propose: ["inquired offered", "offered"], agree: [" offered", "agreed"],
  decline: ["inquired offered agreed", "declined"], expire_terms: ["inquired offered agreed", "lapsed"],
  place: [" agreed", "placed"], pay: ["placed", "paid"], cancel: ["placed", "cancelled"],
  expire: ["placed", "cancelled"], deliver: ["paid", "delivered"], accept: ["paid delivered", "accepted"],
  accept_overdue: ["paid delivered", "accepted"], fail: ["paid delivered", "refunded"],
  freeze: [ANY, ""], release: [ANY, ""], lapse: ["paid delivered accepted refunded", ""],
}));
const PARTIES = ["buyer", "supplier", "listing"];
const OPEN = ["inquired", "offered", "declined", "lapsed"];
const FIXED = [...PARTIES, "revision", "currency", "gross", "net", "tax", "purpose", "terms_hash", "plan_hash"];
const DOCUMENTS = ["invoice:issue", "credit_note:issue"];

const stepOf = (entry) => STEPS.get(entry.get("action").replace(/^order:/, ""));

export function checkOrder(report, order) {
  const entries = report.entries.map(([, entry]) => entry).filter((entry) => entry.get("object") === order);
  if (!entries.length) throw new Tampered("存证包中没有该订单的记录", "the bundle holds no entry of its order");
  const steps = entries.filter(stepOf);
  let state = "", facts = new Map();
  const parties = new Map(steps.length ? PARTIES.map((name) => [name, dataOf(steps[0]).get(name)]) : []);
  for (const entry of steps) {
    const data = dataOf(entry), [before, after] = stepOf(entry);
    if (!before.split(" ").includes(state) || data.get("state") !== (after || state)) {
      throw new Tampered(
        `订单不能从${state ? ` ${state} ` : "初始"}状态经 ${entry.get("action")} 流转`,
        `the order cannot go from ${state || "nothing"} by ${entry.get("action")}`,
      );
    }
    state = after || state;
    const open = OPEN.includes(state) && !facts.size; // terms are not fixed yet, only between whom and over what
    if (!open && !facts.size) facts = data;
    const fixed = open ? parties : facts;
    if ((open ? PARTIES : FIXED).some((name) => data.get(name) !== fixed.get(name))) {
      throw new Tampered("订单各条记录中的当事方、标的或金额不一致", "the order's parties, subject or amounts differ between its entries");
    }
  }
  if (!facts.size && steps.length) facts = dataOf(steps.at(-1));
  checkAmounts(report, order, facts);
  checkReview(report, order, facts);
  const gross = amount(BigInt(facts.get("gross")), facts.get("currency") ?? "");
  report.say(
    `订单 ${order}：${steps.length} 步，最后状态 ${state}，含税 ${gross}`,
    `order ${order}: ${steps.length} steps, last state ${state}, gross ${gross}`,
  );
}

function amount(minor, currency) {
  if (currency !== "CNY") return `${minor} ${currency} (minor units)`;
  return `${minor / 100n}.${String(minor % 100n).padStart(2, "0")} CNY`;
}

function checkAmounts(report, order, facts) {
  if (!["gross", "net", "tax"].every((name) => /^[0-9]{1,19}$/.test(facts.get(name) ?? ""))) {
    throw new Tampered("订单的记录没有写明金额", "the order's entries do not say its amounts");
  }
  if (BigInt(facts.get("gross")) !== BigInt(facts.get("net")) + BigInt(facts.get("tax"))) {
    throw new Tampered("订单的不含税金额与税额之和不等于价税合计", "the order's net and tax are not its gross");
  }
  for (const [, entry] of report.entries) {
    if (entry.get("action") !== "invoice:issue") continue;
    const data = dataOf(entry);
    if (data.get("order") !== order || data.get("currency") !== facts.get("currency")) {
      throw new Tampered("发票不属于该订单", "the invoice is not of this order");
    }
    if (data.has("period")) continue; // usage is invoiced by the month, beside what the order itself costs
    const digits = (data.get("gross") ?? "").replaceAll(".", "").replace(/^0+/, "");
    if (digits !== facts.get("gross").replace(/^0+/, "")) {
      throw new Tampered("发票金额与订单不同", "the invoice has another amount than the order");
    }
  }
}

// A review that is shown is of the order's listing, and approved it before the order was placed.
function checkReview(report, order, facts) {
  const steps = report.entries.filter(([, entry]) => entry.get("action").startsWith("review:"));
  if (!steps.length) return;
  const subjects = new Set(steps.filter(([, entry]) => dataOf(entry).has("subject")).map(([, entry]) => dataOf(entry).get("subject")));
  const [placed] = report.entries.find(([, entry]) => entry.get("object") === order);
  const approved = steps.find(([, entry]) => entry.get("action") === "review:approve");
  if (subjects.size !== 1 || !subjects.has(facts.get("listing")) || !approved || approved[0] > placed) {
    throw new Tampered(
      "所附审核并未在下单前通过该订单的条目",
      "the review is not one that approved the order's listing before it was ordered",
    );
  }
  report.say("所售版本在下单前已通过审核", "what was sold had passed its review before it was ordered");
}

// Each invoice and credit note that is enclosed is, byte for byte, the one that its entry says was issued.
export async function checkInvoices(files, report) {
  const issued = new Map(
    report.entries.filter(([, entry]) => DOCUMENTS.includes(entry.get("action")))
      .map(([, entry]) => [entry.get("object"), dataOf(entry)]),
  );
  const enclosed = [...files.keys()].filter((name) => name.startsWith("invoices/"));
  for (const name of enclosed) {
    const said = issued.get(name.slice("invoices/".length).replace(/\.json$/, "")) ?? new Map();
    if ((await sha256Hex(files.get(name))) !== said.get("document_sha256")) {
      throw new Tampered(`${name} 不是已开具的单据`, `${name} is not a document that was issued`);
    }
    const document = parse(files.get(name));
    const told = ["number", "order", "currency", "gross"];
    if (!isObject(document) || told.some((field) => (document.get(field) ?? undefined) !== said.get(field))) {
      throw new Tampered(`${name} 的内容与其记录不符`, `${name} says something else than its entry`);
    }
  }
  if (!enclosed.length) return;
  report.say(
    `${enclosed.length} 份发票或红字发票与日志中的摘要一致`,
    `${enclosed.length} invoices or credit notes are those whose hashes stand in the log`,
  );
}
