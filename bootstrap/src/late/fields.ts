// What a person entered into a page: taken along when the page is left, put back when it is come
// back to, for the same fields as browsers do. The frame itself has no entries that would.

import type { FieldValue, Kept } from "../messages/kept";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement | HTMLElement;

// Never kept: secrets, what the page itself says, and files, which nothing may choose.
const NEVER = new Set(["password", "hidden", "file", "submit", "image", "reset", "button"]);

// What the page itself made of each part that can be edited.
const made = new WeakMap<HTMLElement, string>();

export function enteredInto(shown: Document): Kept["fields"] {
  const fields: Kept["fields"] = [];
  for (const [key, field] of fieldsOf(shown)) {
    const value = changed(field);
    if (value !== undefined) fields.push([key, value]);
  }
  return fields;
}

/** kept: absent where the page was not there before. */
export function restore(page: Window, kept: Kept | undefined): void {
  const { document: shown } = page;
  if (kept) page.history.scrollRestoration = kept.restoration;
  const fill = (): void => {
    const values = new Map(kept?.fields);
    for (const [key, field] of fieldsOf(shown)) {
      if (!isControl(field)) made.set(field, field.innerHTML);
      const value = values.get(key);
      if (value !== undefined) put(field, value);
    }
  };
  const scroll = (): void => {
    const { history: own, scrollX, scrollY } = page;
    if (kept && own.scrollRestoration === "auto" && !scrollX && !scrollY)
      page.scrollTo(...kept.scroll);
  };
  // On its way down, so before all listeners of the app.
  const first = { once: true, capture: true };
  if (shown.readyState === "loading") page.addEventListener("DOMContentLoaded", fill, first);
  else fill();
  if (shown.readyState === "complete") scroll();
  else page.addEventListener("load", scroll, { once: true });
}

// Each with a key that it has again when the page is loaded again.
function* fieldsOf(root: Document): Iterable<[key: string, field: Field]> {
  const count = new Map<string, number>();
  const all = root.querySelectorAll<Field>("input,select,textarea,[contenteditable]");
  for (const field of all) {
    if (isControl(field) && (NEVER.has(field.type) || isOff(field) || isOff(field.form))) continue;
    const kind = isControl(field) ? `${field.type} ${field.name}` : field.id;
    const nth = count.get(kind) ?? 0;
    count.set(kind, nth + 1);
    yield [`${nth} ${kind}`, field];
  }
}

function isControl(
  field: Field,
): field is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
  return "form" in field;
}

function isText(field: Field): field is HTMLInputElement | HTMLTextAreaElement {
  return "defaultValue" in field;
}

function isOff(element: Element | null): boolean {
  return element?.getAttribute("autocomplete")?.toLowerCase() === "off";
}

function isTick(field: Field): field is HTMLInputElement {
  return "checked" in field && /^(checkbox|radio)$/.test(String(Reflect.get(field, "type")));
}

// Not by its class, which is the page's own.
function isSelect(field: Field): field is HTMLSelectElement {
  return field.localName === "select";
}

function changed(field: Field): FieldValue | undefined {
  if (isSelect(field)) {
    const options = [...field.options];
    if (options.every((option) => option.selected === option.defaultSelected)) return undefined;
    return options.flatMap((option, i) => (option.selected ? [i] : []));
  }
  if (isTick(field)) return field.checked === field.defaultChecked ? undefined : field.checked;
  if (isText(field)) return field.value === field.defaultValue ? undefined : field.value;
  return made.has(field) && field.innerHTML !== made.get(field) ? field.innerHTML : undefined;
}

function put(field: Field, value: FieldValue): void {
  if (isSelect(field)) {
    if (!Array.isArray(value)) return;
    for (const [i, option] of [...field.options].entries()) option.selected = value.includes(i);
  } else if (isTick(field)) {
    field.checked = value === true;
  } else if (isText(field)) {
    field.value = String(value);
  } else {
    try {
      field.innerHTML = String(value);
    } catch {
      // Only with a policy of the app's (Trusted Types).
    }
  }
}
