// Request bodies as one Blob, by reference: no byte of a file is read here.

/** A body and the content type that goes with it, "" where it has none. */
export interface BlobBody {
  blob: Blob;
  type: string;
}

/**
 * undefined: a body of a kind that only the browser can send. boundary: of the parts of a form,
 * where it was given already.
 */
export function blobBody(body: unknown, boundary?: string): BlobBody | undefined {
  if (body instanceof Blob) return { blob: body, type: body.type };
  if (body instanceof FormData) return multipart(body, boundary);
  if (body instanceof URLSearchParams) {
    return {
      blob: new Blob([body.toString()]),
      type: "application/x-www-form-urlencoded;charset=UTF-8",
    };
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { blob: new Blob([body as BufferSource]), type: "" };
  }
  if (typeof body === "string") return { blob: new Blob([body]), type: "text/plain;charset=UTF-8" };
  return undefined;
}

/** RFC 7578, with the escapes of HTML §4.10.21.8. encode: into the charset of the form. */
export function multipart(
  form: FormData,
  given?: string,
  encode: (text: string) => BlobPart = (text) => text,
): BlobBody {
  const boundary = given ?? drawn();
  const parts: BlobPart[] = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(lines(name))}"`;
    if (typeof value === "string") {
      parts.push(encode(`${head}\r\n\r\n${lines(value)}\r\n`));
    } else {
      const type = value.type || "application/octet-stream";
      parts.push(
        encode(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`),
        value,
        "\r\n",
      );
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { blob: new Blob(parts), type: `multipart/form-data; boundary=${boundary}` };
}

// As this browser draws them.
function drawn(): string {
  const type = new Response(new FormData()).headers.get("content-type") ?? "";
  return type.slice(type.indexOf("=") + 1);
}

function quoted(text: string): string {
  return text.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");
}

/** With line ends as forms have them. */
export function lines(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}
