// How a verification ends, with the same meaning and the same exit codes as the one-file program in Python.
export const GOOD = 0, TAMPERED = 1, MALFORMED = 2, UNVERIFIABLE = 3;

// The reason in Chinese and English, as the lines of a report; as an error's message the English.
class Outcome extends Error {
  constructor(zh, en) {
    super(en);
    this.zh = zh;
    this.en = en;
  }
}

// Something does not fit what was signed.
export class Tampered extends Outcome {
  code = TAMPERED;
}

// This is not a bundle, or not one that can be read safely.
export class Malformed extends Outcome {
  code = MALFORMED;
}

// Nothing wrong was found, but something needed is missing.
export class Unverifiable extends Outcome {
  code = UNVERIFIABLE;
}

export { Outcome };
