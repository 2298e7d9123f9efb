// Asks a person for name and password, in a form that password managers know.

import type { Credentials } from "./challenges";

/** before: what was just refused. undefined: the person does not want to. */
export function askPerson(
  realm: string,
  before: Credentials | undefined,
): Promise<Credentials | undefined> {
  const dialog = make("dialog", {});
  const form = make("form", { method: "dialog" });
  const title = make("h1", { id: "sign-in", textContent: "Sign in" });
  const text = make("p", {});
  text.textContent = realm
    ? `${location.host} asks for a name and a password. It says: “${realm}”`
    : `${location.host} asks for a name and a password.`;
  const user = field("Name", "username", "text");
  const password = field("Password", "current-password", "password");
  const row = make("div", { className: "row" });
  const enter = make("button", { textContent: "Sign in" });
  const cancel = make("button", { type: "button", className: "plain", textContent: "Cancel" });
  row.append(enter, cancel);
  form.append(title, text);
  if (before) {
    user.input.value = before.user;
    const wrong = make("p", { textContent: "This name and password were not accepted." });
    wrong.setAttribute("role", "alert");
    form.append(wrong);
  }
  form.append(user.label, password.label, row);
  dialog.setAttribute("aria-labelledby", "sign-in");
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  (before ? password.input : user.input).focus();
  return new Promise((resolve) => {
    const end = (given: Credentials | undefined): void => {
      dialog.remove();
      resolve(given);
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      end({ user: user.input.value, password: password.input.value });
    };
    cancel.onclick = () => end(undefined);
    dialog.oncancel = () => end(undefined);
  });
}

function field(
  label: string,
  autocomplete: "username" | "current-password",
  type: string,
): { label: HTMLLabelElement; input: HTMLInputElement } {
  const input = make("input", {
    type,
    autocomplete,
    name: autocomplete,
    required: type === "text",
  });
  const made = make("label", { textContent: label });
  made.append(input);
  return { label: made, input };
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  given: Partial<HTMLElementTagNameMap[Name]>,
): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), given);
}
