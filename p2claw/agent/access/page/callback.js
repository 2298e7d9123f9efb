// Back from a provider: what it put behind the # is sent to the box, over the link, and to no server.
// A provider that does not know of fragments puts it into the query instead.

const form = document.querySelector("#finish");
const { hash, search, pathname } = location;
const given = new URLSearchParams(hash.length > 1 ? hash.slice(1) : search);
// Neither Back nor a copied address leads here a second time.
history.replaceState(null, "", pathname);
for (const input of form.elements) input.value = given.get(input.name) ?? "";
form.submit();
