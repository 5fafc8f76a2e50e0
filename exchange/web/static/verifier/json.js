// JSON read strictly: no name twice, whole numbers of any size. An object becomes a Map, a whole number a BigInt, any
// other number a Number.
import { decoded, utf8 } from "./bytes.js";
import { Malformed } from "./outcomes.js";

const DEEPEST = 900;
const MOST_DIGITS = 4300;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const WORDS = [["true", true], ["false", false], ["null", null], ["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]];
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

export const isObject = (value) => value instanceof Map;
export const isInteger = (value) => typeof value === "bigint";
export const isText = (value) => typeof value === "string";

export function parse(raw) {
  const text = decoded(raw);
  if (text === undefined) throw new Malformed("不是有效的 JSON：不是 UTF-8 文本", "not JSON: it is not UTF-8");
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.space();
  if (reader.place !== text.length) reader.wrong();
  return value;
}

class Reader {
  constructor(text) {
    this.text = text;
    this.place = 0;
  }

  wrong() {
    const place = this.place + 1;
    throw new Malformed(`不是有效的 JSON：第 ${place} 个字符处有误`, `not JSON: at character ${place}`);
  }

  space() {
    while (" \t\n\r".includes(this.text[this.place] ?? "x")) this.place += 1;
  }

  took(character) {
    if (this.text[this.place] !== character) return false;
    this.place += 1;
    return true;
  }

  value(depth) {
    if (depth > DEEPEST) this.wrong();
    this.space();
    if (this.took("{")) return this.object(depth + 1);
    if (this.took("[")) return this.list(depth + 1);
    if (this.took('"')) return this.string();
    for (const [word, meaning] of WORDS) {
      if (this.text.startsWith(word, this.place)) {
        this.place += word.length;
        return meaning;
      }
    }
    return this.number();
  }

  object(depth) {
    const made = new Map();
    this.space();
    if (this.took("}")) return made;
    do {
      this.space();
      if (!this.took('"')) this.wrong();
      const name = this.string();
      this.space();
      if (made.has(name) || !this.took(":")) this.wrong();
      made.set(name, this.value(depth));
      this.space();
    } while (this.took(","));
    if (!this.took("}")) this.wrong();
    return made;
  }

  list(depth) {
    const made = [];
    this.space();
    if (this.took("]")) return made;
    do {
      made.push(this.value(depth));
      this.space();
    } while (this.took(","));
    if (!this.took("]")) this.wrong();
    return made;
  }

  string() {
    const parts = [];
    for (;;) {
      const start = this.place;
      while (this.text.charCodeAt(this.place) >= 32 && !'"\\'.includes(this.text[this.place])) this.place += 1;
      parts.push(this.text.slice(start, this.place));
      if (this.took('"')) return parts.join("");
      if (!this.took("\\")) this.wrong();
      parts.push(this.escape());
    }
  }

  escape() {
    const letter = this.text[this.place];
    this.place += 1;
    if (letter !== "u") return Object.hasOwn(ESCAPES, letter ?? "") ? ESCAPES[letter] : this.wrong();
    const digits = this.text.slice(this.place, this.place + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.wrong();
    this.place += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  number() {
    NUMBER.lastIndex = this.place;
    const found = NUMBER.exec(this.text);
    if (!found) this.wrong();
    this.place += found[0].length;
    if (found[1] || found[2]) return Number(found[0]);
    if (found[0].replace("-", "").length > MOST_DIGITS) this.wrong();
    return BigInt(found[0]);
  }
}

// RFC 8785 for objects, lists, texts and whole numbers below 2⁵³; names are ASCII.
export const canonical = (value) => utf8(spelled(value, 0));

function spelled(value, depth) {
  if (depth > DEEPEST) throw new Malformed("有一个值嵌套过深", "a value is nested too deep");
  if (isObject(value)) {
    const names = [...value.keys()];
    if (names.some((name) => /[^\x00-\x7f]/.test(name))) {
      throw new Malformed("有一个字段名含有 ASCII 以外的字符", "a name is not ASCII");
    }
    return `{${names.sort().map((name) => `${quoted(name)}:${spelled(value.get(name), depth + 1)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map((each) => spelled(each, depth + 1)).join(",")}]`;
  if (isText(value)) return quoted(value);
  if (isInteger(value) && value < 1n << 53n && value > -(1n << 53n)) return value.toString();
  throw new Malformed(
    "有一条记录含有既非文本、也非整数或对象的值",
    "an entry holds a value that is neither text, nor whole number, nor object",
  );
}

function quoted(text) {
  if (/\p{Surrogate}/u.test(text)) throw new Malformed("有一段文本不是有效的 Unicode", "a text is not Unicode");
  return JSON.stringify(text);
}
