// What a page gets where there is no response of the app.

import { ERROR_FIELD } from "../messages/sw-page";
import type { ReplyError } from "../messages/sw-worker";
import { problemDocument } from "./documents";

/** For a response that did not come. */
export function fail(page: boolean, error: ReplyError): Response {
  if (!page) {
    return error === "head"
      ? refuse(false, 431, error, "The request is too large.")
      : Response.error();
  }
  switch (error) {
    case "offline":
    case "lost":
    case "reset":
      return problemDocument(503, error, "The box cannot be reached just now.");
    case "busy":
      return problemDocument(503, "box-busy", "The box is busy.");
    case "head":
      return problemDocument(
        431,
        "head-too-large",
        "The address or the fields of the request are too large.",
      );
    default:
      return error satisfies never;
  }
}

/** For a response that cannot be given, or a request that cannot be sent. */
export function refuse(page: boolean, status: number, code: string, line: string): Response {
  if (page) return problemDocument(status, code, line);
  return new Response(`${line}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", [ERROR_FIELD]: code },
  });
}
