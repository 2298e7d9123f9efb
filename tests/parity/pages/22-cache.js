// The HTTP cache: one address asked for several times, in each of fetch's cache modes.
"use strict";

/** steps: fetch's options and how long to wait before; what the response's body was, each time. */
acts.cached = async ({ url, steps }) => {
  const facts = {};
  for (const [index, { wait = 0, after = "", ...init }] of steps.entries()) {
    if (wait) await parity.sleep(wait);
    try {
      const response = await fetch(url + after, init);
      facts[`step${index}`] = `${response.status} ${response.type} ${await response.text()}`;
      facts[`step${index}.fields`] = [...response.headers].filter(([name]) => name.startsWith("x-")).join(";");
    } catch (error) {
      facts[`step${index}`] = parity.failure(error);
    }
  }
  return facts;
};
