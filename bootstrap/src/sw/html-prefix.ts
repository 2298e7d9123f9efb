// How far a page may be read before our script must stand: behind everything that comes before its
// head, and behind the head's own tag. A tokenizer for that much of a document, fed one character
// at a time, so that no byte is held back for longer than a tag's name. Pure.
// Source: HTML §13.2.5 (tokenization), §13.2.6.4.1 to 3 (the insertion modes up to "before head").

export type Syntax = "html" | "xml";

/** pass: go on. here: our script goes before `held` characters back. after: behind this one. */
export type Verdict = "pass" | "here" | "after";

type State =
  | "data"
  | "open" // behind "<"
  | "markup" // behind "<!"
  | "comment"
  | "bogus" // a comment that ends at the next ">"
  | "instruction" // XML only: ends at "?>"
  | "doctype"
  | "name" // of a start tag
  | "close" // behind "</"
  | "closeName"
  | "beforeAttribute"
  | "attribute"
  | "afterAttribute"
  | "value" // behind "="
  | "unquoted";

const SPACE = /[\t\n\f\r ]/;
const LETTER = /[A-Za-z]/;
// What stands there may yet turn out to be what our script goes before.
const UNDECIDED = new Set<State>(["open", "markup", "name", "close", "closeName"]);
// End tags that imply a head, HTML §13.2.6.4.2; all others are passed over there.
const IMPLYING = new Set(["head", "body", "html", "br"]);

export class HtmlPrefix {
  private state: State = "data";
  private since = 0; // characters of this token, from its "<" on
  private text = ""; // of a name, or the last characters of a comment
  private quote = "";
  private depth = 0; // of "[" in a doctype
  private head = false; // the tag that is being read
  private slash = false;
  private root = false; // the root element's tag has been read

  constructor(private readonly syntax: Syntax) {}

  /** How many of the last characters may not be passed on yet; with "here", those it goes before. */
  get held(): number {
    // In XML an empty <head/> shows at its very end.
    return UNDECIDED.has(this.state) || (this.syntax === "xml" && this.root) ? this.since : 0;
  }

  /** It stands within a tag or a comment that will not be held back. */
  get inside(): boolean {
    return this.state !== "data" && this.held === 0;
  }

  /** Take the next character. */
  next(char: string): Verdict {
    this.since += 1;
    switch (this.state) {
      case "data":
        return this.data(char);
      case "open":
        return this.open(char);
      case "markup":
        return this.markup(char);
      case "comment":
        this.text += char;
        if (this.commentEnds()) this.reset();
        else if (this.text.length > 8) this.text = `..${this.text.slice(-3)}`;
        return "pass";
      case "bogus":
        return char === ">" ? this.reset() : "pass";
      case "instruction":
        if (char === ">" && this.text === "?") return this.reset();
        this.text = char;
        return "pass";
      case "doctype":
        return this.doctype(char);
      case "close":
        return this.close(char);
      case "name":
      case "closeName":
        return this.name(char);
      case "beforeAttribute":
      case "attribute":
      case "afterAttribute":
      case "value":
      case "unquoted":
        return this.attribute(char);
      default:
        return this.state satisfies never;
    }
  }

  private data(char: string): Verdict {
    if (SPACE.test(char)) return this.reset();
    // Text: a head is implied before it.
    this.go("open", "");
    return char === "<" ? "pass" : "here";
  }

  private open(char: string): Verdict {
    if (char === "!") return this.go("markup", "");
    if (char === "?") return this.go(this.syntax === "xml" ? "instruction" : "bogus", "");
    if (char === "/") return this.go("close", "");
    if (this.syntax === "html" ? LETTER.test(char) : !SPACE.test(char))
      return this.go("name", char);
    return "here";
  }

  private markup(char: string): Verdict {
    this.text += char;
    const text = this.text.toLowerCase();
    if (this.syntax === "xml" && text === "[") return "here"; // of a CDATA section: text
    if (text === "--") return this.go("comment", "");
    if (text === "doctype") {
      this.depth = 0;
      return this.go("doctype", "");
    }
    if ("--".startsWith(text) || "doctype".startsWith(text)) return "pass";
    this.state = "bogus";
    return this.again(char);
  }

