// EventSource, sendBeacon and what else sends or receives without a response in hand.
"use strict";

/** Messages until `expect` have come, or an error after which there is no more. */
acts.events = async ({ url, names = [], expect = 1, wait = 1500, credentials = false }) => {
  const facts = { log: [] };
  let source;
  try {
    source = new EventSource(url, { withCredentials: credentials });
  } catch (error) {
    return { error: parity.failure(error) };
  }
  facts.before = `${source.readyState}|${source.url}|${source.withCredentials}`;
  let count = 0;
  const ended = new Promise((resolve) => {
    const take = (event) => {
      facts.log.push(`${event.type} ${JSON.stringify(event.data)} ${event.lastEventId} ${event.origin}`);
      count += 1;
      if (count >= expect) resolve("enough");
    };
    source.onopen = (event) => facts.log.push(`open ${source.readyState} ${event.constructor.name}`);
    source.onmessage = take;
    for (const name of names) source.addEventListener(name, take);
    source.onerror = (event) => {
      facts.log.push(`error ${source.readyState} ${event.constructor.name}`);
      if (source.readyState === 2) resolve("closed");
    };
  });
  facts.end = (await parity.within(wait, ended)) ?? `state ${source.readyState}`;
  source.close();
  facts.after = source.readyState;
  return facts;
};

acts.beacon = async ({ url, body, wait = 150 }) => {
  const facts = {};
  try {
    facts.sent = navigator.sendBeacon(url, body === undefined ? undefined : bodies[body]());
  } catch (error) {
    facts.error = parity.failure(error);
  }
  await parity.sleep(wait);
  return facts;
};
