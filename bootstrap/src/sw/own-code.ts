// The text of our script, for pages whose policies admit it only in our tag itself.

let code: string | undefined;

// Kept beside this Service Worker; its characters are all ASCII. What would end the element, or hide
// its end, stands in strings only.
export async function ownCode(asset: (path: string) => Promise<Response>): Promise<string> {
  code ??= await (await asset(__INJECT_URL__)).text();
  return code.replace(/<(?=!--|\/script)/gi, "\\x3C");
}