  // The character belongs to the state that was just entered.
  private again(char: string): Verdict {
    this.since -= 1;
    return this.next(char);
  }

  // §13.2.5.43 to 51: "<!-->" and "<!--->" are whole comments, and "--!>" ends one.
  private commentEnds(): boolean {
    if (this.syntax === "xml") return this.text.endsWith("-->");
    return /^-?>$|--!?>$/.test(this.text);
  }

  // §13.2.5.57 to 68: quoted or not, ">" ends it. An XML doctype may hold declarations.
  private doctype(char: string): Verdict {
    if (this.syntax === "html") return char === ">" ? this.reset() : "pass";
    if (this.quote) {
      if (char === this.quote) this.quote = "";
    } else if (char === '"' || char === "'") this.quote = char;
    else if (char === "[") this.depth += 1;
    else if (char === "]") this.depth -= 1;
    else if (char === ">" && this.depth <= 0) return this.reset();
    return "pass";
  }

  private close(char: string): Verdict {
    if (LETTER.test(char)) return this.go("closeName", char);
    if (char === ">") return this.reset();
    return this.go("bogus", "");
  }

  private name(char: string): Verdict {
    if (!SPACE.test(char) && char !== ">" && char !== "/") {
      this.text += char;
      return this.mayMatter() ? "pass" : "here";
    }
    const name = this.syntax === "html" ? this.text.toLowerCase() : this.text;
    this.slash = this.head = false;
    if (this.state === "closeName") {
      if (this.syntax === "xml" || IMPLYING.has(name)) return "here";
    } else if (this.syntax === "xml") {
      this.head = this.root && name.replace(/^.*:/, "") === "head";
      if (this.root && !this.head) return "here";
    } else {
      this.head = name === "head";
      if (!this.head && name !== "html") return "here";
    }
    this.state = "beforeAttribute";
    return this.again(char);
  }

  // A name that is no longer than those which are passed over.
  private mayMatter(): boolean {
    if (this.state === "closeName" || this.syntax === "xml") return true;
    const name = this.text.toLowerCase();
    return "html".startsWith(name) || "head".startsWith(name);
  }

  // §13.2.5.32 to 40, as far as it matters where a tag ends: at ">", but for one within quotes.
  private attribute(char: string): Verdict {
    if (this.quote) {
      if (char === this.quote) this.quote = "";
      return "pass";
    }
    if (char === ">") return this.tagEnds();
    const { state } = this;
    this.slash = char === "/" && state !== "value" && state !== "unquoted";
    if (state === "value") {
      if (char === '"' || char === "'") {
        this.quote = char;
        this.state = "beforeAttribute";
      } else if (!SPACE.test(char)) this.state = "unquoted";
    } else if (SPACE.test(char)) {
      this.state =
        state === "attribute" || state === "afterAttribute" ? "afterAttribute" : "beforeAttribute";
    } else if (this.slash) this.state = "beforeAttribute";
    // An attribute may begin with "=", which then is part of its name.
    else if (char === "=" && state !== "beforeAttribute" && state !== "unquoted")
      this.state = "value";
    else if (state !== "unquoted") this.state = "attribute";
    return "pass";
  }

  private tagEnds(): Verdict {
    if (this.syntax === "xml") {
      // An empty element has no inside: our script goes before it, or nowhere.
      if (this.slash) return this.root ? "here" : "pass";
      if (this.root) return "after";
      this.root = true;
      return this.reset();
    }
    return this.head ? "after" : this.reset();
  }

  private go(state: State, text: string): Verdict {
    this.state = state;
    this.text = text;
    return "pass";
  }

  private reset(): "pass" {
    this.state = "data";
    this.text = this.quote = "";
    this.since = 0;
    return "pass";
  }
}
