// Forms: what is sent, which events are fired, what a frame that is their target shows.
"use strict";

function formOf({ attributes = {}, fields = [] }, action) {
  const form = document.createElement("form");
  if (action !== undefined) form.action = action;
  for (const [key, value] of Object.entries(attributes)) form.setAttribute(key, value);
  for (const [tag, given, content] of fields) {
    const field = document.createElement(tag);
    for (const [key, value] of Object.entries(given)) field.setAttribute(key, value);
    if (given.type === "file" && content !== undefined) {
      const held = new DataTransfer();
      for (const [name, type, text] of content) held.items.add(new File([text], name, { type }));
      field.files = held.files;
    } else if (content !== undefined) {
      if (tag === "select") field.innerHTML = content;
      else if (tag === "textarea") field.value = content;
      else field.textContent = content;
    }
    form.append(field);
  }
  return form;
}

/** how: click, submit, requestSubmit or requestSubmit-with; the target is a frame unless another is given. */
acts.form = async ({ url, how = "click", stop, add, wait = 1200, ...given }) => {
  const facts = { events: [] };
  const frame = addFrame({ name: `form${Math.random()}` });
  document.body.append(frame);
  const form = formOf(given, url);
  if (!form.hasAttribute("target")) form.target = frame.name;
  document.body.append(form);
  const shown = (data) => [...data].map(([name, value]) =>
    `${name}=${typeof value === "string" ? value : `${value.name}|${value.type}|${value.size}`}`);
  for (const name of ["submit", "formdata", "invalid", "reset", "click"]) {
    form.addEventListener(name, (event) => {
      facts.events.push([name, event.constructor.name, event.submitter?.name ?? "-", event.isTrusted, event.target.name].join(" "));
      if (name === "formdata") {
        if (add) event.formData.append(...add);
        facts.entries = shown(event.formData);
      }
      if (name === stop) event.preventDefault();
    }, true);
  }
  const loaded = parity.once(frame, "load");
  try {
    const button = form.querySelector("[type=submit],[type=image],button");
    if (how === "click") button.click();
    else if (how === "requestSubmit-with") form.requestSubmit(button);
    else form[how]();
  } catch (error) {
    facts.error = parity.failure(error);
  }
  facts.loaded = (await parity.within(wait, loaded)) !== undefined;
  facts.valid = form.checkValidity();
  try {
    facts.url = frame.contentDocument.URL;
    facts.text = frame.contentDocument.documentElement.textContent.slice(0, 300);
  } catch (error) {
    facts.access = error.name;
  }
  form.remove();
  frame.remove();
  return facts;
};
