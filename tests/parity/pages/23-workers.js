// Workers of every kind: a script of the upstream's posts its facts.
"use strict";

/** as: dedicated or shared. source: url, blob (of `code`) or data. */
acts.worker = async ({ url, as = "dedicated", source = "url", code = "", options, send, wait = 2500 }) => {
  const facts = { log: [] };
  const from = source === "url" ? url : source === "blob"
    ? URL.createObjectURL(new Blob([code.replaceAll("@", location.origin + url)], { type: "text/javascript" }))
    : `data:text/javascript,${encodeURIComponent(code)}`;
  let worker;
  try {
    worker = as === "shared" ? new SharedWorker(from, options) : new Worker(from, options);
  } catch (error) {
    return { error: parity.failure(error) };
  }
  const port = worker.port ?? worker;
  const arrival = new Promise((resolve) => {
    port.onmessage = ({ data, origin, lastEventId, ports }) => {
      if (data === "log") return;
      if (data?.log !== undefined) facts.log.push(data.log);
      else resolve({ ...data, message: `${origin}|${lastEventId}|${ports.length}` });
    };
    worker.onerror = (event) => {
      const { message, lineno, filename } = event;
      const file = String(filename).replace(/^blob:.*/, "blob:").slice(0, 120);
      facts.log.push(`error ${event.constructor.name} ${message} ${file}:${lineno}`);
      event.preventDefault?.();
      resolve({});
    };
  });
  if (send !== undefined) port.postMessage(send);
  const received = await parity.within(wait, arrival);
  Object.assign(facts, received ?? { end: "silent" });
  worker.terminate?.();
  port.close?.();
  return facts;
};
