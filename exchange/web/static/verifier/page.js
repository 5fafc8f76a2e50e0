// The page that verifies a bundle in the browser itself: the file is not sent anywhere.
import { unpacked, MOST_BYTES } from "./archive.js";
import { fromBase64 } from "./bytes.js";
import { verify } from "./bundle.js";
import { canVerify, parseCheckpoint } from "./notes.js";
import { Outcome, Malformed, TAMPERED, Unverifiable } from "./outcomes.js";
import { verifyStatement } from "./statement.js";

const form = document.querySelector("form[data-verify]");
const verdict = document.querySelector("[data-verdict]");
const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

if (form && verdict) {
  if (await canVerify()) {
    form.querySelector("[data-here]").hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void judge();
    });
  } else {
    form.querySelector("[data-cannot]").hidden = false;
  }
}

async function judge() {
  const file = form.elements.bundle.files[0];
  if (!file) return;
  form.querySelector("button").disabled = true;
  try {
    const report = await verified(file);
    show(file.name, "sound", [...report.lines.map((line) => [markOf(line), line[language]]), ...report.entries.map(shown)]);
  } catch (error) {
    const known = error instanceof Outcome;
    show(file.name, known && error.code === TAMPERED ? "tampered" : "unread", [["fail", known ? error[language] : String(error)]]);
  } finally {
    form.querySelector("button").disabled = false;
  }
}

const markOf = (line) => (line.en.startsWith("mind") ? "mind" : "ok");

const shown = ([number, entry]) => ["ok", `#${number} ${entry.get("at")} ${entry.get("action")}`];

async function verified(file) {
  if (file.size > MOST_BYTES) throw new Malformed("文件不是 zip，或者过大", "the file is not a zip, or too large");
  const raw = new Uint8Array(await file.arrayBuffer()), key = form.dataset.key;
  if (file.name.endsWith(".json")) return verifyStatement(raw, { key });
  const files = unpacked(raw), older = form.elements.checkpoint.value.replaceAll("\r\n", "\n").trimStart() || undefined;
  try {
    return await verify(files, { key, older });
  } catch (error) {
    if (!(error instanceof Unverifiable)) throw error;
    const newer = parseCheckpoint(new TextDecoder().decode(files.get("checkpoint.txt")));
    return verify(files, { key, older, consistency: await fetched(parseCheckpoint(older).size, newer.size) });
  }
}

// The log's own proof from the kept checkpoint to the bundle's; it is checked, not trusted. Only two numbers are sent.
async function fetched(first, second) {
  const answer = await fetch(`/api/v1/audit/consistency?first=${first}&second=${second}`);
  if (!answer.ok) {
    throw new Unverifiable(
      `交易所未给出从您的检查点起的证明：/api/v1/audit/consistency 返回 ${answer.status}`,
      `the exchange did not give the proof from your checkpoint: /api/v1/audit/consistency answered ${answer.status}`,
    );
  }
  return (await answer.json()).proof.map(fromBase64);
}

function show(name, outcome, lines) {
  const made = document.querySelector(`template[data-outcome="${outcome}"]`).content.cloneNode(true);
  made.querySelector("[data-name]").textContent = name;
  const list = made.querySelector("[data-lines]");
  for (const [mark, text] of lines) {
    const line = document.querySelector(`template[data-mark="${mark}"]`).content.cloneNode(true);
    line.querySelector("[data-text]").textContent = text;
    list.append(line);
  }
  verdict.replaceChildren(made);
  verdict.querySelector("h2").focus();
}
