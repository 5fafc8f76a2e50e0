// The usage statement of an invoice: signed as it is, it names the usage, and it adds up to the invoice.
import { sha256Hex, utf8 } from "./bytes.js";
import { hasExactly } from "./entries.js";
import { canonical, isInteger, isObject, isText, parse } from "./json.js";
import { statement, verifyNote } from "./notes.js";
import { Malformed, Tampered } from "./outcomes.js";
import { keysOf, Report } from "./report.js";

const FORMAT = "piaohao-usage-statement";
const DECIMAL = /^-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?$/;
const COUNTS = ["calls", "records", "bytes_in", "bytes_out", "credited"];
const ROW_TEXTS = ["month", "operation", "plan_hash", "outcome", "mode", "amount"];
const SUMS = ["usage", "rounding", "net", "tax", "gross"];

export async function verifyStatement(raw, { key: keyText } = {}) {
  const report = new Report(), document = parse(raw);
  if (!isObject(document) || document.get("format") !== FORMAT) {
    throw new Malformed(`本程序只能读取 ${FORMAT} 格式`, `this program reads ${FORMAT}`);
  }
  if (document.get("version") !== 1n) {
    throw new Malformed(`本程序只能读取 ${FORMAT} 格式的版本 1`, `this program reads ${FORMAT} version 1`);
  }
  if (!hasExactly(document, ["format", "version", "statement", "signature", "key"])) {
    throw new Malformed("用量单的字段与版本 1 不同", "the statement has other fields than version 1");
  }
  const said = document.get("statement"), note = document.get("signature");
  if (!isObject(said) || !isText(note) || !isText(said.get("invoice"))) {
    throw new Malformed("用量单不完整", "the statement is incomplete");
  }
  const [, known] = await keysOf(new Map([["key.txt", utf8(String(document.get("key")))]]), keyText, report);
  const wanted = await statement(known.name, "usage-statement", [said.get("invoice")], canonical(said));
  if (`${await verifyNote(note, known, ["用量单", "statement"])}\n` !== wanted) {
    throw new Tampered("用量单不是签名时的那一份", "the statement is not the one that was signed");
  }
  await checkStatement(said, report);
  return report;
}

const isDecimal = (value) => isText(value) && DECIMAL.test(value);

const isRow = (row) =>
  isObject(row) && hasExactly(row, [...ROW_TEXTS, ...COUNTS]) && ROW_TEXTS.every((name) => isText(row.get(name))) &&
  COUNTS.every((name) => isInteger(row.get(name))) && isDecimal(row.get("amount"));

// A decimal number in units of 10⁻²⁴.
function exact(text) {
  const [whole, part = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + part.padEnd(24, "0"));
  return text.startsWith("-") ? -value : value;
}

async function checkStatement(said, report) {
  const rows = said.get("rows");
  if (!Array.isArray(rows) || !rows.every(isRow) || !SUMS.every((name) => isDecimal(said.get(name)))) {
    throw new Malformed("用量单的行或合计不完整", "the statement's rows or sums are incomplete");
  }
  const counted = rows.filter((row) => row.get("outcome"))
    .map((row) => new Map([...row].filter(([name]) => name !== "amount")));
  if ((await sha256Hex(canonical(counted))) !== said.get("usage_sha256")) {
    throw new Tampered("各行与发票所指的用量不符", "the rows are not the usage that the invoice names");
  }
  const [usage, rounding, net, tax, gross] = SUMS.map((name) => exact(said.get(name)));
  if (rows.reduce((sum, row) => sum + exact(row.get("amount")), 0n) !== usage) {
    throw new Tampered("各行之和不等于用量单的用量金额", "the rows do not add up to the statement's usage");
  }
  if (usage + rounding !== net || net + tax !== gross) {
    throw new Tampered("用量单各项之和与发票不符", "the statement does not add up to the invoice");
  }
  const calls = rows.reduce((sum, row) => sum + row.get("calls"), 0n), number = said.get("number");
  const [u, r, n, t, g] = SUMS.map((name) => said.get(name));
  report.say(
    `发票 ${number}：${rows.length} 行，${calls} 次调用，${u} + 舍入 ${r} = ${n}，税 ${t}，含税 ${g}`,
    `invoice ${number}: ${rows.length} rows, ${calls} calls, ${u} + rounding ${r} = ${n}, tax ${t}, gross ${g}`,
  );
}
